"""From row slices of the lake to the loaders of one worker: its shard decoded, with what is known of each photo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import pyarrow.fs as pafs
import torch
from numpy.typing import NDArray

from schemas.errors import InputError
from schemas.image_ids import Ids, joined
from schemas.row_slice import RowSlice, shard
from workers.contract import KnowsFrequencies, Method, Training, Trains
from workers.data.annotations import placed_in_square
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.data.decode_lane import DecodeLane
from workers.data.pixel_cache import Photos, PixelCache, in_memory
from workers.data.streamed_loader import Loader, StreamedLoader
from workers.training.collectives import all_reduced

DECODED, REUSED, STREAMED = "decoded and kept", "kept from before", "streamed"
AnyLoader = TypeVar("AnyLoader", BatchLoader, Loader)


class Loaded(NamedTuple, Generic[AnyLoader]):
    """Photos as batches.

    undecodable  how many are none, as far as it is known before they are drawn
    how          DECODED, REUSED or STREAMED
    """

    loader: AnyLoader
    undecodable: int
    how: str


@dataclass(frozen=True)
class Shards:
    """Makes the loaders of one worker of `world`.

    dataset  every photo of the training, on whichever worker
    threads  that decode, each photo once
    tasks    that decode where photos are streamed: processes, so this worker's share of the machine's cores
    cache    keeps decoded photos; those to learn from are streamed where it has no room
    """

    filesystem: pafs.FileSystem
    dataset: Dataset
    method: Method
    training: Training
    device: torch.device
    threads: int
    tasks: int
    cache: PixelCache
    rank: int = 0
    world: int = 1

    def train(self, slices: Sequence[RowSlice]) -> Loaded[Loader]:
        """The photos to learn from, through the method's `augment`.

        Every rank takes as many steps as the largest shard wants, or gradients would be waited for. Raises InputError
        where this worker has no photo.
        """
        size = max(self.training.photo_size or 0, self.method.image_size)
        here = shard(slices, self.rank, self.world)
        photos = self.cache.photos(self.filesystem, here, size, self.threads)
        mine = self._known(joined(one.ids for one in here) if photos is None else photos.ids, size)
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
        if photos is not None:
            kept = self._loader(photos.pixels, mine, **options)
            return Loaded(kept, len(photos.errors), _how(photos))
        lane = DecodeLane(self.filesystem, here, size, self.tasks)
        nothing = np.empty((0, 3, size, size), np.uint8)
        return Loaded(StreamedLoader(self._loader(nothing, mine, **options), lane), 0, STREAMED)

    def held_out(self, slices: Sequence[RowSlice]) -> Loaded[BatchLoader]:
        """The photos to judge on, as they are; few, so where the cache has no room they lie in memory."""
        size = self.method.image_size
        wanted = (self.filesystem, shard(slices, self.rank, self.world), size, self.threads)
        photos = self.cache.photos(*wanted) or in_memory(*wanted)
        loader = self._loader(photos.pixels, self._known(photos.ids, size), device=self.device)
        return Loaded(loader, len(photos.errors), _how(photos))

    def _known(self, ids: Ids, size: int) -> Dataset:
        return placed_in_square(self.dataset.take(self.dataset.find(ids)), size)

    def _loader(self, pixels: NDArray[np.uint8], dataset: Dataset, **options: Any) -> BatchLoader:
        training = self.training
        share = -(-training.batch // self.world)  # all workers' photos are one step's batch
        return BatchLoader(pixels, dataset, share, training.seed, self.rank, **options)


def _how(photos: Photos) -> str:
    return REUSED if photos.reused else DECODED


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
