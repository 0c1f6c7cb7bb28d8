"""One worker's method with its optimisers, averaged weights and rates; DDP when there are several workers."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from workers.contract import Batch, Group, Method, Stage, Training, Trains
from workers.data.dataloader import stream
from workers.data.streamed_loader import Loader
from workers.device import bfloat16_pays
from workers.layers.joined_batch import share_batch_statistics
from workers.training.collectives import all_reduced
from workers.training.steps.ema import WeightAverage
from workers.training.steps.optimiser import optimiser_of
from workers.training.steps.schedule import Schedule
from workers.training.steps.trunk import StageTrunks


class TrainStep:
    """Takes steps of one stage after the other.

    stages       those of the method that have epochs
    stage        the place among them of the one that has begun; -1: none has
    world, rank  of the workers; a process group must be there when world > 1
    Raises InputError for an unknown schedule or optimiser.
    """

    def __init__(
        self, method: Method, training: Training, device: torch.device, *, world: int = 1, rank: int = 0
    ) -> None:
        assert isinstance(method, Trains), type(method)
        self.method, self.training, self.device = method, training, device
        self.world, self.rank = world, rank
        if world > 1:
            share_batch_statistics(method)
        self.stages: list[Stage] = [stage for stage in method.stages(training) if stage.epochs]
        self.half = bfloat16_pays(device)
        self.schedule = Schedule(training.schedule)
        self.average = WeightAverage(method, training.ema)
        self.stage, self.steps, self.taken = -1, 1, 0

    def begin(self, stage: int, steps: int) -> None:
        """Start a stage of `steps` steps with fresh optimisers."""
        self.stage, self.steps, self.taken = stage, max(1, steps), 0
        self.groups = self.stages[stage].groups
        # No gradient is computed, or exchanged with other workers, of what no group learns.
        _learn_only(self.method, (each for group in self.groups for each in group.parameters))
        rates = [group.learning_rate for group in self.groups]
        self.schedule.begin(rates, self.stages[stage].continues)
        self.optimisers = [optimiser_of(group) for group in self.groups]
        self.losses = [self._loss_of(group) for group in self.groups]
        photos = self.steps * self.training.batch
        self.trunks = StageTrunks(
            self.method, self.stages[stage], photos, half=self.half, alone=self.world == 1
        )

    def step(self, batch: Batch, epoch: int, number: int) -> dict[str, Tensor]:
        """One batch forward and back, group after group; its loss terms in nats, detached, still on the device.

        The global generator is seeded by (seed, epoch, step, rank), so that dropout is the same after a resume.
        """
        self.method.train()
        for part in self.stages[self.stage].frozen:
            part.eval()
        torch.manual_seed(stream(self.training.seed, epoch, number, self.rank, 0))
        rates = self.schedule.after(self.taken, self.steps)
        batch, every = batch.to(self.device), dict[str, Tensor]()
        for group, optimiser, loss, rate in zip(
            self.groups, self.optimisers, self.losses, rates, strict=True
        ):
            if len(self.groups) > 1:
                _learn_only(self.method, group.parameters)
            optimiser.set_rate(rate)
            with self.trunks.used(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                terms: dict[str, Tensor] = loss(batch)
            optimiser.zero_grad()
            torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            every |= {name: term.detach() for name, term in terms.items()}
        self.average.update()
        self.taken += 1
        return every

    @torch.inference_mode()
    def validate(self, held_out: Loader) -> float | None:
        """Mean loss of one fixed draw per held-out photo of all workers; None where there is no photo.

        All workers judge by the buffers of the first one. Those of our layers are equal anyway, see
        workers/layers/joined_batch.py.
        """
        self.method.eval()
        for buffer in self.method.buffers() if self.world > 1 else ():
            torch.distributed.broadcast(buffer, 0)
        stage, total, count = self.stages[self.stage].name, 0.0, 0
        with self.average.applied(), self.trunks.used():
            for step in held_out.batches(0):
                torch.manual_seed(stream(self.training.seed, 0, step.number, self.rank, 0))
                batch, terms = step.batch.to(self.device), dict[str, Tensor]()
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                    for group in self.groups:
                        terms |= self.method.loss(batch, stage, group.name)
                total += float(torch.stack(list(terms.values())).sum()) * len(step.photos)
                count += len(step.photos)
        total, count = self.total(total), int(self.total(count))
        return total / count if count else None

    def total(self, value: float) -> float:
        """Sum of a number over all workers."""
        return all_reduced(value, self.world, self.device)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, but for the data."""
        return {
            "stage": self.stage,
            "steps": self.steps,
            "taken": self.taken,
            "method": self.method.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "average": self.average.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken; the next step is then bit-equal."""
        self.method.load_state_dict(state["method"])
        self.begin(state["stage"], state["steps"])
        self.taken = state["taken"]
        for optimiser, values in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(values)
        self.average.load_state_dict(state["average"])
        self.schedule.load_state_dict(state["schedule"])

    def _loss_of(self, group: Group) -> nn.Module:
        """What computes a group's loss; each has a DDP of its own, which waits for the group's gradients alone."""
        _learn_only(self.method, group.parameters)
        loss = _Loss(self.method, self.stages[self.stage].name, group.name)
        # A term may have nothing to say in some batch, so not every parameter gets a gradient in each.
        several = nn.parallel.DistributedDataParallel
        if self.world == 1:
            return loss
        return several(
            loss, forward_sync_buffers=False, find_unused_parameters=True, gradient_as_bucket_view=True
        )


class _Loss(nn.Module):
    """DDP synchronises what `forward` uses, so the loss is made the forward pass."""

    def __init__(self, method: Method, stage: str, group: str) -> None:
        super().__init__()
        self.method, self.stage, self.group = method, stage, group

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The method's loss terms."""
        assert isinstance(self.method, Trains)
        return self.method.loss(batch, self.stage, self.group)


def _learn_only(method: nn.Module, parameters: Iterable[nn.Parameter]) -> None:
    for parameter in method.parameters():
        parameter.requires_grad_(False)
    for parameter in parameters:
        parameter.requires_grad_(True)
