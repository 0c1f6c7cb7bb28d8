"""flows/learn/shown_photos.py: who shows which photo is what the crawls say, and looks are found in any crawl."""

from pathlib import Path

import numpy as np

from flows.learn.shown_photos import NO_PHOTO, SEEN, ShownPhotos
from infra.lake import Lake
from schemas.ids import image_id
from schemas.image_ids import hex_of_ids
from tests.flows.crawled_lake import FIRST_IMAGES, crawled


def test_every_row_has_a_place_and_every_photo_an_owner(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    one = crawled(lake, "s", {"a": ("red", ["x", "", "y", "x"]), "b": ("red", []), "c": ("red", [""])})
    two = crawled(lake, "s", {"c": ("red", ["z"]), "a": ("red", ["w"]), "d": ("red", ["y", "w"])}, seed=1)

    shown = ShownPhotos.of(lake, [lake.run(one), lake.run(two)])

    assert shown.place.tolist() == [0, NO_PHOTO, NO_PHOTO, SEEN, SEEN, 1]
    assert shown.product_ids.to_pylist() == ["s:a", "s:d"]
    names = hex_of_ids(shown.photo_ids)
    assert names == sorted(image_id(name.encode()) for name in "xyw")
    pairs = [(owner, names[photo]) for owner, photo in zip(shown.owners, shown.photos, strict=True)]
    assert pairs == [
        (owner, image_id(name.encode())) for owner, name in ((0, "x"), (0, "y"), (0, "x"), (1, "y"), (1, "w"))
    ]


def test_looks_come_from_whichever_crawl_stored_the_photo(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "old", {"a": ("red", ["x"])}, images_schema=FIRST_IMAGES)
    new = crawled(lake, "new", {"a": ("red", ["x", "y"])}, seed=1)

    shown = ShownPhotos.of(lake, [lake.run(new)])
    features = shown.features(lake)

    rows = {
        row["image_id"]: row
        for crawl in lake.runs("crawl")
        for row in lake.table(crawl, "images", ["image_id", "phash", "thumbnail"]).to_pylist()
    }
    for name, phash, thumbnail in zip(
        hex_of_ids(shown.photo_ids), features.hashes, features.thumbnails, strict=True
    ):
        assert (rows[name]["phash"], rows[name]["thumbnail"]) == (phash, thumbnail.tobytes())
    assert not np.isnan(features.aspects).any()


def test_crawls_without_a_stored_photo_show_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    bare = crawled(lake, "s", {"a": ("red", [""])})

    shown = ShownPhotos.of(lake, [lake.run(bare)])

    assert shown.place.tolist() == [NO_PHOTO]
    assert not len(shown.photo_ids) and not len(shown.features(lake).hashes)
