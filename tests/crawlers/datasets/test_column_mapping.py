"""crawlers/datasets/column_mapping.py: whose columns are whose."""

import pyarrow as pa
import pytest

from crawlers.datasets.column_mapping import Source, fitting, named, sources_of
from crawlers.datasets.table_rows import Unreadable
from schemas.errors import InputError

COLUMNS = ("Product_ID", " title", "IMAGE", "List Price", "cats", "labels", "a:b", "Title")


def test_names_are_found_whatever_their_case_and_blanks_and_exact_ones_first() -> None:
    sources = sources_of("f", COLUMNS, {})

    assert {name: source.columns[0] for name, source in sources.items()} == {
        "product_id": "Product_ID", "title": " title", "image": "IMAGE", "list_price": "List Price",
    }  # fmt: skip
    assert named(("Title", "title"), "title") == "title"


def test_a_mapped_column_may_be_cut_and_its_own_name_may_hold_what_cuts() -> None:
    mapping = {"categories": "cats:json", "tags": "labels:|", "image": "a:b", "brand": "A:B"}

    sources = sources_of("f", COLUMNS, mapping)

    assert (sources["categories"], sources["tags"]) == (Source(("cats",), "json"), Source(("labels",), "|"))
    assert sources["image"] == sources["brand"] == Source(("a:b",))


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ({"list_prise": "cats"}, "there is no list_prise"),
        ({"tags": "label:|"}, "has no column label to map to tags"),
        ({"colour": "labels:|"}, "has no column labels:| to map to colour"),
    ],
)
def test_a_mapping_to_nothing_is_refused(mapping: dict[str, str], why: str) -> None:
    with pytest.raises(InputError) as caught:
        sources_of("f", COLUMNS, mapping)

    assert why in str(caught.value)


def test_a_cell_that_cannot_be_read_is_no_part_of_a_joined_one() -> None:
    source = Source(("a", "b"))

    assert source.cell({"a": "1", "b": 2.0}) == "1-2"
    assert source.cell({"a": "1"}) == "1"
    assert source.cell({"a": "1", "b": Unreadable("x")}) == Unreadable("x")


def test_a_column_of_another_type_is_no_annotation() -> None:
    sources = {"box": Source(("Box",)), "title": Source(("t",))}

    assert set(fitting("f", {"Box": pa.int64()}, sources)) == {"title"}
    with pytest.raises(InputError, match="column edge is no box"):
        fitting("f", {"edge": pa.int64()}, {"box": Source(("edge",))})
