"""What is known of many photos, as arrays: a million of them cost megabytes, not a million Python lists."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 65_536  # photos taken at a time: a place is eight bytes, for every id of a photo


@dataclass(frozen=True)
class Csr:
    """Any number of ids per photo: photo n has `ids[starts[n]:starts[n + 1]]`.

    starts  (N + 1,) int64
    ids     (M,) int32, ascending within a photo
    width   ids there are: each is below it; 0 where nobody counts them
    """

    starts: NDArray[np.int64]
    ids: NDArray[np.int32]
    width: int = 0

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]], width: int = 0) -> "Csr":
        """From one list of ids per photo."""
        starts = np.zeros(len(lists) + 1, np.int64)
        np.cumsum([len(ids) for ids in lists], out=starts[1:])
        flat = np.fromiter((one for ids in lists for one in ids), np.int32, int(starts[-1]))
        return cls(starts, flat, width)

    @classmethod
    def of_pairs(cls, rows: NDArray[np.int64], ids: NDArray[np.int32], photos: int, width: int = 0) -> "Csr":
        """From pairs in any order, rows[m] having ids[m]; what is said twice counts once."""
        # A pair as one number: sorting it sorts by photo, then id, and drops repetitions.
        span = int(ids.max()) + 1 if len(ids) else 1
        pairs = np.unique(rows.astype(np.int64) * span + ids)
        starts = np.searchsorted(pairs, np.arange(photos + 1, dtype=np.int64) * span)
        return cls(starts.astype(np.int64), (pairs % span).astype(np.int32), width)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """(N,) ids per photo."""
        return np.diff(self.starts)

    def take(self, photos: NDArray[np.int64]) -> "Csr":
        """Some photos, in the order of `photos`."""
        counts = self.counts[photos]
        starts = np.r_[0, np.cumsum(counts)]
        ids = np.empty(starts[-1], np.int32)
        for first in range(0, len(photos), AT_ONCE):
            here = slice(first, first + AT_ONCE)
            place = np.repeat(self.starts[photos[here]] - starts[:-1][here], counts[here])
            begin = starts[first]
            place += np.arange(begin, begin + len(place))
            ids[begin : begin + len(place)] = self.ids[place]
        return Csr(starts, ids, self.width)

    def emptied(self, of: NDArray[np.bool_]) -> "Csr":
        """The same photos, without the ids of those that `of` (N,) names."""
        counts = np.where(of, 0, self.counts)
        kept = np.repeat(~of, self.counts)
        return Csr(np.r_[0, np.cumsum(counts)], self.ids[kept], self.width)

    def of_photos(self, photos: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """rows (M,) and ids (M,): photo photos[rows[m]] has ids[m]; all of them, photo by photo."""
        few = self.take(photos)
        return np.repeat(np.arange(len(photos)), few.counts), few.ids.astype(np.int64)

    def photos_per_id(self) -> NDArray[np.int64]:
        """(width,) photos that have each id: its document frequency."""
        return np.bincount(self.ids, minlength=self.width)


Column = NDArray[np.generic] | Csr  # a row per photo, or any number of ids


def concatenated(parts: Sequence[Csr]) -> Csr:
    """The photos of all parts, one after the other."""
    counts = np.concatenate([np.empty(0, np.int64), *(part.counts for part in parts)])
    ids = np.concatenate([np.empty(0, np.int32), *(part.ids for part in parts)])
    return Csr(np.r_[0, np.cumsum(counts)], ids, max((part.width for part in parts), default=0))
