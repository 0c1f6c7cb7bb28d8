"""Reading photos back from the lake, on whichever node the reader runs.

Arguments are plain: an Arrow filesystem (which pickles) and row slices (schemas/row_slice.py). Bytes go from storage
to the decoder without passing through Ray's object store.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow.fs as pafs
from numpy.typing import NDArray

from schemas.errors import ImageError
from schemas.image_ids import Ids
from schemas.row_slice import RowSlice
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
