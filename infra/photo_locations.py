"""Where the bytes of each photo lie: a crawl stores only what it saw first, so they are spread over crawls."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from infra.lake import Lake
from schemas.errors import LakeError
from schemas.image_ids import Ids, hex_of_ids, ids_of_hex
from schemas.row_slice import RowSlice


def locate(lake: Lake, ids: Ids, crawls: Sequence[str] = ()) -> list[RowSlice]:
    """Find these photos, each once, as one slice per row group, by path and row group.

    Reads only the id column of the images tables, newest crawl first; `crawls` limits the search.
    Raises LakeError where a photo is in no crawl: rows are never lost in silence.
    """
    wanted = np.unique(ids)
    located = np.zeros(len(wanted), bool)
    slices: list[RowSlice] = []
    for manifest in lake.runs("crawl", newest_first=True):
        if located.all():
            break
        if (crawls and manifest.run_id not in crawls) or not manifest.rows("images"):
            continue
        for path in lake.part_paths(manifest, "images"):
            slices += _slices(lake, path, wanted, located)
    if not located.all():
        lost = hex_of_ids(wanted[~located])
        raise LakeError(lake.uri, f"{len(lost)} photos are in no crawl, the first is {lost[0]}")
    return sorted(slices, key=lambda one: (one.path, one.row_group))


def photo_bytes(lake: Lake, slices: Sequence[RowSlice]) -> Iterator[tuple[str, bytes]]:
    """Read the photos of these slices, one row group in memory at a time; yields image_id in hex, and bytes."""
    for one in slices:
        table = one.read(lake.filesystem, ["bytes"])
        for image_id, data in zip(hex_of_ids(one.ids), table["bytes"], strict=True):
            yield image_id, data.as_py()


def _slices(lake: Lake, path: str, wanted: Ids, located: NDArray[np.bool_]) -> Iterator[RowSlice]:
    """The slices of one part file; notes in `located` which of `wanted` (ascending) it has found."""
    with lake.filesystem.open_input_file(path) as file:
        parquet = pq.ParquetFile(file)
        for group in range(parquet.num_row_groups):
            names = parquet.read_row_group(group, columns=["image_id"])["image_id"].to_pylist()
            ids = ids_of_hex(names)
            places = np.minimum(wanted.searchsorted(ids), len(wanted) - 1)
            rows = np.flatnonzero((wanted[places] == ids) & ~located[places])
            # A photo stored twice, by two crawls at once, counts once.
            rows = rows[np.sort(np.unique(places[rows], return_index=True)[1])]
            if len(rows):
                located[places[rows]] = True
                yield RowSlice(path, group, rows.astype(np.int32), ids[rows])
