"""schemas/annotation.py: places lie in the photo, and an annotation is a row of the declared table."""

import pyarrow as pa
import pytest

from schemas.annotation import Annotation, Box, Landmark
from schemas.label import ANNOTATIONS

WHOLE = Annotation(
    "dress", ("sleeve: short",), (Landmark("left hem", 0.25, 1.0, False),), Box(0.0, 0.25, 0.5, 1.0), "street"
)


@pytest.mark.parametrize("annotation", [WHOLE, Annotation(), Annotation(domain="shop")])
def test_an_annotation_survives_its_table(annotation: Annotation) -> None:
    row = {"product_id": "s:1", "image_id": "a" * 64} | annotation.facts()

    (kept,) = pa.Table.from_pylist([row], ANNOTATIONS).to_pylist()

    assert kept | {"attributes": tuple(kept["attributes"]), "landmarks": tuple(kept["landmarks"])} == row


def test_an_annotation_that_says_nothing_is_false() -> None:
    assert not Annotation()
    assert WHOLE and Annotation(category="dress") and Annotation(box=Box(0, 0, 1, 1))


@pytest.mark.parametrize(("x", "y"), [(-0.01, 0.5), (0.5, 1.01), (float("nan"), 0.5), (230.0, 118.0)])
def test_a_landmark_outside_the_photo_is_refused(x: float, y: float) -> None:
    with pytest.raises(ValueError, match=r"landmark left hem at .* is outside the photo"):
        Landmark("left hem", x, y)


@pytest.mark.parametrize(
    "sides", [(0.5, 0, 0.5, 1), (0, 0.9, 1, 0.1), (0, 0, 1, 1.2), (0, float("nan"), 1, 1)]
)
def test_a_box_without_extent_or_outside_the_photo_is_refused(sides: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="is not in the photo"):
        Box(*sides)


def test_two_landmarks_of_one_name_a_nameless_one_and_an_unknown_domain_are_refused() -> None:
    with pytest.raises(ValueError, match="two landmarks of one name"):
        Annotation(landmarks=(Landmark("hem", 0, 0), Landmark("hem", 1, 1)))
    with pytest.raises(ValueError, match="without a name"):
        Landmark("", 0, 0)
    with pytest.raises(ValueError, match="domain web is none of shop, street"):
        Annotation(domain="web")
