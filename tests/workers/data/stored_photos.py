"""Small photos in a Parquet file, as a lake stores them."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from schemas.ids import image_id
from schemas.image_ids import ids_of_hex
from schemas.row_slice import RowSlice


@dataclass(frozen=True)
class Stored:
    """photos in the order of the slices, `each` to a row group."""

    photos: list[bytes]
    slices: list[RowSlice]


def stored(folder: Path, count: int, each: int, broken: tuple[int, ...] = (), seed: int = 0) -> Stored:
    """PNGs of noise, 16 x 20; those named `broken` are none."""
    random = np.random.default_rng(seed)
    photos = []
    for n in range(count):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (20, 16, 3), np.uint8)).save(file, "PNG")
        photos.append(f"no photo {seed} {n}".encode() if n in broken else file.getvalue())
    path = folder / f"images-{seed}.parquet"
    pq.write_table(pa.table({"bytes": pa.array(photos, pa.binary())}), path, row_group_size=each)
    ids = ids_of_hex([image_id(photo) for photo in photos])
    slices = []
    for group, first in enumerate(range(0, count, each)):
        here = ids[first : first + each]
        slices.append(RowSlice(str(path), group, np.arange(len(here), dtype=np.int32), here))
    return Stored(photos, slices)
