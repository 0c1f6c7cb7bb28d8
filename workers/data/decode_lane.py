"""Photos read and decoded by Ray Data's tasks, window after window, while the windows before are learnt from.

What is decoded travels through Ray's object store, a bounded amount of it: a lane holds at most the window that is
used, the one that is filled, and IN_FLIGHT bytes on their way; its tasks wait when these are full.
"""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
from numpy.typing import NDArray

from schemas.errors import ImageError
from schemas.image_ids import ID_BYTES, joined
from schemas.row_slice import RowSlice, cut, slices_of_table, table_of_slices
from workers.data.decode import Pixels, decode_all

IN_FLIGHT = 256 << 20
TASK_BYTES = 16 << 20  # pixels that a task leaves, at most: as large a piece as keeps several tasks at work


@dataclass(frozen=True)
class Window:
    """Some photos of a shard, decoded.

    photos  (N,) their places in the shard, ascending
    pixels  (N, 3, S, S) uint8; without meaning where a photo does not decode
    decodes (N,) whether each is a photo
    """

    photos: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    decodes: NDArray[np.bool_]


class DecodeLane:
    """Reads the photos of a shard, `size` px wide.

    slices  where they lie; a photo's place in the shard is its place in these
    tasks   that decode at a time, beside one that waits for its turn, or cores would stand still between two. They
            reserve no CPU of Ray's: workers that have reserved all would wait for them for ever.
    """

    def __init__(
        self, filesystem: pafs.FileSystem, slices: Sequence[RowSlice], size: int, tasks: int
    ) -> None:
        self.filesystem, self.size, self.tasks = filesystem, size, tasks
        self.slices = list(slices)
        self._starts = np.r_[0, np.cumsum([len(one) for one in slices])].astype(np.int64)

    @property
    def groups(self) -> NDArray[np.int64]:
        """(N,) number of the slice, which lies in one row group, of each photo."""
        return np.repeat(np.arange(len(self.slices)), np.diff(self._starts))

    def windows(self, wanted: Sequence[NDArray[np.int64]]) -> Iterator[Window]:
        """These photos (N,), ascending in each window, one window filled ahead."""
        if not wanted:
            return
        done = Event()
        with ThreadPoolExecutor(1, "windows") as filling, closing(self._filled(wanted, done)) as windows:
            pending = filling.submit(next, windows, None)
            try:
                while (window := pending.result()) is not None:
                    pending = filling.submit(next, windows, None)
                    yield window
            finally:
                done.set()
                pending.exception()  # it is filled no further; nobody wants it

    def _filled(self, wanted: Sequence[NDArray[np.int64]], done: Event) -> Generator[Window, None, None]:
        most = max(1, TASK_BYTES // (3 * self.size**2))
        pieces = [list(cut(self._slices_of(photos), most)) for photos in wanted]
        blocks = self._blocks([piece for some in pieces for piece in some])
        for photos, some in zip(wanted, pieces, strict=True):
            pixels = np.empty((len(photos), 3, self.size, self.size), np.uint8)
            decodes = np.empty(len(photos), bool)
            first = 0
            for piece in some:
                if done.is_set():
                    return
                block = next(blocks)
                assert block["ids"].tobytes() == piece.ids.tobytes(), (
                    "Ray Data gave its blocks in another order"
                )
                here = slice(first, first := first + len(piece))
                pixels[here], decodes[here] = block["pixels"], block["decodes"]
            yield Window(photos, pixels, decodes)

    def _slices_of(self, photos: NDArray[np.int64]) -> Iterator[RowSlice]:
        bounds = np.searchsorted(photos, self._starts)
        for number in np.flatnonzero(np.diff(bounds)):
            whole, here = self.slices[number], photos[bounds[number] : bounds[number + 1]]
            rows = here - self._starts[number]
            yield RowSlice(whole.path, whole.row_group, whole.rows[rows], whole.ids[rows])

    def _blocks(self, pieces: Sequence[RowSlice]) -> Iterator[dict[str, Any]]:
        """The photos of each piece, in order."""
        from ray.data import DataContext, ExecutionResources, TaskPoolStrategy, from_arrow

        context = DataContext.get_current().copy()
        context.execution_options.preserve_order = True
        context.execution_options.resource_limits = ExecutionResources.for_limits(
            object_store_memory=IN_FLIGHT
        )
        with DataContext.current(context):
            lane = from_arrow([table_of_slices([piece]) for piece in pieces]).map_batches(
                partial(decoded_photos, filesystem=self.filesystem, size=self.size),
                batch_size=1,
                batch_format="pyarrow",
                num_cpus=0,
                compute=TaskPoolStrategy(size=self.tasks + 1),
            )
        batches = lane.iter_torch_batches(batch_size=None, prefetch_batches=1, device="cpu")
        yield from ({name: column.numpy() for name, column in batch.items()} for batch in batches)


def decoded_photos(batch: pa.Table, filesystem: pafs.FileSystem, size: int) -> dict[str, NDArray[Any]]:
    """What a task does: ids (N, 32), pixels (N, 3, size, size) and decodes (N,) of the photos of rows of ROW_SLICES."""
    slices = slices_of_table(batch)
    found: list[Pixels | ImageError] = []
    for one in slices:
        photos = one.read(filesystem, ["bytes"])["bytes"].to_pylist()
        found += decode_all(one.ids, photos, size)
    decodes = np.array([not isinstance(photo, ImageError) for photo in found], bool)
    pixels = np.zeros((len(found), 3, size, size), np.uint8)
    for place, photo in enumerate(found):
        if not isinstance(photo, ImageError):
            pixels[place] = photo
    ids = np.frombuffer(joined(one.ids for one in slices).tobytes(), np.uint8).reshape(-1, ID_BYTES)
    return {"ids": ids, "pixels": pixels, "decodes": decodes}
