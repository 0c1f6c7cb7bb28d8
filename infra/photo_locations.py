"""Where the bytes of each photo lie: a crawl stores only what it saw first, so they are spread over crawls."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from infra.lake import Lake
from schemas.errors import LakeError


@dataclass(frozen=True)
class PhotoUnit:
    """Some rows of one row group of images: what a worker reads in one piece.

    path       part file within the lake's filesystem
    row_group  index of the row group
    rows       positions within the row group, ascending
    image_ids  ids of those rows, same order
    """

    path: str
    row_group: int
    rows: tuple[int, ...]
    image_ids: tuple[str, ...]


def locate(lake: Lake, image_ids: Collection[str], crawls: Sequence[str] = ()) -> list[PhotoUnit]:
    """Where these photos lie, each once, as row-group pieces in storage order.

    Reads only the id column of the images tables, newest crawl first; `crawls` limits the search.
    Raises LakeError where a photo is in no crawl: rows are never lost in silence.
    """
    wanted = set(image_ids)
    units: list[PhotoUnit] = []
    for manifest in lake.runs("crawl", newest_first=True):
        if not wanted:
            break
        if (crawls and manifest.run_id not in crawls) or not manifest.rows("images"):
            continue
        for path in lake.part_paths(manifest, "images"):
            units += _units(lake, path, wanted)
    if wanted:
        raise LakeError(lake.uri, f"{len(wanted)} photos are in no crawl, the first is {min(wanted)}")
    return sorted(units, key=lambda unit: (unit.path, unit.row_group))


def photo_bytes(lake: Lake, units: Sequence[PhotoUnit]) -> Iterator[tuple[str, bytes]]:
    """The photos of these units, one row group in memory at a time."""
    for unit in units:
        with lake.filesystem.open_input_file(unit.path) as file:
            table = pq.ParquetFile(file).read_row_group(unit.row_group, columns=["bytes"])
        for image_id, data in zip(unit.image_ids, table["bytes"].take(list(unit.rows)), strict=True):
            yield image_id, data.as_py()


def _units(lake: Lake, path: str, wanted: set[str]) -> Iterator[PhotoUnit]:
    with lake.filesystem.open_input_file(path) as file:
        parquet = pq.ParquetFile(file)
        for group in range(parquet.num_row_groups):
            ids = np.array(
                parquet.read_row_group(group, columns=["image_id"])["image_id"].to_pylist(), object
            )
            rows = []
            for row, image_id in enumerate(ids):
                if image_id in wanted:
                    wanted.remove(image_id)  # a photo stored twice, by two crawls at once, counts once
                    rows.append(row)
            if rows:
                yield PhotoUnit(path, group, tuple(rows), tuple(ids[rows]))
