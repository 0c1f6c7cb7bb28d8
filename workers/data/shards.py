"""Reading photos back from the lake, on whichever node the reader runs.

Arguments are plain: an Arrow filesystem (which pickles), a path, row numbers. Bytes go from storage to
the decoder without passing through Ray's object store.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from numpy.typing import NDArray

from schemas.errors import ImageError, InputError
from workers.data.decode import decode_all

UNIT_ROWS = 256  # photos read and decoded at a time


class Unit(NamedTuple):
    """Some rows of one row group of images; see infra.photo_locations.PhotoUnit."""

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
    filesystem: pafs.FileSystem, units: Iterable[Unit], size: int, threads: int
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


@dataclass(frozen=True)
class Places:
    """Where N photos lie, as arrays: U units, the n-th with the photos `starts[n]:starts[n + 1]`.

    paths       part files within the lake's filesystem
    path        (U,) index into `paths`
    row_groups  (U,)
    starts      (U + 1,)
    rows        (N,) positions within the row group
    ids         (N,) S32, see workers/data/dataset.py
    """

    paths: tuple[str, ...]
    path: NDArray[np.int32]
    row_groups: NDArray[np.int32]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    ids: NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.rows)

    def share(self, rank: int, world: int) -> list[tuple[int, int, int]]:
        """Pieces (unit, first, last) of one worker of `world`: disjoint, exhaustive, and equal but for one photo.

        Units go round, as cards are dealt, so that every worker sees all shops; then the hands are made equal.
        """
        dealt = [unit for first in range(world) for unit in range(first, len(self.path), world)]
        begin, end = (len(self) * side // world for side in (rank, rank + 1))
        pieces, seen = [], 0
        for unit in dealt:
            size = int(self.starts[unit + 1] - self.starts[unit])
            first, last = max(begin - seen, 0), min(end - seen, size)
            if first < last:
                pieces.append((unit, first, last))
            seen += size
        return pieces

    def units(self, pieces: Iterable[tuple[int, int, int]]) -> Iterator[Unit]:
        """The pieces as what `read` takes, of at most UNIT_ROWS photos each."""
        for unit, first, last in pieces:
            for begin in range(first, last, UNIT_ROWS):
                chosen = slice(self.starts[unit] + begin, self.starts[unit] + min(begin + UNIT_ROWS, last))
                text = self.ids[chosen].tobytes().hex()
                names = tuple(text[at : at + 64] for at in range(0, len(text), 64))
                rows = tuple(self.rows[chosen].tolist())
                yield Unit(self.paths[self.path[unit]], int(self.row_groups[unit]), rows, names)


class PixelCache:
    """Every photo decoded once: uint8 (N, 3, S, S), in memory while it fits the budget, else in a mapped file.

    Epochs read pixels and never decode JPEG again. The file has no name, so that a killed worker leaves none
    behind; the kernel takes its pages back when others need the memory, so N may exceed it.

    count    photos in `units`
    budget   bytes of memory
    scratch  folder for the file; None: the system's
    Raises InputError where the scratch folder has no room either.
    """

    def __init__(
        self,
        filesystem: pafs.FileSystem,
        units: Iterable[Unit],
        count: int,
        size: int,
        threads: int,
        budget: int = 4 << 30,
        scratch: str | None = None,
    ) -> None:
        shape = (count, 3, size, size)
        wanted = 3 * size * size * count
        self.in_memory = wanted <= budget
        pixels = np.empty(shape, np.uint8) if self.in_memory else _mapped(shape, wanted, scratch)
        self.image_ids: list[str] = []
        self.errors: list[ImageError] = []
        for ids, stack, errors in pixels_of(filesystem, units, size, threads):
            pixels[len(self.image_ids) : len(self.image_ids) + len(ids)] = stack
            self.image_ids += ids
            self.errors += errors
        self.pixels: NDArray[np.uint8] = pixels[: len(self.image_ids)]


def _mapped(shape: tuple[int, ...], wanted: int, scratch: str | None) -> NDArray[np.uint8]:
    folder = scratch or tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if wanted > free:
        sizes = f"{wanted / 2**30:.1f} GiB wanted at {shape[2]} px, {free / 2**30:.1f} free"
        raise InputError(
            f"pixel cache in {folder}", f"{sizes}; set a smaller photo_size or image_size, or more workers"
        )
    with tempfile.TemporaryFile(prefix="vitrine-pixels-", dir=folder) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, wanted)  # a full disk is an error now, not a SIGBUS later
        except OSError as error:
            raise InputError(f"pixel cache in {folder}", f"no room for it ({error.strerror})") from error
        return np.memmap(file, np.uint8, "r+", shape=shape)
