"""Reading photos back from the lake, on whichever node the reader runs.

Arguments are plain: an Arrow filesystem (which pickles), a path, row numbers. Bytes go from storage to
the decoder without passing through Ray's object store.
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from numpy.typing import NDArray

from schemas.errors import ImageError
from workers.decode import decode_all


class Unit(NamedTuple):
    """Some rows of one row group of images; see infra.photos.PhotoUnit."""

    path: str
    row_group: int
    rows: tuple[int, ...]
    image_ids: tuple[str, ...]


def read(filesystem: pafs.FileSystem, unit: Unit) -> list[tuple[str, bytes]]:
    """The (image_id, bytes) of a unit's rows."""
    with filesystem.open_input_file(unit.path) as file:
        table = pq.ParquetFile(file).read_row_group(unit.row_group, columns=["bytes"])
    return list(zip(unit.image_ids, table["bytes"].take(list(unit.rows)).to_pylist(), strict=True))


def pixels_of(
    filesystem: pafs.FileSystem, units: Sequence[Unit], size: int, threads: int
) -> Iterator[tuple[list[str], NDArray[np.uint8], list[ImageError]]]:
    """Per unit: ids and pixels (N, 3, size, size) of what decodes, and the errors of what does not.

    One unit is read and decoded ahead, so that storage and decoder work while the caller computes.
    """
    with ThreadPoolExecutor(threads) as pool, ThreadPoolExecutor(1) as ahead:

        def load(unit: Unit) -> tuple[list[str], NDArray[np.uint8], list[ImageError]]:
            photos = read(filesystem, unit)
            results = decode_all(photos, size, pool)
            good = [
                (photo[0], pixels)
                for photo, pixels in zip(photos, results, strict=True)
                if not isinstance(pixels, ImageError)
            ]
            errors = [result for result in results if isinstance(result, ImageError)]
            stack = (
                np.stack([pixels for _, pixels in good]) if good else np.empty((0, 3, size, size), np.uint8)
            )
            return [image_id for image_id, _ in good], stack, errors

        pending: Any = None
        for unit in units:
            following = ahead.submit(load, unit)
            if pending is not None:
                yield pending.result()
            pending = following
        if pending is not None:
            yield pending.result()


class PixelCache:
    """Every photo of a shard decoded once: uint8 (N, 3, S, S) in a temporary file, mapped into memory.

    Epochs read pixels from the page cache and never decode JPEG again; memory that others need is
    taken back by the kernel, so N may exceed it.
    """

    def __init__(self, filesystem: pafs.FileSystem, units: Sequence[Unit], size: int, threads: int) -> None:
        total = sum(len(unit.rows) for unit in units)
        self._file = tempfile.TemporaryFile(prefix="vitrine-pixels-")  # noqa: SIM115  lives as long as the map
        self.image_ids: list[str] = []
        self.errors: list[ImageError] = []
        for ids, stack, errors in pixels_of(filesystem, units, size, threads):
            self.image_ids += ids
            self.errors += errors
            self._file.write(stack.tobytes())
        self._file.flush()
        shape = (len(self.image_ids), 3, size, size)
        self.pixels: NDArray[np.uint8] = (
            np.memmap(self._file, np.uint8, "r", shape=shape)
            if total and self.image_ids
            else np.empty(shape, np.uint8)
        )
