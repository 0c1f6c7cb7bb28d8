"""The photos to learn from, and what is known of each, as arrays.

Image ids are held as the 32 bytes of their SHA-256.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.image_ids import ID, ids_of_hex
from workers.data.columns import Column, Csr


@dataclass(frozen=True)
class Dataset:
    """N photos, ascending by id.

    ids      (N,) S32, SHA-256 of the image bytes
    columns  what is known of them, by the names of workers/contract/batch.py
    """

    ids: NDArray[np.bytes_]
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def gather(
        cls, batches: Iterable[pa.RecordBatch], vocabulary: int = 0, split: str = "train"
    ) -> "Dataset":
        """From batches with the columns image_id, words, split and group of schemas.label.LABELS.

        A photo of several products has the `words` of all of them, and as its `product` the group of the first.
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
        del ids  # as large again, as are the words below
        distinct, first, number = np.unique(every, return_index=True, return_inverse=True)
        flat = np.concatenate([np.empty(0, np.int32), *words])
        del every, words
        lengths, products = np.concatenate(counts), np.concatenate(groups)[first]
        if len(distinct) == len(
            number
        ):  # the rule; a million photos would need a sort of all words otherwise
            bags = Csr(np.r_[0, np.cumsum(lengths)], flat, vocabulary).take(first)
        else:
            bags = Csr.of_pairs(np.repeat(number, lengths), flat, len(distinct), vocabulary)
        return cls(distinct, {"words": bags, "product": products})

    def dense(self, name: str) -> NDArray[Any]:
        """A column with a row per photo."""
        column = self.columns[name]
        assert not isinstance(column, Csr), name
        return column

    def sparse(self, name: str) -> Csr:
        """A column with any number of ids per photo."""
        column = self.columns[name]
        assert isinstance(column, Csr), name
        return column

    def with_columns(self, columns: Mapping[str, Column]) -> "Dataset":
        """The same photos, of which more is known."""
        return replace(self, columns={**self.columns, **columns})

    def select(self, names: Collection[str]) -> "Dataset":
        """The same photos with these columns only."""
        return replace(self, columns={name: self.columns[name] for name in self.columns if name in names})

    def take(self, rows: NDArray[np.int64]) -> "Dataset":
        """Some photos, in the order of `rows`."""
        columns: dict[str, Column] = {
            name: column.take(rows) if isinstance(column, Csr) else column[rows]
            for name, column in self.columns.items()
        }
        return Dataset(self.ids[rows], columns)

    def find(self, ids: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """(K,) row of each id. Needs the rows as `gather` leaves them, ascending; every id must be there."""
        return np.searchsorted(self.ids, ids).astype(np.int64)
