"""workers/data/shards.py: slices of the lake read and decoded in order, and pixels decoded once."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
from PIL import Image

from schemas.errors import InputError
from schemas.ids import image_id
from schemas.image_ids import hex_of_ids, ids_of_hex
from schemas.row_slice import RowSlice
from workers.data.decode import decode
from workers.data.shards import PixelCache, decoded


@pytest.fixture
def stored(tmp_path: Path) -> tuple[list[bytes], list[RowSlice]]:
    """Nine photos in three row groups; the fifth is none."""
    random = np.random.default_rng(0)
    photos = []
    for n in range(9):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (20, 16, 3), np.uint8)).save(file, "PNG")
        photos.append(b"no photo" if n == 4 else file.getvalue())
    path = tmp_path / "images.parquet"
    pq.write_table(pa.table({"bytes": pa.array(photos, pa.binary())}), path, row_group_size=3)
    ids = ids_of_hex([image_id(photo) for photo in photos])
    slices = [
        RowSlice(str(path), group, np.arange(3, dtype=np.int32), ids[3 * group : 3 * group + 3])
        for group in range(3)
    ]
    return photos, slices


@pytest.mark.parametrize("threads", [1, 3])
def test_every_photo_comes_in_order_as_pixels_or_as_an_error(
    stored: tuple[list[bytes], list[RowSlice]], threads: int
) -> None:
    photos, slices = stored

    found = list(decoded(pafs.LocalFileSystem(), slices, 8, threads))

    assert [hex_of_ids(some.ids) for some in found] == [hex_of_ids(one.ids) for one in slices]
    assert [some.decodes.tolist() for some in found] == [[True] * 3, [True, False, True], [True] * 3]
    assert [error.image for some in found for error in some.errors] == [image_id(photos[4])]
    for number, some in enumerate(found):
        good = [photo for photo in photos[3 * number : 3 * number + 3] if photo != b"no photo"]
        np.testing.assert_array_equal(some.pixels, np.stack([decode("", photo, 8) for photo in good]))


@pytest.mark.parametrize("budget", [9 * 3 * 8 * 8, 0])
def test_photos_are_decoded_once_in_memory_or_in_a_file_without_a_name(
    stored: tuple[list[bytes], list[RowSlice]], budget: int, tmp_path: Path
) -> None:
    photos, slices = stored
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    cache = PixelCache(pafs.LocalFileSystem(), slices, 8, 1, budget, str(scratch))

    good = [photo for n, photo in enumerate(photos) if n != 4]
    assert cache.in_memory is bool(budget)
    assert isinstance(cache.pixels, np.memmap) is not bool(budget)
    assert hex_of_ids(cache.ids) == [image_id(photo) for photo in good]
    assert [error.image for error in cache.errors] == [image_id(photos[4])]
    np.testing.assert_array_equal(cache.pixels, np.stack([decode("", photo, 8) for photo in good]))
    assert not list(scratch.iterdir())


def test_no_room_for_the_pixels_is_one_line(
    stored: tuple[list[bytes], list[RowSlice]], tmp_path: Path
) -> None:
    with pytest.raises(
        InputError, match=r"pixel cache in .*GiB wanted at 100000000 px, .* free; set a smaller"
    ) as e:
        PixelCache(pafs.LocalFileSystem(), stored[1], 10**8, 1, 0, str(tmp_path))

    assert "\n" not in str(e.value)
