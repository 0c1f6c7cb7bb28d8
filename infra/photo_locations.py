"""Where the bytes of each photo lie: a crawl stores only what it saw first, so they are spread over crawls."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from infra.lake import Lake
from infra.storage_errors import is_transient
from schemas.errors import LakeError
from schemas.image_ids import Ids, hex_of_ids, ids_of_hex_column
from schemas.row_slice import RowSlice


def locate(lake: Lake, ids: Ids, crawls: Sequence[str] = ()) -> list[RowSlice]:
    """Find these photos, each once, as one slice per row group, by path and row group.

    Reads only the id column of the images tables, newest crawl first; `crawls` limits the search.
    Raises LakeError where a photo is in no crawl: rows are never lost in silence.
    """
    search = PhotoSearch(lake, np.unique(ids), crawls)
    slices = sorted(search, key=lambda one: (one.path, one.row_group))
    if len(search.missing):
        raise LakeError(lake.uri, search.why_missing())
    return slices


class PhotoSearch:
    """Where photos lie, found part by part while somebody reads those that are found: no catalogue is held.

    wanted  ascending ids; 33 bytes of memory each
    crawls  to search; all of them where it is empty
    """

    def __init__(self, lake: Lake, wanted: Ids, crawls: Sequence[str] = ()) -> None:
        self._lake, self._wanted, self._crawls = lake, wanted, crawls
        self._located = np.zeros(len(wanted), bool)
        self.unreadable: list[str] = []  # row groups whose ids cannot be read

    def __iter__(self) -> Iterator[RowSlice]:
        """Slices, each photo in one, newest crawl first."""
        for manifest in self._lake.runs("crawl", newest_first=True):
            if self._located.all():
                return
            if (self._crawls and manifest.run_id not in self._crawls) or not manifest.rows("images"):
                continue
            for path in self._lake.part_paths(manifest, "images"):
                yield from self._slices(path)

    @property
    def missing(self) -> Ids:
        """Photos that have not been found so far."""
        return self._wanted[~self._located]

    def why_missing(self) -> str:
        """Say which photo is nowhere, and what could not be read."""
        lost = hex_of_ids(self.missing)
        why = f"{len(lost)} photos are in no crawl, the first is {lost[0]}"
        return f"{why}; {'; '.join(self.unreadable)}" if self.unreadable else why

    def _slices(self, path: str) -> Iterator[RowSlice]:
        with self._lake.filesystem.open_input_file(path) as file:
            parquet = pq.ParquetFile(file)
            for group in range(parquet.num_row_groups):
                try:
                    column = parquet.read_row_group(group, columns=["image_id"])["image_id"]
                    ids = ids_of_hex_column(column)
                except (OSError, ValueError) as error:
                    if is_transient(error):
                        raise
                    self.unreadable.append(f"row group {group} of {path} cannot be read ({error})")
                    continue
                if len(rows := self._not_yet_located(ids)):
                    yield RowSlice(path, group, rows.astype(np.int32), ids[rows])

    def _not_yet_located(self, ids: Ids) -> NDArray[np.int64]:
        """Rows of these ids that are wanted and new; they are located from now on."""
        if not len(self._wanted) or not len(ids):
            return np.empty(0, np.int64)
        places = np.minimum(self._wanted.searchsorted(ids), len(self._wanted) - 1)
        rows = np.flatnonzero((self._wanted[places] == ids) & ~self._located[places])
        # A photo stored twice, by two crawls at once, counts once.
        rows = rows[np.sort(np.unique(places[rows], return_index=True)[1])]
        self._located[places[rows]] = True
        return rows


def photo_bytes(lake: Lake, slices: Sequence[RowSlice]) -> Iterator[tuple[str, bytes]]:
    """Read the photos of these slices, one row group in memory at a time; yields image_id in hex, and bytes."""
    for one in slices:
        table = one.read(lake.filesystem, ["bytes"])
        for image_id, data in zip(hex_of_ids(one.ids), table["bytes"], strict=True):
            yield image_id, data.as_py()
