"""Photos of the catalogue by their id: where each lies, its bytes, and a small copy for a card."""

import io
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from infra.lake import Lake
from infra.photo_locations import locate
from schemas.errors import ImageError, LakeError
from schemas.image_ids import ids_of_hex
from workers.data.decode import upright_rgb

SIDES = (
    160,
    480,
)  # px, longer side: of a small copy, and of one on a card (twice its width, for dense screens)
KEPT_BYTES = 64 << 20
GROUPS_KEPT = 6  # row groups of some 8 MB
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


class StoredPhotos:
    """Photos of a lake. 44 bytes of memory each, and KEPT_BYTES of small copies, those used last.

    image_ids  the photos that may be asked for, in hex
    """

    def __init__(self, lake: Lake, image_ids: Sequence[str]) -> None:
        slices = locate(lake, ids_of_hex(list(image_ids)))
        self._filesystem = lake.filesystem
        self._groups = [(one.path, one.row_group) for one in slices]
        ids = np.concatenate([one.ids for one in slices])
        order = np.argsort(ids)
        self._ids = ids[order]
        self._rows = np.concatenate([one.rows for one in slices])[order]
        self._group_of = np.repeat(np.arange(len(slices), dtype=np.int32), [len(one) for one in slices])[
            order
        ]
        self._small: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._small_bytes = 0
        self._lock = threading.Lock()
        self._column = lru_cache(GROUPS_KEPT)(self._read)

    def __contains__(self, image_id: str) -> bool:
        """Whether a photo is one of these."""
        return self._place(image_id) is not None

    def original(self, image_id: str) -> bytes:
        """Return a photo's bytes as they were crawled. Raises LakeError where it is none of these."""
        if (place := self._place(image_id)) is None:
            raise LakeError(image_id, "is no photo of this index")
        data: bytes = self._column(int(self._group_of[place]))[int(self._rows[place])].as_py()
        return data

    def small(self, image_id: str, side: int) -> bytes:
        """Return a JPEG of at most `side` px, one of SIDES. Raises LakeError as `original`, ImageError."""
        key = image_id, side
        with self._lock:
            if key in self._small:
                self._small.move_to_end(key)
                return self._small[key]
        made = reduced(image_id, self.original(image_id), side)
        with self._lock:
            if key not in self._small:
                self._small[key] = made
                self._small_bytes += len(made)
            while self._small_bytes > KEPT_BYTES:
                self._small_bytes -= len(self._small.popitem(last=False)[1])
        return made

    def _place(self, image_id: str) -> int | None:
        if len(image_id) != 64 or not set(image_id) <= set("0123456789abcdef"):
            return None
        wanted = ids_of_hex([image_id])[0]
        place = int(np.searchsorted(self._ids, wanted))
        return place if place < len(self._ids) and self._ids[place] == wanted else None

    def _read(self, group: int) -> pa.ChunkedArray:
        path, row_group = self._groups[group]
        with self._filesystem.open_input_file(path) as file:
            return pq.ParquetFile(file).read_row_group(row_group, columns=["bytes"])["bytes"]


def reduced(name: str, data: bytes, side: int) -> bytes:
    """Make a JPEG of at most `side` px of a photo: upright, on white where it is transparent. Raises ImageError."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", (side, side))
            image = upright_rgb(opened)
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
    except _UNREADABLE as error:
        raise ImageError(name, "decode", str(error)) from error
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()
