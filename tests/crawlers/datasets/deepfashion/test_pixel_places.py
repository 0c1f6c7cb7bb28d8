"""Pixels to shares: types of clothes, variation, boxes beyond the photo, and garments cut out."""

import io

import numpy as np
import pytest
from PIL import Image

from crawlers.datasets.deepfashion.official_file import LineError
from crawlers.datasets.deepfashion.pixel_places import PixelPlaces, Point, corners_of, points_of
from schemas.annotation import Annotation


def photo(width: int = 100, height: int = 200) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "slots"), [("1", [0, 1, 2, 3, 6, 7]), ("2", [4, 5, 6, 7]), ("3", [0, 1, 2, 3, 4, 5, 6, 7])]
)
@pytest.mark.parametrize("variation", [[], ["4"]])
def test_each_type_of_clothes_has_its_landmarks_with_and_without_variation(
    kind: str, slots: list[int], variation: list[str]
) -> None:
    triples = [field for slot in slots for field in ("1", str(slot), "007")]

    points = points_of([kind, *variation, *triples])

    assert points == tuple(Point(slot, slot, 7, False) for slot in slots)


@pytest.mark.parametrize(
    "line", ["", "1 0 1 1", "2" + " 0 1 1" * 6, "9" + " 0 1 1" * 4, "2 0 a 1" + " 0 1 1" * 3]
)
def test_landmarks_that_are_none(line: str) -> None:
    with pytest.raises(LineError):
        points_of(line.split())


def test_a_box_beyond_the_photo_ends_with_it_and_one_outside_is_refused() -> None:
    known = Annotation(category="Dress", split="test")

    _, placed = PixelPlaces(known, corners=(-5, 20, 50, 400)).of(photo())

    assert placed.box is not None and placed.split == "test"
    assert (placed.box.left, placed.box.top, placed.box.right, placed.box.bottom) == (0, 0.1, 0.5, 1)
    with pytest.raises(ValueError, match="is not in the photo of 100 x 200 px"):
        PixelPlaces(known, corners=(100, 20, 150, 40)).of(photo())


def test_a_garment_that_is_cut_out_takes_its_landmarks_along() -> None:
    points = (Point(0, 30, 60, True), Point(1, 10, 10, True), Point(6, 60, 120, False))

    cut, placed = PixelPlaces(Annotation("Tee"), points, (20, 40, 60, 120), cut=True).of(photo())

    with Image.open(io.BytesIO(cut)) as image:
        assert image.size == (40, 80)
    assert placed.box is not None and (placed.box.left, placed.box.bottom) == (0, 1)
    assert [(mark.name, mark.x, mark.y) for mark in placed.landmarks] == [
        ("left collar", 0.25, 0.25),
        ("left hem", 1.0, 1.0),
    ]  # the right collar lies outside of the box


def test_a_photo_that_nobody_can_open_stays_for_others_to_refuse() -> None:
    assert PixelPlaces(Annotation("Tee"), corners=(0, 0, 5, 5), cut=True).of(b"none") == (
        b"none",
        Annotation("Tee"),
    )


@pytest.mark.parametrize("line", ["1 2 3", "1 2 3 4 5", "5 2 5 9", "1 2 x 9"])
def test_boxes_that_are_none(line: str) -> None:
    with pytest.raises(LineError):
        corners_of(line.split())
