"""Reading photos back from the lake, on whichever node the reader runs.

Arguments are plain: an Arrow filesystem (which pickles) and row slices (schemas/row_slice.py). Bytes go from storage
to the decoder without passing through Ray's object store.
"""

import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow.fs as pafs
from numpy.typing import NDArray

from schemas.errors import ImageError, InputError
from schemas.image_ids import Ids, joined
from schemas.row_slice import RowSlice, cut
from workers.data.decode import decode_all

SLICE_ROWS = 256  # photos read and decoded at a time


class Decoded(NamedTuple):
    """The photos of one slice.

    ids      (N,) of all of them
    decodes  (N,) whether each is a photo
    pixels   (G, 3, size, size) uint8 of those that are, in order
    errors   why the others are none, in order
    """

    ids: Ids
    decodes: NDArray[np.bool_]
    pixels: NDArray[np.uint8]
    errors: list[ImageError]


def decoded(
    filesystem: pafs.FileSystem, slices: Iterable[RowSlice], size: int, threads: int
) -> Iterator[Decoded]:
    """Read and decode the slices, in order.

    One slice is read and decoded ahead, so that storage and decoder work while the caller computes.
    """
    with ThreadPoolExecutor(threads) as pool, ThreadPoolExecutor(1) as ahead:

        def load(one: RowSlice) -> Decoded:
            photos = one.read(filesystem, ["bytes"])["bytes"].to_pylist()
            results = decode_all(one.ids, photos, size, pool)
            errors = [result for result in results if isinstance(result, ImageError)]
            pixels = [result for result in results if not isinstance(result, ImageError)]
            stack = np.stack(pixels) if pixels else np.empty((0, 3, size, size), np.uint8)
            decodes = np.array([not isinstance(result, ImageError) for result in results], bool)
            return Decoded(one.ids, decodes, stack, errors)

        pending: Any = None
        for one in slices:
            following = ahead.submit(load, one)
            if pending is not None:
                yield pending.result()
            pending = following
        if pending is not None:
            yield pending.result()


class PixelCache:
    """Every photo decoded once: uint8 (N, 3, S, S), in memory while it fits the budget, else in a mapped file.

    Epochs read pixels and never decode JPEG again. The file has no name, so that a killed worker leaves none
    behind; the kernel takes its pages back when others need the memory, so N may exceed it.

    ids      (N,) of the photos that decode, in the order of the slices
    errors   why others do not
    budget   bytes of memory
    scratch  folder for the file; None: the system's
    Raises InputError where the scratch folder has no room either.
    """

    def __init__(
        self,
        filesystem: pafs.FileSystem,
        slices: Sequence[RowSlice],
        size: int,
        threads: int,
        budget: int = 4 << 30,
        scratch: str | None = None,
    ) -> None:
        shape = (sum(map(len, slices)), 3, size, size)
        wanted = math.prod(shape)
        self.in_memory = wanted <= budget
        pixels = np.empty(shape, np.uint8) if self.in_memory else _mapped(shape, wanted, scratch)
        self.errors: list[ImageError] = []
        ids: list[Ids] = []
        count = 0
        for some in decoded(filesystem, cut(slices, SLICE_ROWS), size, threads):
            pixels[count : count + len(some.pixels)] = some.pixels
            ids.append(some.ids[some.decodes])
            count += len(some.pixels)
            self.errors += some.errors
        self.ids = joined(ids)
        self.pixels: NDArray[np.uint8] = pixels[:count]


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
