"""Batches of photos that are decoded anew each epoch, for shards that no cache holds."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from schemas.errors import ImageError
from schemas.row_slice import cut
from workers.contract import Stage
from workers.data.dataloader import BatchLoader, Step
from workers.data.dataset import Dataset
from workers.data.decode_lane import DecodeLane, Window
from workers.data.sampler import BatchSampler, Draw, Order, Sampler
from workers.data.shards import SLICE_ROWS, decoded
from workers.data.window_sampler import WindowSampler

WINDOW_PHOTOS = 16_384  # draws of a window: more mix no better and begin later
WINDOW_BYTES = 512 << 20  # pixels of a window; two are in memory
WINDOWS = 8  # of an epoch, at least: nothing is learnt while its first one is filled


def window_of(photos: int, size: int) -> int:
    """Draws of a window, of a shard of so many photos at `size` px."""
    return min(WINDOW_PHOTOS, WINDOW_BYTES // (3 * size * size), -(-photos // WINDOWS))


@dataclass(frozen=True)
class StreamedLoader:
    """What a BatchLoader is, with its photos coming from a lane; see there.

    The batches are those of a BatchLoader in the same order (workers/data/window_sampler.py), and a batch can be made
    without those before it: what is left of its window is decoded. A photo that turns out to be none is replaced by
    the next of its batch, so that every worker takes as many steps as it said. An attempt that was killed among kept
    photos and goes on among streamed ones ends its epoch in another order: some draws come twice, others not at all.

    shard        all that a batch is made of, but for pixels
    undecodable  places of the photos that were none, as far as they were drawn
    """

    shard: BatchLoader
    lane: DecodeLane
    undecodable: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.shard)

    @property
    def dataset(self) -> Dataset:
        """What is known of the photos."""
        return self.shard.dataset

    @property
    def order(self) -> Order | None:
        """Which photos each step takes."""
        return self.shard.order

    @property
    def draws(self) -> int | None:
        """Photos an epoch."""
        return self.shard.draws

    @property
    def steps(self) -> int:
        """Steps of one epoch."""
        return self.shard.steps

    def for_stage(self, stage: Stage) -> "StreamedLoader":
        """The same photos in windows of the order of a stage's sampler. Raises InputError as `sampler_of` does."""
        shard = self.shard.for_stage(stage)
        assert isinstance(shard.order, BatchSampler)
        order = WindowSampler(shard.order, self.lane.groups, self._window, seed=shard.seed, rank=shard.rank)
        return replace(self, shard=replace(shard, order=order))

    def batches(self, epoch: int = 0, start: int = 0) -> Iterator[Step]:
        """Every step of an epoch from `start` on, in order. Raises ImageError where no photo of a batch is one."""
        each = max(1, self._window // self.shard.batch)
        bounds = [start, *range(start - start % each + each, self.steps, each), self.steps]
        spans = [range(first, last) for first, last in pairwise(bounds) if first < last]
        wanted = [
            np.unique(np.concatenate([self.shard.drawn(epoch, number).photos for number in span]))
            for span in spans
        ]
        for span, window in zip(spans, self.lane.windows(wanted), strict=True):
            self.undecodable.update(window.photos[~window.decodes].tolist())
            yield from self._batches_of(window, epoch, span)

    def plain(self) -> "StreamedLoader":
        """Every photo once, in the shard's order, as it is."""
        return replace(self, shard=self.shard.plain())

    def shortened(self, photos: int) -> BatchLoader:
        """The first photos only, as they are, in memory; at most a window of them."""
        few = min(photos, len(self), self._window)
        slices, first = [], 0
        for one in self.lane.slices:
            slices.append(one.part(0, max(few - first, 0)))
            first += len(one)
        parts = list(decoded(self.lane.filesystem, cut(slices, SLICE_ROWS), self.lane.size, self.lane.tasks))
        decodes = np.concatenate([part.decodes for part in parts])
        return replace(
            self.shard.plain(),
            pixels=np.concatenate([part.pixels for part in parts]),
            dataset=self.dataset.take(np.flatnonzero(decodes)),
        )

    def names(self, photos: NDArray[np.int64]) -> list[str]:
        """Image ids."""
        return self.shard.names(photos)

    @property
    def _window(self) -> int:
        return window_of(len(self), self.lane.size)

    def _batches_of(self, window: Window, epoch: int, span: range) -> Iterator[Step]:
        """The steps of a window, whose photos that decode are a shard of their own."""
        photos = window.photos[window.decodes]
        shard = replace(
            self.shard,
            pixels=window.pixels if window.decodes.all() else window.pixels[window.decodes],
            dataset=self.dataset.take(photos),
            order=_InWindow(self, photos, span.stop),
        )
        for step in shard.batches(epoch, span.start):
            yield step._replace(photos=photos[step.photos])


@dataclass(frozen=True)
class _InWindow:
    """A loader's draws by their places in a window's `photos` (N,), which decode."""

    loader: StreamedLoader
    photos: NDArray[np.int64]
    steps: int

    @property
    def sampler(self) -> Sampler:
        assert self.loader.order
        return self.loader.order.sampler

    def __call__(self, epoch: int, step: int) -> Draw:
        photos, words = self.loader.shard.drawn(epoch, step)
        places = np.searchsorted(self.photos, photos)
        good = np.flatnonzero(np.append(self.photos, -1)[places] == photos)
        if len(good) < len(photos):
            if not len(good):
                name = self.loader.names(photos[:1])[0]
                raise ImageError(name, "decode", f"as do all {len(photos)} photos of its batch")
            # The next that is a photo, after the last the first.
            instead = good[np.searchsorted(good, np.arange(len(photos))) % len(good)]
            places, words = places[instead], None if words is None else words[instead]
        return Draw(places, words)


Loader = BatchLoader | StreamedLoader
