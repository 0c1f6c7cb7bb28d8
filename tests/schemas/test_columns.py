import importlib
import pkgutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import schemas
from schemas.columns import column, table_name, table_schema, table_version
from schemas.entity import entities_schema
from schemas.vector import vectors_schema, word_vectors_schema

MODULES = [
    importlib.import_module(f"schemas.{found.name}") for found in pkgutil.iter_modules(schemas.__path__)
]
TABLES = {
    table_name(value): value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, pa.Schema)
} | {table_name(made): made for made in (vectors_schema(4), word_vectors_schema(4), entities_schema(4))}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_of_every_table_says_what_it_means(table: str) -> None:
    silent = [field.name for field in TABLES[table] if not (field.metadata or {}).get(b"doc")]

    assert silent == []


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_part_file_tells_its_table_version_and_columns_to_who_opens_it_later(table: str) -> None:
    sink = pa.BufferOutputStream()

    pq.write_table(TABLES[table].empty_table(), sink)

    schema = pq.read_schema(pa.BufferReader(sink.getvalue()))
    assert (table_name(schema), table_version(schema)) == (table, table_version(TABLES[table]))
    assert schema.field(0).metadata[b"doc"] == TABLES[table].field(0).metadata[b"doc"]


def test_a_column_is_required_unless_it_is_said_to_be_optional() -> None:
    schema = table_schema(
        "t", 3, [column("a", pa.int32(), "a"), column("b", pa.int32(), "b", "px", optional=True)]
    )

    assert [field.nullable for field in schema] == [False, True]
    assert schema.field("b").metadata == {b"doc": b"b", b"unit": b"px"}


def test_a_short_vector_is_refused() -> None:
    with pytest.raises(pa.ArrowInvalid):
        pa.array([[1.0, 2.0]], vectors_schema(3).field("vector").type)
