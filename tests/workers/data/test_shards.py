"""workers/data/shards.py: the shares of several workers, and pixels decoded once."""

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
from workers.data.dataset import ids_of_hex
from workers.data.decode import decode
from workers.data.shards import PixelCache, Places, Unit


def sha(name: str) -> str:
    return image_id(name.encode())


def places(sizes: list[int]) -> Places:
    total = sum(sizes)
    return Places(
        ("one", "two"),
        np.array([n % 2 for n in range(len(sizes))], np.int32),
        np.arange(len(sizes), dtype=np.int32),
        np.r_[0, np.cumsum(sizes)],
        np.concatenate([np.arange(size, dtype=np.int32) for size in sizes]),
        ids_of_hex([sha(str(n)) for n in range(total)]),
    )


@pytest.mark.parametrize("world", [1, 2, 3, 5])
@pytest.mark.parametrize("sizes", [[600, 10, 300, 1, 7], [3], [1, 1, 1, 1, 1]])
def test_shards_are_disjoint_exhaustive_and_equal_but_for_one(sizes: list[int], world: int) -> None:
    whole = places(sizes)

    shards = [list(whole.units(whole.share(rank, world))) for rank in range(world)]

    held = [[image_id for unit in shard for image_id in unit.image_ids] for shard in shards]
    assert sorted(image_id for shard in held for image_id in shard) == sorted(
        sha(str(n)) for n in range(sum(sizes))
    )
    assert max(map(len, held)) - min(map(len, held)) <= 1
    where = {
        (unit.row_group, row): image_id
        for shard in shards
        for unit in shard
        for row, image_id in zip(unit.rows, unit.image_ids, strict=True)
    }
    first = np.r_[0, np.cumsum(sizes)]
    assert all(image_id == sha(str(first[group] + row)) for (group, row), image_id in where.items())


@pytest.fixture
def stored(tmp_path: Path) -> tuple[list[bytes], list[Unit]]:
    """Nine photos in three row groups; the fifth is none."""
    random = np.random.default_rng(0)
    photos = []
    for n in range(9):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (20, 16, 3), np.uint8)).save(file, "PNG")
        photos.append(b"no photo" if n == 4 else file.getvalue())
    path = tmp_path / "images.parquet"
    pq.write_table(pa.table({"bytes": pa.array(photos, pa.binary())}), path, row_group_size=3)
    units = [
        Unit(str(path), group, (0, 1, 2), tuple(image_id(p) for p in photos[3 * group : 3 * group + 3]))
        for group in range(3)
    ]
    return photos, units


@pytest.mark.parametrize("budget", [9 * 3 * 8 * 8, 0])
def test_photos_are_decoded_once_in_memory_or_in_a_file_without_a_name(
    stored: tuple[list[bytes], list[Unit]], budget: int, tmp_path: Path
) -> None:
    photos, units = stored
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    cache = PixelCache(pafs.LocalFileSystem(), units, 9, 8, 1, budget, str(scratch))

    good = [photo for n, photo in enumerate(photos) if n != 4]
    assert cache.in_memory is bool(budget)
    assert isinstance(cache.pixels, np.memmap) is not bool(budget)
    assert cache.image_ids == [image_id(photo) for photo in good]
    assert [error.image for error in cache.errors] == [image_id(photos[4])]
    np.testing.assert_array_equal(cache.pixels, np.stack([decode("", photo, 8) for photo in good]))
    assert not list(scratch.iterdir())


def test_no_room_for_the_pixels_is_one_line(stored: tuple[list[bytes], list[Unit]], tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"pixel cache in .*GiB wanted at 4096 px, .* free; set a smaller"
    ) as e:
        PixelCache(pafs.LocalFileSystem(), stored[1], 10**9, 4096, 1, 0, str(tmp_path))

    assert "\n" not in str(e.value)
