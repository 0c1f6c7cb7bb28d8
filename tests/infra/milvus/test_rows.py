"""infra/milvus/rows.py: what is sent to Milvus for one entity, and what cannot be sent."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.milvus.rows import KEY_CHARACTERS, NAMES, cut, most_bytes, rows, vector_length
from schemas.errors import VectorStoreError
from tests.infra.milvus.entities import DIM, entities


def batch(table: pa.Table) -> pa.RecordBatch:
    (whole,) = table.combine_chunks().to_batches()
    return whole


def test_a_row_holds_every_fact_its_vector_a_key_and_a_digest() -> None:
    table = entities(3)

    made = list(rows(batch(table), DIM))

    assert [{name: row[name] for name in NAMES} for row in made] == table.select(NAMES).to_pylist()
    assert [row["vector"].tolist() for row in made] == table["vector"].to_pylist()
    assert {len(row["key"]) for row in made} == {KEY_CHARACTERS}
    assert all(-(2**63) <= row["digest"] < 2**63 for row in made)


def test_a_key_depends_on_the_id_alone_and_a_digest_on_all_of_the_row() -> None:
    (first,) = rows(batch(entities(1)), DIM)

    (same,) = rows(batch(entities(1)), DIM)
    (retitled,) = rows(batch(entities(1, title=["another"])), DIM)
    (other,) = rows(batch(entities(1, entity_id=["another"])), DIM)
    (moved,) = rows(batch(entities(2).slice(1).set_column(0, "entity_id", [["0/shop:0"]])), DIM)

    assert (same["key"], same["digest"]) == (first["key"], first["digest"])
    assert retitled["key"] == first["key"] and retitled["digest"] != first["digest"]
    assert other["key"] != first["key"]
    assert moved["key"] == first["key"] and moved["digest"] != first["digest"]


def test_a_slice_of_a_table_has_the_vectors_of_its_own_rows() -> None:
    table = entities(5)

    made = list(rows(batch(table.slice(2, 2)), DIM))

    assert [row["vector"].tolist() for row in made] == table["vector"].to_pylist()[2:4]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"title": [None]}, "0/shop:0: its column title is empty"),
        ({"image_id": ["x" * 2_049]}, "image_id is longer than 2,048 bytes"),
        ({"vector": [[float("inf")] * DIM]}, "a component that is no number"),
    ],
)
def test_what_cannot_be_stored_is_named(columns: dict[str, list[object]], why: str) -> None:
    table = entities(1)
    for name, values in columns.items():
        column = table.schema.get_field_index(name)
        table = table.set_column(column, name, pa.array(values, table.schema.field(name).type))

    with pytest.raises(VectorStoreError, match=why):
        list(rows(batch(table), DIM))


def test_a_table_of_other_columns_or_without_a_fixed_vector_is_refused() -> None:
    assert vector_length("c", entities(1)) == DIM
    with pytest.raises(VectorStoreError, match=r"other columns than declared: \['colour_of_moon'\]"):
        vector_length("c", entities(1).append_column("colour_of_moon", [["grey"]]))
    with pytest.raises(VectorStoreError, match="no column vector of fixed length"):
        vector_length("c", entities(1).drop_columns(["vector"]))
    with pytest.raises(VectorStoreError, match="has no vector of 8 components"):
        list(rows(batch(entities(1)), 8))


@pytest.mark.parametrize("name", NAMES)
def test_a_text_never_exceeds_the_bytes_of_its_column(name: str) -> None:
    assert most_bytes(name) <= 65_535  # a VARCHAR of Milvus


@given(st.text(), st.integers(0, 20))
def test_a_cut_keeps_whole_characters(text: str, most: int) -> None:
    short = cut(text, most)

    assert text.startswith(short)
    assert len(short.encode()) <= most
    assert short == text or len(text[: len(short) + 1].encode()) > most
