"""One way to declare a column: name, type, what it means, in what unit.

The words travel in the Parquet file itself, as field metadata `doc` and `unit`, so that whoever
opens a part file years later needs nothing else.
"""

import pyarrow as pa

TIME = pa.timestamp("ms", tz="UTC")


def column(name: str, kind: pa.DataType, doc: str, unit: str = "", *, optional: bool = False) -> pa.Field:
    """A field that says its meaning and unit; columns are required unless `optional`."""
    metadata = {"doc": doc} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, nullable=optional, metadata=metadata)


def table_schema(name: str, version: int, columns: list[pa.Field]) -> pa.Schema:
    """The schema of table `name`; `version` rises when a column is added or means something else."""
    return pa.schema(columns, metadata={"table": name, "version": str(version)})


def table_name(schema: pa.Schema) -> str:
    """The declared name of a table's schema."""
    return str(schema.metadata[b"table"].decode())


def table_version(schema: pa.Schema) -> int:
    """The declared version of a table's schema."""
    return int(schema.metadata[b"version"])
