"""The top of each ranking compared again, photo against photo, by a method that `Reranks`.

Vectors find the top K; what the method sees at places of each of these photos decides their order. A photo of the
top goes through the network once, however many queries found it.
"""

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.fs as pafs
import torch
from numpy.typing import NDArray

from schemas.image_ids import ID, Ids, joined
from schemas.row_slice import RowSlice, cut
from workers.contract import Batch, Reranks
from workers.contract.registry import method_class
from workers.data.decode import decode
from workers.data.shards import SLICE_ROWS, decoded
from workers.device import bfloat16_pays, sent
from workers.retrieval.score import relevant_ranks
from workers.training.weights.checkpoint import load, on_device

TOP = 50
BATCH = 64
IN_MEMORY = 1 << 30  # bytes of local vectors; more lie in a file
Ranks = NDArray[np.int64]


def reranks(method: str) -> bool:
    """Whether the method of this name compares photos closer than their vectors do."""
    return issubclass(method_class(method), Reranks)


@dataclass(frozen=True)
class LocalVectors:
    """What is seen at places of photos.

    ids     (N,) of the photos, in any order
    values  (N, P, C) float16
    """

    ids: Ids
    values: NDArray[np.float16]

    def rows(self, ids: Ids) -> NDArray[np.int64]:
        """(K,) row of each photo; -1 for one that is not here."""
        if not len(self.ids):
            return np.full(len(ids), -1)
        order = np.argsort(self.ids)
        places = np.minimum(self.ids.searchsorted(ids, sorter=order), len(order) - 1)
        return np.where(self.ids[order[places]] == ids, order[places], -1)


class Rerank:
    """A trained method on a device, to compare photos with.

    filesystem  where checkpoint and photos lie
    checkpoint  path of one of a method that `Reranks`
    gpus        "0": on the CPU; else on a GPU where this machine has one
    threads     of torch, and as many that decode; 0: one per core
    """

    def __init__(
        self, filesystem: pafs.FileSystem, checkpoint: str, gpus: str = "0", threads: int = 0
    ) -> None:
        self.threads = threads or os.cpu_count() or 1
        torch.set_num_threads(self.threads)
        self.device = torch.device("cuda" if gpus != "0" and torch.cuda.is_available() else "cpu")
        self.filesystem = filesystem
        self.method = on_device(load(filesystem, checkpoint).module, self.device)
        self.half = bfloat16_pays(self.device)

    def local(self, slices: Sequence[RowSlice]) -> LocalVectors:
        """Read, decode and look at photos; those that do not decode are left out."""
        ids, count, values = [np.empty(0, ID)], 0, np.empty((0, 0, 0), np.float16)
        for photos in decoded(self.filesystem, cut(slices, SLICE_ROWS), self.method.image_size, self.threads):
            if not len(photos.pixels):
                continue
            seen = self.seen(photos.pixels)
            if not count:
                values = _room((sum(map(len, slices)), *seen.shape[1:]))
            values[count : count + len(seen)] = seen
            count += len(seen)
            ids.append(photos.ids[photos.decodes])
        return LocalVectors(joined(ids), values[:count])

    def one(self, name: str, data: bytes) -> NDArray[np.float16]:
        """What is seen of one photo (P, C). Raises ImageError, naming `name`, where `data` is none."""
        seen: NDArray[np.float16] = self.seen(decode(name, data, self.method.image_size)[None])[0]
        return seen

    def seen(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """pixels (N, 3, S, S), one at least -> (N, P, C)."""
        assert isinstance(self.method, Reranks)
        parts = []
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            for first in range(0, len(pixels), BATCH):
                images = sent(torch.from_numpy(pixels[first : first + BATCH]), self.device)
                parts.append(self.method.local(Batch(images)).half().cpu().numpy())
        return np.concatenate(parts)

    def scores(self, query: NDArray[np.float16], gallery: NDArray[np.float16]) -> NDArray[np.float32]:
        """query (P, C), gallery (N, P, C) -> (N,), larger where it is rather the same product."""
        assert isinstance(self.method, Reranks)
        with torch.inference_mode():
            one, others = (sent(torch.from_numpy(part), self.device).float() for part in (query, gallery))
            scores: NDArray[np.float32] = self.method.rerank(one, others).float().cpu().numpy()
        return scores

    def top_scores(
        self, seen: LocalVectors, queries: NDArray[np.int64], tops: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Scores (Q, K) of the photos at the top of each ranking.

        queries  (Q,) rows of `seen`; tops (Q, K) rows of `seen`. -1, for a photo that has none, scores -inf.
        """
        scores = np.full(tops.shape, -np.inf, np.float32)
        for n, (query, top) in enumerate(zip(queries, tops, strict=True)):
            there = top >= 0
            if query >= 0 and there.any():
                scores[n, there] = self.scores(seen.values[query], seen.values[top[there]])
        return scores


def ranks_after(
    similar: NDArray[np.float32],
    right: NDArray[np.int64],
    top: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> Ranks:
    """Rank of every right photo of one query once the top is in its new order, ascending from 1.

    similar  (G,) of the gallery to the query, by which the top was found
    right    (R,) places of right photos in the gallery; top (K,) of the photos at the top; scores (K,) of those
    Ties count against us in both orders: a right photo that wrong ones of equal similarity could have put out of the
    top stays out.
    """
    [before] = relevant_ranks(similar[None], [right])
    order = right[np.argsort(-similar[right], kind="stable")]  # as `before` has them
    inside = np.isin(order, top) & (before <= len(top))
    places = np.flatnonzero(np.isin(top, order[inside]))
    [after] = relevant_ranks(scores[None], [places])
    return np.sort(np.concatenate([after, before[~inside]]))


def _room(shape: tuple[int, ...]) -> NDArray[np.float16]:
    """Memory, or where that would be much, a file without a name."""
    if 2 * math.prod(shape) <= IN_MEMORY:
        return np.empty(shape, np.float16)
    with tempfile.TemporaryFile(prefix="vitrine-local-") as file:
        return np.memmap(file, np.float16, "w+", shape=shape)
