"""Imports of benchmark folders into a lake: what is missing or broken is a reject, and no photo is lost without one."""

from pathlib import Path

import pytest

from flows.crawl.catalogue_check import check_file
from flows.crawl.import_products import import_file
from flows.parameters.crawl import ImportParameters
from infra.lake import Lake
from infra.mall.catalogue import draw_catalogue
from infra.mall.export import consumer2shop, deepfashion_c
from schemas.errors import InputError, UsageError
from tests.crawlers.datasets.deepfashion.official_folders import change


def wanted(root: Path, lake: Lake, benchmark: str = "deepfashion-c", **options: object) -> ImportParameters:
    given = {"path": str(root), "lake": lake.uri, "shop": "b", "benchmark": benchmark}
    return ImportParameters.read(given | options)


def test_missing_and_broken_photos_and_lines_are_rejects(tmp_path: Path, lake: Lake) -> None:
    root = tmp_path / "tree"
    count = deepfashion_c.export([draw_catalogue(30, 3, size=(96, 120))], str(root))
    photos = sorted((root / "img").rglob("*.jpg"))
    photos[3].unlink()
    photos[5].write_bytes(photos[5].read_bytes()[:500])
    gone = [path.relative_to(root).as_posix() for path in (photos[3], photos[5])]
    lines = (root / "Anno/list_bbox.txt").read_text().split("\n")
    outside, unread = (
        n for n in range(3, len(lines)) if lines[n - 1].split()[0] not in gone[:2] and n in (10, 20)
    )
    change(root / "Anno/list_bbox.txt", outside, " .*", " 400 10 500 20")
    change(root / "Anno/list_bbox.txt", unread, r" \S+$", "")

    result = import_file.fn(wanted(root, lake))

    run = lake.run(result["crawl_id"])
    assert (run.counts["import"].came_in, run.counts["import"].went_out) == (count, count - 4)
    assert result["read_as"].startswith(
        f"mall-deepfashion-c, {count} photos (published: 289,222), garments cut out"
    )
    rejects = {row["reason"]: row for row in lake.table(run, "rejects").to_pylist()}
    assert set(rejects) == {"file_missing", "truncated", "annotation_invalid", "row_unreadable"}
    assert gone[0] in rejects["file_missing"]["detail"]
    assert rejects["row_unreadable"]["url"] == f"Anno/list_bbox.txt line {unread}"
    assert "is not in the photo of 96 x 120 px" in rejects["annotation_invalid"]["detail"]
    known = lake.table(run, "annotations").to_pylist()
    assert len(known) == count - 4 == run.rows("images")
    assert {(row["box"]["left"], row["box"]["right"]) for row in known} == {(0.0, 1.0)}
    sizes = lake.table(run, "images", ["width", "height"]).to_pylist()
    assert all(size["width"] < 96 for size in sizes)  # cut out


def test_whole_photos_are_stored_as_they_are(tmp_path: Path, lake: Lake) -> None:
    root = tmp_path / "tree"
    consumer2shop.export([draw_catalogue(6, 3, size=(96, 120))], str(root))

    result = import_file.fn(wanted(root, lake, "consumer2shop", cut=False))

    stored = set(lake.table(lake.run(result["crawl_id"]), "images", ["bytes"])["bytes"].to_pylist())
    assert stored == {path.read_bytes() for path in (root / "img").rglob("*.jpg")}
    assert "cut out" not in result["read_as"]


def test_a_folder_that_is_none_is_refused_before_anything_starts(tmp_path: Path, lake: Lake) -> None:
    root = tmp_path / "tree"
    deepfashion_c.export([draw_catalogue(3, 3, size=(96, 120))], str(root))
    assert check_file(wanted(root, lake))["files"] == 7

    with pytest.raises(InputError, match=r"has no list_bbox_inshop\.txt"):
        check_file(wanted(root, lake, "in-shop"))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"mapping": {"title": "name"}}, "has its own files"),
        ({"benchmark": "", "cut": True}, "is for a --benchmark"),
        ({"benchmark": "fashion-200k"}, "--benchmark fashion-200k"),
    ],
)
def test_options_that_exclude_each_other(
    options: dict[str, object], why: str, tmp_path: Path, lake: Lake
) -> None:
    with pytest.raises(UsageError, match=why):
        wanted(tmp_path, lake, **options)
