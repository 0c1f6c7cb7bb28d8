"""From a shard of decoded photos to batches, made while the step before them is computed."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from workers.data.dataset import Examples
from workers.data.sampler import Bags, Order, sampler_of
from workers.device import sent
from workers.method import Batch

CPU = torch.device("cpu")
AHEAD = 2  # batches made ahead: one is computed, one waits, one is made


class Step(NamedTuple):
    """One batch, which step of its epoch it is (from 0), and which photos of the shard it holds."""

    number: int
    photos: NDArray[np.int64]
    batch: Batch


@dataclass(frozen=True)
class Feed:
    """The batches of one worker.

    pixels    (N, 3, S, S) uint8
    examples  the same photos in the same order: ids, words, groups
    order     which photos and words each step takes
    module    the method; None: photos stay as they are, in uint8
    device    where batches are wanted: photos go there as uint8, a quarter of the bytes, and are changed there
    """

    pixels: NDArray[np.uint8]
    examples: Examples
    order: Order
    seed: int
    rank: int
    module: Any = None
    device: torch.device = CPU

    def __len__(self) -> int:
        return len(self.examples)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Step]:
        """Every step of an epoch from `start` on, in order."""
        pending: deque[Future[Step]] = deque()
        with ThreadPoolExecutor(1, "feed") as background:
            for number in range(start, self.order.steps):
                pending.append(background.submit(self.make, epoch, number))
                if len(pending) > AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()

    def make(self, epoch: int, number: int) -> Step:
        """One batch, the same whenever and wherever it is made."""
        photos, words = self.order(epoch, number)
        images = self._there(self.pixels[photos])
        if self.module is not None:
            generator = torch.Generator().manual_seed(stream(self.seed, epoch, number, self.rank, 1))
            images = self.module.augment(images, generator)
        rows, ids = self.bags.of_photos(photos)
        integers = (words, rows, ids, self.examples.groups[photos])
        return Step(number, photos, Batch(images, *(self._there(numbers) for numbers in integers)))

    def _there(self, numbers: NDArray[Any]) -> torch.Tensor:
        return sent(torch.from_numpy(np.ascontiguousarray(numbers)), self.device)

    @property
    def bags(self) -> Bags:
        """Words per photo."""
        return Bags(self.examples.starts, self.examples.words, 0)

    def names(self, photos: NDArray[np.int64]) -> list[str]:
        """Image ids."""
        return self.examples.hex(photos)

    def shortened(self, photos: int) -> "Feed":
        """The first photos only, as they are."""
        few = np.arange(min(photos, len(self)))
        return replace(self, pixels=self.pixels[few], examples=self.examples.take(few), module=None)


def feed_of(
    pixels: NDArray[np.uint8],
    examples: Examples,
    config: Any,
    vocabulary: int,
    *,
    rank: int = 0,
    draws: int | None = None,
    spread: NDArray[np.int64] | None = None,
    module: Any = None,
    device: torch.device = CPU,
) -> Feed:
    """The feed that a method's Config asks for.

    draws   photos an epoch, by default every one
    spread  see WordSampler
    """
    bags = Bags(examples.starts, examples.words, vocabulary)
    sampler = sampler_of(config.sampling, bags, seed=config.seed, rank=rank, spread=spread)
    order = Order(sampler, len(examples) if draws is None else draws, config.batch)
    return Feed(pixels, examples, order, config.seed, rank, module, device)


def stream(*numbers: int) -> int:
    """A seed for torch that is a function of some counters alone, 63 bits."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
