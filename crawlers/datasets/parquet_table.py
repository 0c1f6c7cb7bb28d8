"""Parquet -> rows. What no Python value can hold is read as Arrow writes it, or told of by its cell."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawlers.datasets.table_rows import Numbered, Unreadable, breaks_off, told_apart
from schemas.errors import InputError

BATCH_ROWS = 200
# A year that datetime does not have, a text that is no UTF-8, a zone that nobody knows.
_ODD = (ValueError, OverflowError, TypeError, KeyError, NotImplementedError, OSError, pa.ArrowException)


class ParquetTable:
    """A Parquet file; raises InputError where it is none."""

    def __init__(self, path: Path, shown: str) -> None:
        self._path, self._shown = path, shown
        try:
            with pq.ParquetFile(path) as file:
                schema = file.schema_arrow
                self.rows: int | None = file.metadata.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            why = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise InputError(shown, f"is not Parquet that can be read ({why})") from error
        self.columns = told_apart(schema.names)
        self.types: Mapping[str, pa.DataType] = dict(zip(self.columns, schema.types, strict=True))
        self.taken, self.counted = "Parquet", "row"
        self._stored = dict(zip(self.columns, schema.names, strict=True))

    def read(self, columns: Sequence[str]) -> Iterator[Numbered]:
        """Read these columns of every row, in order, with its number. Raises InputError where the file breaks off."""
        number = 0
        stored = list(dict.fromkeys(self._stored[name] for name in columns))
        try:
            with pq.ParquetFile(self._path) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=stored):
                    values = self._by_name(batch)
                    for row in range(batch.num_rows):
                        yield number + row + 1, {name: values[name][row] for name in columns}
                    number += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise breaks_off(self._shown, number, error) from error

    def _by_name(self, batch: pa.RecordBatch) -> dict[str, list[Any]]:
        """Read a batch by our names: columns of one name come in the order of the file."""
        ours: dict[str, list[str]] = {}
        for name in reversed(self.columns):
            ours.setdefault(self._stored[name], []).append(name)
        return {
            ours[stored].pop(): _values(column)
            for stored, column in zip(batch.schema.names, batch.columns, strict=True)
        }


def _values(column: pa.Array) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except _ODD:
        values = [_value(cell) for cell in column]
    return values


def _value(cell: pa.Scalar) -> Any:
    try:
        return cell.as_py()
    except _ODD as error:
        why = str(error)[:200]
    try:
        return cell.cast(pa.string()).as_py()
    except _ODD:
        return Unreadable(f"{cell.type}: {why}")
