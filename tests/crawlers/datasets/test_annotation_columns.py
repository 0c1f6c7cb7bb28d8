"""Annotation columns of a catalogue file: read where their type fits, refused by row where a place is wrong."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawlers.datasets.product_file import PhotoRow, ProductFile
from schemas.annotation import BOX, LANDMARK, Annotation, Box, Landmark
from schemas.errors import InputError
from schemas.reject import Reject

POINT = {"name": "left hem", "x": 0.25, "y": 0.5, "visible": False}
SIDES = {"left": 0.0, "top": 0.25, "right": 0.5, "bottom": 1.0}


def rows(folder: Path, mapping: dict[str, str] | None = None, **columns: Any) -> list[PhotoRow | Reject]:
    count = len(next(iter(columns.values())))
    needed = {"product_id": [str(n) for n in range(count)], "title": ["t"] * count, "image": [b"x"] * count}
    path = folder / "shop.parquet"
    pq.write_table(pa.table(needed | columns), path)
    read = ProductFile(str(path), "acme", mapping).read()
    return [each for row in read for each in (row if isinstance(row, list) else [row])]


def annotation(row: PhotoRow | Reject) -> Annotation:
    assert isinstance(row, PhotoRow)
    return row.annotation


def test_what_a_row_knows_becomes_its_annotation(tmp_path: Path) -> None:
    whole, bare = rows(
        tmp_path,
        category=["Dress", None],
        attributes=[["red", "red", "long"], None],
        landmarks=pa.array([[POINT], None], pa.list_(LANDMARK)),
        box=pa.array([SIDES, None], BOX),
        domain=["Street", "shop.example"],
    )

    assert annotation(whole) == Annotation(
        "Dress",
        ("red", "long"),
        (Landmark("left hem", 0.25, 0.5, False),),
        Box(0.0, 0.25, 0.5, 1.0),
        "street",
    )
    assert annotation(bare) == Annotation()


def test_texts_stay_attributes_of_the_product_too(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, {"category": "kind"}, kind=["Dress"], attributes=["red, long"])

    assert isinstance(row, PhotoRow)
    assert row.annotation == Annotation("Dress", ("red", "long"))
    assert row.product.attributes == {"kind": "Dress", "attributes": "red, long"}


def test_a_column_of_another_type_is_not_ours_unless_it_was_mapped(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, box=["large"], landmarks=[[1.0, 2.0]])

    assert annotation(row) == Annotation()
    with pytest.raises(InputError, match="column size is no box"):
        rows(tmp_path, {"box": "size"}, size=["large"])


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("landmarks", [POINT | {"x": 230.0}], "outside the photo"),
        ("landmarks", [POINT | {"visible": None}], "whether it is visible"),
        ("landmarks", [POINT, POINT], "two landmarks of one name"),
        ("landmarks", [POINT | {"name": None}], "without a name"),
        ("landmarks", [None], "whether it is visible"),
        ("box", SIDES | {"right": None}, "None is no share"),
        ("box", SIDES | {"right": 300.0}, "not in the photo"),
    ],
)
def test_a_row_whose_places_are_wrong_is_refused(tmp_path: Path, column: str, value: Any, words: str) -> None:
    nullable = pa.struct(
        [pa.field(field.name, field.type) for field in (LANDMARK if column == "landmarks" else BOX)]
    )
    kind = pa.list_(nullable) if column == "landmarks" else nullable

    (row,) = rows(tmp_path, **{column: pa.array([value], kind)})

    assert isinstance(row, Reject)
    assert (row.reason, row.product_id) == ("annotation_invalid", "acme:0")
    assert words in row.detail
