"""The loop that tests/bench/sides.py measures training against, as a person who knows the machine would write it.

The method's own loss and augmentation and the same optimiser, on photos that lie ready as one uint8 tensor: channels
last, bfloat16 where two steps in it take less time, a frozen network's batch normalisation folded into its
convolutions, compiled on a GPU. Several workers are DDP with batch statistics of the joined batch, because they are
to learn the same as one: torch's own SyncBatchNorm knows no CPU, so this is ours, too. Its exchanges take 7 % of a
worker's CPU seconds with house and 11 % with corbiere, beside workers that each normalise by their own share.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse
from torch.fx.proxy import TraceError

from workers.contract import Batch, Group, Method, Stage, Trains
from workers.data.augment import unit
from workers.layers.joined_batch import share_batch_statistics
from workers.layers.networks.backbone import Backbone
from workers.training.steps.optimiser import optimiser_of

TRIES = 2  # steps in each precision


class _Loss(nn.Module):
    """The loss as a forward pass, which is what DDP wants."""

    def __init__(self, method: Trains, stage: str, group: str) -> None:
        super().__init__()
        self.method, self.stage, self.group = method, stage, group

    def forward(self, batch: Batch) -> Tensor:
        return torch.stack(list(self.method.loss(batch, self.stage, self.group).values())).sum()


class BareTraining:
    """Epochs over batches that are ready but for their photos: places in `pixels`, and columns."""

    def __init__(
        self, method: Method, stage: Stage, batches: list[tuple[Tensor, Batch]], pixels: Tensor, world: int
    ) -> None:
        assert isinstance(method, Trains) and (world == 1 or len(stage.groups) == 1)
        self.method, self.stage, self.batches, self.pixels = method, stage, batches, pixels
        self.device = pixels.device
        self._learn_only(stage.groups[0])
        self._prepare_trunks()
        if world > 1:
            share_batch_statistics(method)
        several = nn.parallel.DistributedDataParallel
        self.losses: list[nn.Module] = [_Loss(method, stage.name, group.name) for group in stage.groups]
        if world > 1:
            self.losses = [
                several(loss, forward_sync_buffers=False, gradient_as_bucket_view=True)
                for loss in self.losses
            ]
        self.optimisers = [optimiser_of(group) for group in stage.groups]
        self.half = self._faster_in_half(world)

    def epoch(self) -> None:
        """Every batch once."""
        for photos, batch in self.batches:
            self._step(self._changed(photos, batch))

    def same_batch(self) -> None:
        """As many steps on one batch: the most that the device can do."""
        batch = unit(self._sized(*self.batches[0]))
        for _ in self.batches:
            self._step(batch)

    def _changed(self, photos: Tensor, batch: Batch) -> Batch:
        changed: Batch = self.method.augment(batch.with_columns(self.pixels[photos]), torch.default_generator)
        return changed

    def _sized(self, photos: Tensor, batch: Batch) -> Batch:
        size = self.method.image_size
        return batch.with_columns(self.pixels[photos][:, :, :size, :size])

    def _step(self, batch: Batch) -> None:
        self.method.train()
        for part in self.stage.frozen:
            part.eval()
        for group, loss_of, optimiser in zip(self.stage.groups, self.losses, self.optimisers, strict=True):
            if len(self.losses) > 1:
                self._learn_only(group)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                loss = loss_of(batch)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    def _learn_only(self, group: Group) -> None:
        for parameter in self.method.parameters():
            parameter.requires_grad_(False)
        for parameter in group.parameters:
            parameter.requires_grad_(True)

    def _prepare_trunks(self) -> None:
        parts = list(self.method.modules())
        for trunk in (part for part in parts if isinstance(part, Backbone)):
            if self.stage.frozen:
                with suppress(TraceError):  # a network that torch.fx cannot read stays as it is
                    folded = fuse(trunk.maps.eval())
                    trunk.use(folded.to(memory_format=torch.channels_last))  # type: ignore[call-overload]
            elif self.device.type == "cuda":
                trunk.use(cast(nn.Module, torch.compile(trunk.maps, dynamic=False)))

    def _faster_in_half(self, world: int) -> bool:
        """Whether bfloat16 takes less time; all workers decide alike."""
        seconds = torch.zeros(2, dtype=torch.float64)
        for half in (False, True):
            self.half = half
            for tried in range(1 + TRIES):
                seconds[int(half)] += _seconds(self.same_first, self.device) * (tried > 0)
        if world > 1:
            torch.distributed.all_reduce(seconds)
        return bool(seconds[1] < seconds[0])

    def same_first(self) -> None:
        """One step."""
        self._step(self._changed(*self.batches[0]))


def _seconds(work: Callable[[], None], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    begun = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begun
