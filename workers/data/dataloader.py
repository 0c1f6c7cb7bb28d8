"""From a shard of decoded photos to batches, made while the step before them is computed."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray

from schemas.image_ids import hex_of_ids
from workers.contract import Batch, Method, Sparse, Stage, Trains
from workers.data.augment import as_embedded
from workers.data.columns import Csr
from workers.data.dataset import Dataset
from workers.data.product_sampler import sampler_of
from workers.data.sampler import BatchSampler, Draw, Order
from workers.device import sent

CPU = torch.device("cpu")
AHEAD = 2  # batches made ahead: one is computed, one waits, one is made


class Step(NamedTuple):
    """One batch, which step of its epoch it is (from 0), and which photos of the shard it holds."""

    number: int
    photos: NDArray[np.int64]
    batch: Batch


@dataclass(frozen=True)
class BatchLoader:
    """The batches of one worker.

    pixels   (N, 3, S, S) uint8
    dataset  the same photos in the same order, and what the method reads of them
    batch    photos a step
    draws    photos an epoch; None: every one
    spread   see WordSampler
    method   whose `augment` the photos go through; None: they stay as they are, in uint8
    whole    whether they come as the method embeds them instead
    device   where batches are wanted: photos go there as uint8, a quarter of the bytes, and are changed there
    order    which photos each step takes; None: the shard's order, see `for_stage`
    """

    pixels: NDArray[np.uint8]
    dataset: Dataset
    batch: int
    seed: int = 0
    rank: int = 0
    draws: int | None = None
    spread: NDArray[np.int64] | None = None
    method: Trains | None = None
    whole: bool = False
    device: torch.device = CPU
    order: Order | None = None

    def __len__(self) -> int:
        return len(self.dataset)

    def for_stage(self, stage: Stage) -> "BatchLoader":
        """The same photos in the order of a stage's sampler. Raises InputError as `sampler_of` does."""
        sampler = sampler_of(stage, self.dataset, seed=self.seed, rank=self.rank, spread=self.spread)
        draws = len(self) if self.draws is None else self.draws
        return replace(self, order=BatchSampler(sampler, draws, self.batch), whole=stage.whole)

    @property
    def steps(self) -> int:
        """Steps of one epoch."""
        return self.order.steps if self.order else -(-len(self) // self.batch)

    def batches(self, epoch: int = 0, start: int = 0) -> Iterator[Step]:
        """Every step of an epoch from `start` on, in order."""
        pending: deque[Future[Step]] = deque()
        with ThreadPoolExecutor(1, "batches") as background:
            for number in range(start, self.steps):
                pending.append(background.submit(self.make, epoch, number))
                if len(pending) > AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()

    def make(self, epoch: int, number: int) -> Step:
        """One batch, the same whenever and wherever it is made."""
        photos, words = self.drawn(epoch, number)
        batch = Batch(self._there(self.pixels[photos]), self._columns(photos, words))
        if self.method is not None and self.whole:
            batch = as_embedded(batch, cast(Method, self.method).image_size)
        elif self.method is not None:
            generator = torch.Generator().manual_seed(stream(self.seed, epoch, number, self.rank, 1))
            batch = self.method.augment(batch, generator)
        return Step(number, photos, batch)

    def drawn(self, epoch: int, number: int) -> Draw:
        """The photos of one batch."""
        if self.order:
            return self.order(epoch, number)
        return Draw(np.arange(number * self.batch, min((number + 1) * self.batch, len(self))), None)

    def names(self, photos: NDArray[np.int64]) -> list[str]:
        """Image ids."""
        return hex_of_ids(self.dataset.ids[photos])

    def plain(self) -> "BatchLoader":
        """Every photo once, in the shard's order, as it is."""
        return replace(self, method=None, order=None, draws=None)

    def shortened(self, photos: int) -> "BatchLoader":
        """The first photos only, as they are."""
        few = np.arange(min(photos, len(self)))
        return replace(self.plain(), pixels=self.pixels[: len(few)], dataset=self.dataset.take(few))

    def _columns(
        self, photos: NDArray[np.int64], words: NDArray[np.int64] | None
    ) -> dict[str, torch.Tensor | Sparse]:
        columns: dict[str, torch.Tensor | Sparse] = {}
        for name, column in self.dataset.columns.items():
            if isinstance(column, Csr):
                columns[name] = Sparse(*map(self._there, column.of_photos(photos)))
            else:
                columns[name] = self._there(column[photos])
        if words is not None:
            columns["word"] = self._there(words)
        return columns

    def _there(self, numbers: NDArray[Any]) -> torch.Tensor:
        return sent(torch.from_numpy(np.ascontiguousarray(numbers)), self.device)


def stream(*numbers: int) -> int:
    """A seed for torch that is a function of some counters alone, 63 bits."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
