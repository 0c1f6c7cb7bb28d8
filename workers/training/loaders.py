"""From row slices of the lake to the loaders of one worker: its shard decoded, with what is known of each photo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.fs as pafs
import torch
from numpy.typing import NDArray

from schemas.errors import InputError
from schemas.image_ids import joined
from schemas.row_slice import RowSlice, shard
from workers.contract import KnowsFrequencies, Method, Training, Trains
from workers.data.annotations import placed_in_square
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.data.shards import PixelCache
from workers.training.collectives import all_reduced


@dataclass(frozen=True)
class Shards:
    """Makes the loaders of one worker of `world`.

    dataset  every photo of the training, on whichever worker
    threads  that decode
    budget   bytes of memory for decoded photos; more lie in a file
    """

    filesystem: pafs.FileSystem
    dataset: Dataset
    method: Method
    training: Training
    device: torch.device
    threads: int
    budget: int = 4 << 30
    rank: int = 0
    world: int = 1

    def train(self, slices: Sequence[RowSlice]) -> tuple[BatchLoader, int]:
        """The photos to learn from, through the method's `augment`, and how many did not decode.

        Every rank takes as many steps as the largest shard wants, or gradients would be waited for. Raises InputError
        where this worker has no photo.
        """
        size = max(self.training.photo_size or 0, self.method.image_size)
        pixels, mine, undecodable = self._decoded(slices, size)
        if not len(mine):
            raise InputError("training", f"worker {self.rank} of {self.world} has no photo to learn from")
        draws = int(all_reduced(float(len(mine)), self.world, self.device, maximum=True))
        learnt = self.dataset.take(self.dataset.find(joined(one.ids for one in slices)))
        frequencies = frequencies_of(learnt, self.method)
        if isinstance(self.method, KnowsFrequencies):
            self.method.count(
                {name: torch.from_numpy(photos) for name, photos in frequencies.items()}, len(learnt)
            )
        options: dict[str, Any] = {"draws": draws, "spread": frequencies.get("words"), "device": self.device}
        if isinstance(self.method, Trains):
            options["method"] = self.method
        return self._loader(pixels, mine, **options), undecodable

    def held_out(self, slices: Sequence[RowSlice]) -> tuple[BatchLoader, int]:
        """The photos to judge on, as they are, and how many did not decode."""
        pixels, mine, undecodable = self._decoded(slices, self.method.image_size)
        return self._loader(pixels, mine, device=self.device), undecodable

    def _decoded(self, slices: Sequence[RowSlice], size: int) -> tuple[NDArray[np.uint8], Dataset, int]:
        mine = shard(slices, self.rank, self.world)
        cache = PixelCache(self.filesystem, mine, size, self.threads, self.budget)
        dataset = self.dataset.take(self.dataset.find(cache.ids))
        return cache.pixels, placed_in_square(dataset, size), len(cache.errors)

    def _loader(self, pixels: NDArray[np.uint8], dataset: Dataset, **options: Any) -> BatchLoader:
        training = self.training
        share = -(-training.batch // self.world)  # all workers' photos are one step's batch
        return BatchLoader(pixels, dataset, share, training.seed, self.rank, **options)


def frequencies_of(dataset: Dataset, method: Method) -> Mapping[str, NDArray[np.int64]]:
    """How many photos have each word, category and attribute, of the columns that the method reads."""
    counts: dict[str, NDArray[np.int64]] = {}
    for name in ("words", "attributes"):
        if name in method.reads:
            counts[name] = dataset.sparse(name).photos_per_id()
    if "category" in method.reads:
        category = dataset.dense("category")
        counts["category"] = np.bincount(category[category >= 0])
    return counts
