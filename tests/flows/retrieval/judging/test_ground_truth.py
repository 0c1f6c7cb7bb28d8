"""flows/retrieval/judging/ground_truth.py: columns of a file, and which photos they speak of."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.retrieval.judging.ground_truth import Column, coverage, match, read_truth
from schemas.errors import InputError

ROWS = [
    {"sku": 1, "category": "dress", "colour": "red", "weight": 3},
    {"sku": 2, "category": "shirt", "colour": None, "weight": 4},
    {"sku": 3, "category": "", "colour": "blue", "weight": 5},
]


@pytest.fixture(params=["truth.parquet", "truth.csv"])
def truth(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / str(request.param)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        lines = [",".join("" if cell is None else str(cell) for cell in row.values()) for row in ROWS]
        path.write_text("\n".join([",".join(ROWS[0]), *lines]))
    return str(path)


def test_columns_are_read_by_name_and_products_without_a_value_are_left_out(truth: str) -> None:
    colour, both = read_truth(truth, "sku", ["colour", "category+colour"])

    assert (colour.name, colour.joined, colour.values) == ("colour", False, {"1": "red", "3": "blue"})
    assert (both.name, both.joined, both.values) == ("category+colour", True, {"1": "dress + red"})
    assert colour.labels == ["blue", "red"]


def test_by_default_the_usual_columns_that_are_there_are_read(truth: str) -> None:
    assert [column.name for column in read_truth(truth, "sku", None)] == ["category"]


@pytest.mark.parametrize(
    ("key", "columns", "sentence"),
    [
        ("id", ["colour"], "has no column id; it has sku"),
        ("sku", ["colour", "sleeve"], "has no column sleeve"),
        ("sku", ["colour+sleeve"], "has no column sleeve"),
    ],
)
def test_a_column_that_is_not_there_is_named(truth: str, key: str, columns: list[str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_truth(truth, key, columns)


def test_a_column_whose_own_name_holds_a_plus_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "plus.parquet"
    pq.write_table(pa.table({"sku": ["1"], "size+": ["XL+"], "a+b": ["x"], "a": ["1"], "b": ["2"]}), path)

    own, plus = read_truth(str(path), "sku", ["a+b", "size+"])

    assert (own.values, own.joined) == ({"1": "x"}, False)
    assert plus.values == {"1": "XL+"}


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_truth(str(tmp_path / "none.csv"), "sku", None)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1, but no table")
    with pytest.raises(InputError, match="that can be read"):
        read_truth(str(tmp_path / "broken.parquet"), "sku", None)


def test_photos_are_matched_by_the_first_key_that_the_file_knows() -> None:
    column = Column("colour", {"SKU-1": "red", "2": "blue"})
    keys = {"s:1": ["1", "SKU-1"], "s:2": ["2"], "s:3": ["3"]}

    matched = match(column, [("a", "s:1"), ("b", "s:2"), ("c", "s:3"), ("d", "s:1")], keys)

    assert list(zip(matched.image_ids, matched.owners, matched.values, strict=True)) == [
        ("a", "s:1", "red"), ("b", "s:2", "blue"), ("d", "s:1", "red"),
    ]  # fmt: skip
    with pytest.raises(InputError, match="names no product of the gallery"):
        match(column, [("c", "s:3")], keys)


IDS = {"s:00123": ["00123"], "s:124": ["124"], "s:125": ["125", "SKU-5"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_truth_is_read_as_an_import_reads_it(tmp_path: Path, encoding: str, between: str) -> None:
    rows = [
        ("Product ID", "Farbe", "size"),
        ("00123", "weiß", "0"),
        ("124.0", "grün", "0.0"),
        ("SKU-5", "", "7"),
    ]
    lines = "\n".join(between.join(row) for row in rows)
    (tmp_path / "t.csv").write_bytes(lines.encode(encoding))

    colour, size = read_truth(str(tmp_path / "t.csv"), "product_id", ["farbe", "size"])

    assert (
        colour.values["00123"] == "weiß" and colour.values["124"] == "grün" and "SKU-5" not in colour.values
    )
    assert (size.values["00123"], size.values["SKU-5"]) == ("0", "7")
    assert coverage(colour, IDS).named == 3


def test_floats_labels_of_zero_bytes_and_lists_of_parquet(tmp_path: Path) -> None:
    columns = {
        "sku": [1.0, 2.0, None],
        "label": [0, 1, 2],
        "tags": [["a", "b"], [], ["c"]],
        "on": [False, True, None],
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")

    label, tags, on = read_truth(str(tmp_path / "t.parquet"), "sku", ["label", "tags", "on"])

    assert label.values == {"1": "0", "2": "1"}
    assert tags.values == {"1": "a, b"}
    assert on.values == {"1": "false", "2": "true"}


def test_a_key_may_be_joined_of_two_columns_and_a_folder_is_one_file(tmp_path: Path) -> None:
    for number, colour in enumerate(("red", "blue")):
        (tmp_path / f"colour={colour}").mkdir()
        (tmp_path / f"colour={colour}" / "0.csv").write_text(f"sku,kind\nS{number},hat\n")

    (kind,) = read_truth(str(tmp_path), "sku+colour", ["kind"])

    assert kind.values == {"S0-red": "hat", "S1-blue": "hat"}


def test_products_that_the_file_does_not_name_are_told_with_three_examples() -> None:
    column = Column("colour", {}, keys=frozenset(["123", "124", "SKU-5", "126"]))

    covered = coverage(column, IDS)

    assert (covered.products, covered.named, covered.is_low) == (3, 2, True)
    assert str(covered) == "names 2 of 3 products; none of 00123, but 123, 126"
    assert not coverage(Column("c", {}, keys=frozenset(["00123", "124", "125"])), IDS).is_low
