"""The three benchmarks read from official files: what is taken, and what is wrong named by file and line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crawlers.datasets.deepfashion.opening import open_tree
from schemas.errors import InputError
from tests.crawlers.datasets.deepfashion.official_folders import WRITERS, change, read

BOXES = {
    "deepfashion-c": "list_bbox.txt",
    "in-shop": "list_bbox_inshop.txt",
    "consumer2shop": "list_bbox_consumer2shop.txt",
}
Copied = Callable[[str], Path]


@pytest.mark.parametrize("benchmark", WRITERS)
def test_every_line_is_a_photo_with_its_split(benchmark: str, originals: dict[str, Path]) -> None:
    root = originals[benchmark]
    tree = open_tree(benchmark, str(root), "s")

    taken, refused = read(benchmark, root)

    photos = list((root / "img").rglob("*.jpg"))
    assert not refused and tree.rows == len(taken) == len(photos)
    assert {row.photo for row in taken} == {path.resolve() for path in photos}
    assert all(
        row.annotation.split and row.annotation.category and row.annotation.attributes for row in taken
    )
    assert tree.benchmark == f"mall-{benchmark}"
    assert f"{len(photos)} photos (published: " in tree.taken


def test_a_photo_of_deepfashion_c_says_what_its_lines_say(copied: Copied) -> None:
    root = copied("deepfashion-c")
    image = (root / "Anno/list_bbox.txt").read_text().split("\n")[2].split()[0]
    change(root / "Anno/list_category_img.txt", 3, r"\d+$", "10")
    change(root / "Anno/list_bbox.txt", 3, " .*", "  10 20   90  120")
    change(root / "Anno/list_landmarks.txt", 3, " .*", " 3" + " 0 030 040 1 060 040 2 000 000" + " 2 0 0" * 5)
    change(root / "Anno/list_attr_img.txt", 3, " .*", " 1 0 1" + " -1" * (85 - 2))

    taken, _ = read("deepfashion-c", root, cut=False)

    row = next(row for row in taken if row.address == image)
    photo, known = row.places.of(row.photo.read_bytes())  # type: ignore[union-attr]
    assert photo == row.photo.read_bytes()  # type: ignore[union-attr]
    assert known.category == "Dress"
    assert known.attributes == ("texture: bars print", "texture: black colour")
    assert known.box is not None
    assert (known.box.left, known.box.right, known.box.bottom) == (10 / 96, 90 / 96, 1)
    assert [(mark.name, mark.x, mark.y, mark.visible) for mark in known.landmarks] == [
        ("left collar", 30 / 96, 40 / 120, True),
        ("right collar", 60 / 96, 40 / 120, False),
    ]
    assert row.product.product_id == f"s:{image}" and row.product.title == Path(image).parent.name.replace(
        "_", " "
    )


@pytest.mark.parametrize("benchmark", BOXES)
@pytest.mark.parametrize(
    ("pattern", "by", "why"),
    [
        (r" \d+$", "", "not"),
        (r"\d+$", "x9", "is 'x9', no whole number"),
        (r"\d+ (\d+)$", r"0 \1", "has no extent"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_reject_with_its_file_and_line(
    benchmark: str, pattern: str, by: str, why: str, copied: Copied
) -> None:
    root = copied(benchmark)
    image = change(root / "Anno" / BOXES[benchmark], 5, pattern, by).split()[0]

    taken, refused = read(benchmark, root)

    (reject,) = refused
    assert (reject.reason, reject.url) == ("row_unreadable", f"Anno/{BOXES[benchmark]} line 5")
    assert why in reject.detail
    assert image not in {row.address for row in taken} and len(taken) > 40


@pytest.mark.parametrize(
    ("benchmark", "file", "pattern", "by", "why"),
    [
        (
            "deepfashion-c",
            "Anno/list_category_img.txt",
            r"\d+$",
            "99",
            "the category is 99; there are 1 to 15",
        ),
        ("deepfashion-c", "Anno/list_attr_img.txt", r" -1", " 7", "has an attribute value '7'"),
        ("deepfashion-c", "Anno/list_attr_img.txt", r" -1", "", "has 85 attribute values, not 86"),
        ("deepfashion-c", "Anno/list_landmarks.txt", r" 0 ", " 5 ", "a visibility is 5"),
        ("deepfashion-c", "Anno/list_landmarks.txt", r" \d+$", "", "numbers of landmarks"),
        (
            "deepfashion-c",
            "Eval/list_eval_partition.txt",
            r"\w+$",
            "tset",
            "is no photo with one of train, val, test",
        ),
        ("in-shop", "Eval/list_eval_partition.txt", r"id_\d+ ", "id_9 ", "id_9 is no item"),
        ("in-shop", "Anno/list_landmarks_inshop.txt", r"jpg \d", "jpg 4", "the clothes type is 4"),
        (
            "consumer2shop",
            "Eval/list_eval_partition.txt",
            r"\w+$",
            "",
            "is no consumer's photo, shop's photo",
        ),
    ],
)
def test_other_lines_that_cannot_be_read(
    benchmark: str, file: str, pattern: str, by: str, why: str, copied: Copied
) -> None:
    root = copied(benchmark)
    change(root / file, 4, pattern, by)

    _, refused = read(benchmark, root)

    told = [reject for reject in refused if reject.url == f"{file} line 4"]
    assert len(told) == 1 and why in told[0].detail


def test_pairs_that_contradict_each_other_are_refused_by_their_line(copied: Copied) -> None:
    root = copied("consumer2shop")
    path = root / "Eval/list_eval_partition.txt"
    lines = path.read_text().split("\n")
    first, second = lines[2].split(), lines[3].split()
    assert first[0] == second[0]
    change(path, 4, r"\w+$", "val" if second[3] != "val" else "test")

    _, refused = read("consumer2shop", root)

    assert any(
        reject.url == "Eval/list_eval_partition.txt line 4" and "elsewhere" in reject.detail
        for reject in refused
    )


def test_files_in_another_order_give_the_same(copied: Copied) -> None:
    root = copied("deepfashion-c")
    before, _ = read("deepfashion-c", root)
    for name in ("list_bbox.txt", "list_attr_img.txt", "list_landmarks.txt"):
        head, names, *rows = (root / "Anno" / name).read_text().rstrip("\n").split("\n")
        (root / "Anno" / name).write_text("\n".join([head, names, *sorted(rows, reverse=True)]) + "\n")

    after, refused = read("deepfashion-c", root)

    assert not refused
    assert [(row.annotation, row.places) for row in after] == [(row.annotation, row.places) for row in before]


def test_a_line_about_a_photo_that_the_split_does_not_know_is_told(copied: Copied) -> None:
    root = copied("deepfashion-c")
    lines = (root / "Eval/list_eval_partition.txt").read_text().split("\n")
    lost = lines.pop(6).split()[0]
    lines[0] = str(int(lines[0]) - 1)
    (root / "Eval/list_eval_partition.txt").write_text("\n".join(lines))

    taken, refused = read("deepfashion-c", root)

    assert lost not in {row.address for row in taken}
    assert [reject.detail for reject in refused] == [f"speaks of {lost}, which the split does not know"] * 4


@pytest.mark.parametrize("benchmark", BOXES)
def test_a_count_that_does_not_hold_refuses_the_folder(benchmark: str, copied: Copied) -> None:
    root = copied(benchmark)
    path = root / "Anno" / BOXES[benchmark]
    path.write_text(path.read_text().rstrip("\n").rpartition("\n")[0] + "\n")

    with pytest.raises(
        InputError, match=rf"Anno/{BOXES[benchmark]}: says \d+ rows on line 1 and has \d+: cut off"
    ):
        open_tree(benchmark, str(root), "s")

    change(path, 1, r"\d+", "image_name")
    with pytest.raises(InputError, match="line 1: is no number of rows: 'image_name'"):
        open_tree(benchmark, str(root), "s")


def test_a_file_or_the_photos_that_are_not_there_are_named(copied: Copied, tmp_path: Path) -> None:
    root = copied("deepfashion-c")
    (root / "Anno/list_bbox.txt").unlink()
    with pytest.raises(InputError, match=r"has no list_bbox\.txt, looked for in Anno, Eval"):
        open_tree("deepfashion-c", str(root), "s")
    shutil.rmtree(root / "img")
    with pytest.raises(InputError, match="holds no folder img"):
        open_tree("deepfashion-c", str(root), "s")
    with pytest.raises(InputError, match="is no folder"):
        open_tree("in-shop", str(tmp_path / "nowhere"), "s")
    with pytest.raises(InputError, match="there are deepfashion-c, in-shop, consumer2shop"):
        open_tree("fashion-200k", str(root), "s")


def test_files_and_photos_may_lie_as_other_releases_have_them(copied: Copied) -> None:
    root = copied("in-shop")
    (root / "Img").mkdir()
    (root / "img").rename(root / "Img/img")
    for name in ("list_attr_cloth.txt", "list_attr_items.txt", "list_description_inshop.json"):
        (root / "Anno" / name).unlink()  # of later versions
    (root / "README.txt").unlink()

    taken, refused = read("in-shop", root)

    assert not refused and all(row.photo.is_file() for row in taken)  # type: ignore[union-attr]
    assert {row.annotation.attributes for row in taken} == {()}
    assert open_tree("in-shop", str(root), "s").benchmark == "in-shop"


def test_a_path_that_leads_out_of_the_folder_is_refused(copied: Copied) -> None:
    root = copied("in-shop")
    for file in (
        "Eval/list_eval_partition.txt",
        "Anno/list_bbox_inshop.txt",
        "Anno/list_landmarks_inshop.txt",
    ):
        change(root / file, 3, r"^\S+", "../../secret.jpg")

    _, (reject,) = read("in-shop", root)

    assert reject.reason == "address"


def test_what_the_shop_says_of_an_item_is_its_words(originals: dict[str, Path]) -> None:
    taken, _ = read("in-shop", originals["in-shop"])

    product = taken[0].product
    assert product.description and product.title and product.categories[0] in ("WOMEN", "MEN")
    assert {row.view for row in taken} <= {"front", "back", "zoom-in", "stand-alone"}
    assert len({row.product.product_id for row in taken}) < len(taken)


def test_consumers_are_customers_on_the_street(originals: dict[str, Path]) -> None:
    taken, _ = read("consumer2shop", originals["consumer2shop"])

    assert {(row.annotation.domain, row.view) for row in taken} == {("shop", ""), ("street", "customer")}
    assert {name.partition(": ")[0] for row in taken for name in row.annotation.attributes} >= {
        "colour",
        "pattern",
    }
