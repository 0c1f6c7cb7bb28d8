"""Some rows of one row group: what a reader takes from the lake in one piece, on whichever node it runs.

Photos are spread over crawls, so a training or an embedding is told where they lie as row slices
(infra/photo_locations.py). They are dealt to workers (`shard`), cut to what one reads at a time (`cut`), and travel as
they are or, through Ray Data, as rows of ROW_SLICES.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from numpy.typing import NDArray

from schemas.columns import column, table_schema
from schemas.image_ids import ID_BYTES, Ids, column_of_ids, ids_of_column

ROW_SLICES = table_schema(
    "row_slices",
    1,
    [
        column("path", pa.string(), "part file within the lake's filesystem"),
        column("row_group", pa.int32(), "index of the row group"),
        column("rows", pa.list_(pa.int32()), "positions within the row group, ascending"),
        column("ids", pa.list_(pa.binary(ID_BYTES)), "SHA-256 of the photos of those rows, same order"),
    ],
)


@dataclass(frozen=True, eq=False)
class RowSlice:
    """Some photos of one row group of images: a row of ROW_SLICES.

    rows  (N,) positions within the row group, ascending
    ids   (N,) the photos of those rows
    """

    path: str
    row_group: int
    rows: NDArray[np.int32]
    ids: Ids

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, first: int, last: int) -> "RowSlice":
        """Its photos from `first` to before `last`."""
        return RowSlice(self.path, self.row_group, self.rows[first:last], self.ids[first:last])

    def read(self, filesystem: pafs.FileSystem, columns: Sequence[str]) -> pa.Table:
        """Read these columns of its rows, in its order."""
        with filesystem.open_input_file(self.path) as file:
            table = pq.ParquetFile(file).read_row_group(self.row_group, columns=list(columns))
        return table.take(pa.array(self.rows))


def cut(slices: Iterable[RowSlice], most: int) -> Iterator[RowSlice]:
    """The same photos in the same order, at most `most` in a slice."""
    for whole in slices:
        for first in range(0, len(whole), most):
            yield whole.part(first, first + most)


def shard(slices: Sequence[RowSlice], rank: int, world: int) -> list[RowSlice]:
    """The slices of one worker of `world`: disjoint, exhaustive, and equal but for one photo.

    Slices go round, as cards are dealt, so that every worker sees all shops; then the hands are made equal.
    """
    dealt = [slices[n] for first in range(world) for n in range(first, len(slices), world)]
    count = sum(map(len, slices))
    begin, end = (count * side // world for side in (rank, rank + 1))
    hand, seen = [], 0
    for whole in dealt:
        first, last = max(begin - seen, 0), min(end - seen, len(whole))
        if first < last:
            hand.append(whole.part(first, last))
        seen += len(whole)
    return hand


def table_of_slices(slices: Sequence[RowSlice]) -> pa.Table:
    """The slices as a table of ROW_SLICES."""
    starts = np.r_[0, np.cumsum([len(one) for one in slices])].astype(np.int32)
    rows = np.concatenate([np.empty(0, np.int32), *(one.rows for one in slices)])
    ids = [column_of_ids(one.ids) for one in slices]
    flat = pa.concat_arrays(ids) if ids else pa.array([], pa.binary(ID_BYTES))
    return pa.table(
        {
            "path": pa.array([one.path for one in slices], pa.string()),
            "row_group": pa.array([one.row_group for one in slices], pa.int32()),
            "rows": pa.ListArray.from_arrays(starts, pa.array(rows)),
            "ids": pa.ListArray.from_arrays(starts, flat),
        },
        schema=ROW_SLICES,
    )


def slices_of_table(table: pa.Table) -> list[RowSlice]:
    """The slices of a table of ROW_SLICES."""
    columns = [table[name] for name in ROW_SLICES.names]
    return [
        RowSlice(
            path.as_py(),
            row_group.as_py(),
            rows.values.to_numpy().astype(np.int32),
            ids_of_column(ids.values),
        )
        for path, row_group, rows, ids in zip(*columns, strict=True)
    ]
