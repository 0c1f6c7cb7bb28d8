"""infra/mall/export: garments in DeepFashion's formats, as whole folders that read back as they were drawn."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crawlers.datasets.deepfashion.opening import open_tree
from crawlers.datasets.product_file import PhotoRow
from infra.mall.catalogue import DrawnCatalogue, draw_catalogue
from infra.mall.export import consumer2shop, deepfashion_c, in_shop
from infra.mall.export.named_facts import attribute_names, attributes_of
from infra.mall.export.official_text import TYPES
from schemas.errors import InputError

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def drawn() -> DrawnCatalogue:
    return draw_catalogue(34, 5, size=(96, 120))


def rows(benchmark: str, root: Path) -> list[PhotoRow]:
    read = open_tree(benchmark, str(root), "s", cut=False).read()
    return [photo for row in read for photo in row]  # type: ignore[union-attr,misc]


def test_deepfashion_c_says_of_each_photo_what_was_drawn(drawn: DrawnCatalogue, tmp_path: Path) -> None:
    count = deepfashion_c.export([drawn], str(tmp_path / "c"))

    taken = iter(rows("deepfashion-c", tmp_path / "c"))
    width, height = drawn.size
    seen = 0
    for item in drawn.items:
        assert item.truth is not None
        for photo in item.photos:
            if item.truth.category not in TYPES or photo.view not in deepfashion_c.VIEWS:
                continue
            row, true = next(taken), drawn.annotation(item, photo)
            data = drawn.photo(item, photo)
            assert row.photo.read_bytes() == data  # type: ignore[union-attr]
            assert row.places is not None
            known = row.places.of(data)[1]
            assert known.category.replace("_", " ").lower() == item.truth.category
            assert {name.partition(": ")[2] for name in known.attributes} == attributes_of(item.truth)
            assert known.box is not None and true.box is not None
            assert known.box.left == pytest.approx(true.box.left, abs=1.01 / width)
            assert known.box.bottom == pytest.approx(true.box.bottom, abs=1.01 / height)
            assert [(mark.name, mark.visible) for mark in known.landmarks] == [
                (mark.name, mark.visible) for mark in true.landmarks
            ]
            for mine, theirs in zip(known.landmarks, true.landmarks, strict=True):
                assert (mine.x, mine.y) == pytest.approx((theirs.x, theirs.y), abs=1 / width)
            seen += 1
    assert seen == count


def test_an_item_is_on_one_side_of_every_split(drawn: DrawnCatalogue, tmp_path: Path) -> None:
    deepfashion_c.export([drawn], str(tmp_path / "c"))
    in_shop.export([drawn], str(tmp_path / "i"))
    consumer2shop.export([drawn], str(tmp_path / "s"))

    for benchmark, root, sides in (
        ("deepfashion-c", "c", ({"train"}, {"val"}, {"test"})),
        ("in-shop", "i", ({"train"}, {"query", "gallery"})),
        ("consumer2shop", "s", ({"train"}, {"val"}, {"test"})),
    ):
        splits: dict[str, set[str]] = {}
        for row in rows(benchmark, tmp_path / root):
            item = Path(row.address).parent.as_posix()
            splits.setdefault(item, set()).add(row.annotation.split)
        assert all(split in sides for split in splits.values()), benchmark
        assert {frozenset(split) for split in splits.values()} >= {frozenset({"train"}), frozenset(sides[-1])}


def test_every_attribute_of_a_drawn_garment_has_a_name() -> None:
    names = {name for name, _ in attribute_names()}

    for item in draw_catalogue(170, 8).items:
        assert item.truth is not None and attributes_of(item.truth) <= names


def test_a_folder_is_there_whole_or_not_at_all(drawn: DrawnCatalogue, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine")

    with pytest.raises(InputError, match="is there already"):
        in_shop.export([drawn], str(tmp_path / "full"))

    assert [path.name for path in tmp_path.rglob("*")] == ["full", "notes.txt"]


def test_the_command_writes_a_benchmark_and_refuses_others(tmp_path: Path) -> None:
    usual = [sys.executable, "-m", "infra.mall", "--products", "4", "--size", "96x120", "--export"]

    done = subprocess.run(
        [*usual, "in-shop", "tree"], cwd=tmp_path, env=_here(), capture_output=True, text=True
    )
    others = [
        subprocess.run([*usual, *words], cwd=tmp_path, env=_here(), capture_output=True, text=True)
        for words in (["in-shop"], ["fashion-200k", "tree2"])
    ]

    told = json.loads(done.stdout)
    assert told == {"export": "tree", "photos": len(list((tmp_path / "tree/img").rglob("*.jpg")))}
    assert [other.returncode for other in others] == [2, 2]
    assert "needs a file, or a benchmark and a folder" in others[0].stderr
    assert "there are deepfashion-c, in-shop, consumer2shop" in others[1].stderr


def _here() -> dict[str, str]:
    import os

    return dict(os.environ) | {"PYTHONPATH": str(ROOT)}
