"""infra/photo_locations.py: every photo is found once, where the newest crawl that has it keeps it."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from infra.lake import Lake
from infra.photo_locations import locate, photo_bytes
from schemas.errors import LakeError
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.image_ids import Ids, hex_of_ids, ids_of_hex
from schemas.manifest import Manifest


def photo(number: int) -> bytes:
    return b"photo %d " % number * 50


def crawled(lake: Lake, numbers: list[int], *, part_rows: int = 1_000_000) -> Manifest:
    run = lake.begin("crawl", "crawl", f"{numbers}")
    writer = run.writer(IMAGES, part_rows=part_rows)
    for number in numbers:
        usual = {
            "width": 1,
            "height": 1,
            "orientation": 1,
            "phash": 0,
            "quality": 90,
            "thumbnail": bytes(192),
        }
        texts = dict.fromkeys(("media_type", "declared_type", "url", "product_id"), "")
        robots = {"allowed": True, "noai": False, "noimageai": False}
        row = {"image_id": image_id(photo(number)), "bytes": photo(number), "robots": robots}
        writer.write_table(
            pa.Table.from_pylist([row | usual | texts | {"fetched_at": datetime.now(UTC)}], IMAGES)
        )
    run.add(IMAGES, writer.close())
    return lake.commit(run, {"shop": "s"})


def ids(numbers: list[int]) -> Ids:
    return ids_of_hex([image_id(photo(number)) for number in numbers])


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    return Lake(str(tmp_path) if request.param == "folder" else request.getfixturevalue("uri"))


def test_photos_of_several_crawls_are_found_and_read_each_once(lake: Lake) -> None:
    crawled(lake, list(range(30)), part_rows=12)
    crawled(lake, [40, 41, 5, 6])
    wanted = [41, 3, 29, 5, 11, 12, 3, 40]

    slices = locate(lake, ids(wanted))

    assert [(one.path, one.row_group) for one in slices] == sorted(
        (one.path, one.row_group) for one in slices
    )
    assert all((np.diff(one.rows) > 0).all() for one in slices)
    names = [name for one in slices for name in hex_of_ids(one.ids)]
    assert sorted(names) == sorted(set(hex_of_ids(ids(wanted))))
    assert dict(photo_bytes(lake, slices)) == {image_id(photo(n)): photo(n) for n in wanted}


def test_a_photo_that_two_crawls_store_counts_where_the_newest_has_it(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawls = [crawled(lake, [1, 3]), crawled(lake, [3, 2])]

    slices = locate(lake, ids([1, 2, 3]))

    newest = max(crawls, key=lambda crawl: crawl.run_id)  # in one second, by chance either
    (place,) = [one.path for one in slices if image_id(photo(3)) in hex_of_ids(one.ids)]
    assert place in lake.part_paths(newest, "images")
    assert sum(map(len, slices)) == 3


def test_a_photo_that_one_crawl_stores_twice_counts_once(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, [4, 4, 3, 4])

    (one,) = locate(lake, ids([3, 4]))

    assert one.rows.tolist() == [0, 2]
    assert hex_of_ids(one.ids) == hex_of_ids(ids([4, 3]))


def test_only_the_named_crawls_are_searched(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    first = crawled(lake, [1, 2])
    crawled(lake, [2, 3])

    (only,) = locate(lake, ids([2]), crawls=[first.run_id])

    assert only.path == lake.part_paths(first, "images")[0]
    with pytest.raises(LakeError, match="1 photos are in no crawl"):
        locate(lake, ids([3]), crawls=[first.run_id])


def test_a_photo_that_is_nowhere_is_named(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, [1])
    lost = sorted(hex_of_ids(ids([7, 8])))

    with pytest.raises(LakeError, match=f"2 photos are in no crawl, the first is {lost[0]}"):
        locate(lake, ids([1, 7, 8]))


def test_no_photos_lie_nowhere(tmp_path: Path) -> None:
    assert locate(Lake(str(tmp_path)), ids([])) == []


def test_a_row_group_whose_ids_cannot_be_read_is_named_unless_its_photos_lie_elsewhere(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, [1, 2])
    broken = crawled(lake, [1, 3])
    (path,) = (Path(each) for each in lake.part_paths(broken, "images"))
    whole = path.read_bytes()
    place = whole.index(image_id(photo(1)).encode()) - 30  # the page's head
    path.write_bytes(whole[:place] + b"\xff" * 30 + whole[place + 30 :])

    assert sum(map(len, locate(lake, ids([1, 2])))) == 2
    with pytest.raises(LakeError, match=r"1 photos are in no crawl, .*; row group 0 of .* cannot be read"):
        locate(lake, ids([2, 3]))
