"""One worker's module with its optimiser, averaged weights and rate; DDP when there are several workers."""

from typing import Any

import torch
from torch import Tensor, nn

from workers.data.dataloader import Feed, stream
from workers.device import bfloat16_pays
from workers.method import Batch
from workers.training.ema import Average
from workers.training.optimiser import optimiser_of
from workers.training.schedule import Schedule


class Learner:
    """Takes steps. A phase is "words" (the word layer alone, the rest frozen) or "all".

    world, rank  of the workers; a process group must be there when world > 1
    """

    def __init__(
        self, module: nn.Module, config: Any, device: torch.device, *, world: int = 1, rank: int = 0
    ) -> None:
        self.module, self.config, self.device = module, config, device
        self.world, self.rank = world, rank
        self.half = bfloat16_pays(device)
        self.schedule = Schedule(config.schedule, config.learning_rate)
        self.average = Average(module, config.ema)
        self.phase, self.steps, self.taken = "", 1, 0

    def begin(self, phase: str, steps: int) -> None:
        """Start a phase of `steps` steps with a fresh optimiser."""
        self.phase, self.steps, self.taken = phase, max(1, steps), 0
        self.schedule.begin()
        for parameter in self.module.parameters():
            parameter.requires_grad_(phase == "all")
        for parameter in self.module.words.parameters():  # type: ignore[union-attr]
            parameter.requires_grad_(True)
        self.optimiser = optimiser_of(
            self.module,
            self.config.optimiser,
            learning_rate=self.config.learning_rate,
            momentum=self.config.momentum,
            weight_decay=self.config.weight_decay,
        )
        loss = _Loss(self.module)
        # A term may have nothing to say in some batch, so not every parameter gets a gradient in each.
        several = nn.parallel.DistributedDataParallel
        self.loss = several(loss, find_unused_parameters=True) if self.world > 1 else loss

    def step(self, batch: Batch, epoch: int, number: int) -> dict[str, Tensor]:
        """One batch forward and back; its loss terms in nats, detached, still on the device.

        The global generator is seeded by (seed, epoch, step, rank), so that dropout is the same after a resume.
        """
        self.module.train(self.phase == "all")  # a frozen backbone keeps its batch statistics, too
        torch.manual_seed(stream(self.config.seed, epoch, number, self.rank, 0))
        self.optimiser.set_rate(self.schedule.rate(self.taken, self.steps))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            terms: dict[str, Tensor] = self.loss(batch.to(self.device))
        self.optimiser.zero_grad()
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.average.update()
        self.taken += 1
        return {name: term.detach() for name, term in terms.items()}

    @torch.inference_mode()
    def validate(self, held_out: Feed) -> float | None:
        """Mean loss of one fixed draw per held-out photo of all workers; None where there is no photo."""
        self.module.eval()
        total, count = 0.0, 0
        with self.average.applied():
            for step in held_out.batches(0):
                torch.manual_seed(stream(self.config.seed, 0, step.number, self.rank, 0))
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                    terms = self.module.loss(step.batch.to(self.device))  # type: ignore[operator]
                total += float(torch.stack(list(terms.values())).sum()) * len(step.photos)
                count += len(step.photos)
        total, count = self.total(total), int(self.total(count))
        return total / count if count else None

    def total(self, value: float) -> float:
        """Sum of a number over all workers."""
        return everywhere(value, self.world, self.device)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, but for the data."""
        return {
            "phase": self.phase,
            "steps": self.steps,
            "taken": self.taken,
            "module": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken; the next step is then bit-equal."""
        self.module.load_state_dict(state["module"])
        self.begin(state["phase"], state["steps"])
        self.taken = state["taken"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.average.load_state_dict(state["average"])
        self.schedule.load_state_dict(state["schedule"])


class _Loss(nn.Module):
    """DDP synchronises what `forward` uses, so the loss is made the forward pass."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The method's loss terms."""
        terms: dict[str, Tensor] = self.module.loss(batch)  # type: ignore[operator]
        return terms


def everywhere(value: float, world: int, device: torch.device, maximum: bool = False) -> float:
    """Sum, or maximum, of a number over all workers."""
    if world == 1:
        return value
    tensor = torch.tensor(value, device=device, dtype=torch.float64)
    how = torch.distributed.ReduceOp.MAX if maximum else torch.distributed.ReduceOp.SUM
    torch.distributed.all_reduce(tensor, how)
    return float(tensor)
