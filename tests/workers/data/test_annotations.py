"""workers/data/annotations.py: the table's rows as columns of the photos to learn from."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.ids import image_id
from schemas.image_ids import ids_of_hex
from schemas.label import ANNOTATIONS
from workers.contract import LabelSpace
from workers.data.annotations import PHOTO_SIZE, annotated, annotation_names, placed_in_square
from workers.data.dataset import Dataset

READS = ("category", "attributes", "landmarks", "box", "domain")
NAMES = LabelSpace(("red",), ("dress", "shirt"), ("dotted", "plain"), ("left hem", "neck"))


def sha(name: str) -> str:
    return image_id(name.encode())


def point(name: str, x: float, y: float, visible: bool = True) -> dict[str, Any]:
    return {"name": name, "x": x, "y": y, "visible": visible}


def row(photo: str, **known: Any) -> dict[str, Any]:
    nothing = {"category": "", "attributes": [], "landmarks": [], "box": None, "domain": ""}
    return {"product_id": "s:1", "image_id": sha(photo)} | nothing | known


ROWS = [
    row("a", category="shirt", landmarks=[point("neck", 0.5, 0.25), point("left hem", 0, 1, False)]),
    row("held out", category="skirt", attributes=["velvet"], landmarks=[point("waist", 0, 0)]),
    row("b", domain="street", box={"left": 0.0, "top": 0.5, "right": 1.0, "bottom": 1.0}),
    row(
        "a", category="dress", attributes=["plain", "dotted"], landmarks=[point("neck", 1, 1)], domain="shop"
    ),
    row("a", attributes=["plain"]),
]


@pytest.fixture
def photos() -> Dataset:
    ids = np.sort(ids_of_hex([sha(name) for name in "abc"]))
    return Dataset(ids, {PHOTO_SIZE: np.array([[60, 30]] * 3, np.int32)})


def batches(size: int) -> list[pa.RecordBatch]:
    return pa.Table.from_pylist(ROWS, ANNOTATIONS).to_batches(max_chunksize=size)


def of(photos: Dataset, name: str, photo: str) -> Any:
    return photos.dense(name)[photos.find(ids_of_hex([sha(photo)]))[0]]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_names_are_those_of_the_photos_learnt_from_and_of_what_is_read(photos: Dataset, size: int) -> None:
    assert annotation_names(batches(size), photos, ("red",), READS) == NAMES
    assert annotation_names(batches(size), photos, ("red",), ("attributes",)) == LabelSpace(
        ("red",), attributes=("dotted", "plain")
    )


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_first_row_that_says_something_counts(photos: Dataset, size: int) -> None:
    known = annotated(photos, batches(size), NAMES, READS)

    assert [of(known, "category", photo) for photo in "abc"] == [1, -1, -1]
    assert [of(known, "domain", photo) for photo in "abc"] == [0, 1, -1]
    np.testing.assert_allclose(of(known, "landmarks", "a"), [[0, 1, 0], [0.5, 0.25, 1]])
    assert (of(known, "landmarks", "b")[:, 2] == -1).all()
    np.testing.assert_allclose(of(known, "box", "b"), [0, 0.5, 1, 1])
    assert np.isnan(of(known, "box", "a")).all()
    attributes = known.sparse("attributes")
    assert attributes.take(known.find(ids_of_hex([sha("a"), sha("c")]))).counts.tolist() == [2, 0]


def test_columns_that_are_not_read_are_not_there(photos: Dataset) -> None:
    assert set(annotated(photos, batches(5), NAMES, ("domain",)).columns) == {"domain", PHOTO_SIZE}


def test_places_are_put_into_the_square_and_the_sizes_go(photos: Dataset) -> None:
    placed = placed_in_square(
        annotated(photos, batches(5), NAMES, READS), 40
    )  # 60 x 30: 40 x 20 in the middle

    np.testing.assert_allclose(of(placed, "landmarks", "a"), [[-1, 0.5, 0], [0, -0.25, 1]])
    np.testing.assert_allclose(of(placed, "box", "b"), [-1, 0, 1, 0.5])
    assert PHOTO_SIZE not in placed.columns


def test_without_photos_or_rows_nothing_is_known(photos: Dataset) -> None:
    none = photos.take(np.empty(0, np.int64))

    assert annotation_names(batches(5), none, (), READS) == LabelSpace()
    assert annotated(photos, [], NAMES, READS).dense("category").tolist() == [-1, -1, -1]
