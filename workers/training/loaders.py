"""From places in the lake to the loaders of one worker: its shard decoded, with what is known of each photo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.fs as pafs
import torch
from numpy.typing import NDArray

from schemas.errors import InputError
from workers.contract import KnowsFrequencies, Method, Training, Trains
from workers.data.annotations import placed_in_square
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset, ids_of_hex
from workers.data.shards import PixelCache, Places
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

    def train(self, places: Places) -> tuple[BatchLoader, int]:
        """The photos to learn from, through the method's `augment`, and how many did not decode.

        Every rank takes as many steps as the largest shard wants, or gradients would be waited for. Raises InputError
        where this worker has no photo.
        """
        size = max(self.training.photo_size or 0, self.method.image_size)
        pixels, mine, undecodable = self._decoded(places, size)
        if not len(mine):
            raise InputError("training", f"worker {self.rank} of {self.world} has no photo to learn from")
        draws = int(all_reduced(float(len(mine)), self.world, self.device, maximum=True))
        learnt = self.dataset.take(self.dataset.find(places.ids))
        frequencies = frequencies_of(learnt, self.method)
        if isinstance(self.method, KnowsFrequencies):
            self.method.count(
                {name: torch.from_numpy(photos) for name, photos in frequencies.items()}, len(learnt)
            )
        options: dict[str, Any] = {"draws": draws, "spread": frequencies.get("words"), "device": self.device}
        if isinstance(self.method, Trains):
            options["method"] = self.method
        return self._loader(pixels, mine, **options), undecodable

    def held_out(self, places: Places) -> tuple[BatchLoader, int]:
        """The photos to judge on, as they are, and how many did not decode."""
        pixels, mine, undecodable = self._decoded(places, self.method.image_size)
        return self._loader(pixels, mine, device=self.device), undecodable

    def _decoded(self, places: Places, size: int) -> tuple[NDArray[np.uint8], Dataset, int]:
        pieces = places.share(self.rank, self.world)
        count = sum(last - first for _, first, last in pieces)
        cache = PixelCache(self.filesystem, places.units(pieces), count, size, self.threads, self.budget)
        mine = self.dataset.take(self.dataset.find(ids_of_hex(cache.image_ids)))
        return cache.pixels, placed_in_square(mine, size), len(cache.errors)

    def _loader(self, pixels: NDArray[np.uint8], dataset: Dataset, **options: Any) -> BatchLoader:
        training = self.training
        return BatchLoader(pixels, dataset, training.batch, training.seed, self.rank, **options)


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
