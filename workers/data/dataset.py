"""The photos to learn from as arrays: a million of them cost megabytes, not a million Python lists.

Image ids are held as the 32 bytes of their SHA-256, words as CSR: photo n has `words[starts[n]:starts[n + 1]]`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ID = np.dtype("S32")  # numpy drops zero bytes at the end when it shows one; comparing and sorting are exact


@dataclass(frozen=True)
class Examples:
    """N photos, ascending by id.

    ids      (N,) S32, SHA-256 of the image bytes
    groups   (N,) int64, near-duplicate group of the product shown
    starts   (N + 1,) int64
    words    (M,) int32, ascending within a photo
    """

    ids: NDArray[np.bytes_]
    groups: NDArray[np.int64]
    starts: NDArray[np.int64]
    words: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def gather(cls, batches: Iterable[pa.RecordBatch], split: str = "train") -> "Examples":
        """From batches with the columns image_id, words, split and group of schemas.label.LABELS.

        A photo of several products has the words of all of them, and the group of the first.
        """
        ids, groups, counts, words = [np.empty(0, ID)], [np.empty(0, np.int64)], [np.empty(0, np.int64)], []
        for batch in batches:
            wanted = np.array(batch["split"].to_pylist()) == split
            rows = batch.filter(pa.array(wanted, pa.bool_()))
            ids.append(ids_of_hex(rows["image_id"].to_pylist()))
            groups.append(rows["group"].to_numpy())
            lists = rows["words"]
            counts.append(np.diff(lists.offsets.to_numpy()).astype(np.int64))
            words.append(lists.flatten().to_numpy().astype(np.int32))
        every = np.concatenate(ids)
        distinct, first, number = np.unique(every, return_index=True, return_inverse=True)
        flat = np.concatenate([np.empty(0, np.int32), *words])
        lengths = np.concatenate(counts)
        if len(distinct) == len(
            every
        ):  # the rule, and without it a million photos would need a sort of all words
            starts = np.r_[0, np.cumsum(lengths)]
            return cls(every, np.concatenate(groups), starts, flat).take(first)
        photo = np.repeat(number, lengths).astype(np.int64)
        # A pair (photo, word) as one number: sorting it sorts by photo, then word, and drops repetitions.
        width = int(flat.max()) + 1 if len(flat) else 1
        pairs = np.unique(photo * width + flat)
        starts = np.searchsorted(pairs, np.arange(len(distinct) + 1, dtype=np.int64) * width)
        return cls(
            distinct, np.concatenate(groups)[first], starts.astype(np.int64), (pairs % width).astype(np.int32)
        )

    @property
    def counts(self) -> NDArray[np.int64]:
        """(N,) words per photo."""
        return np.diff(self.starts)

    def take(self, rows: NDArray[np.int64]) -> "Examples":
        """Some photos, in the order of `rows`."""
        counts = self.counts[rows]
        starts = np.r_[0, np.cumsum(counts)]
        place = np.repeat(self.starts[rows] - starts[:-1], counts) + np.arange(starts[-1])
        return Examples(self.ids[rows], self.groups[rows], starts, self.words[place])

    def find(self, ids: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """(K,) row of each id. Needs the rows as `gather` leaves them, ascending; every id must be there."""
        return np.searchsorted(self.ids, ids).astype(np.int64)

    def hex(self, rows: NDArray[np.int64] | None = None) -> list[str]:
        """Image ids as the lake writes them."""
        chosen = self.ids if rows is None else self.ids[rows]
        text = chosen.tobytes().hex()
        return [text[first : first + 64] for first in range(0, len(text), 64)]


def ids_of_hex(ids: list[str]) -> NDArray[np.bytes_]:
    """(N,) S32 of ids in hex."""
    return np.frombuffer(bytes.fromhex("".join(ids)), ID)
