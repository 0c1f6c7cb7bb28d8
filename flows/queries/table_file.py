"""The file that a query writes its rows to: Parquet, CSV or JSON lines, as its name says."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from schemas.errors import InputError, UsageError


@contextmanager
def table_file(out: str, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """Give what writes tables to the file `out`, which is there whole at the end or as it was; nowhere for "".

    Raises InputError for a name that says another format, and where the file cannot be written.
    """
    if not out:
        yield lambda table: None
        return
    path = Path(out).expanduser()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.is_dir():
            raise InputError(out, "is a folder; the name of a file is wanted")
        with temporary.open("wb") as file:
            with _writer(path, out, file, schema) as writer:
                yield writer.write_table
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise InputError(out, error.strerror or "cannot be written") from error
    finally:
        with suppress(FileNotFoundError):  # renamed away
            temporary.unlink()


class _JsonLines:
    """Writes tables as an object a line, as pyarrow's writers write theirs."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave the file open: who opened it closes it."""

    def write_table(self, table: pa.Table) -> None:
        """Write every row; times as ISO 8601."""
        for row in table.to_pylist():
            self._file.write(json.dumps(row, ensure_ascii=False, default=_said).encode() + b"\n")


def _said(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _writer(path: Path, out: str, file: BinaryIO, schema: pa.Schema) -> Any:
    """What writes tables in the format that the name of the file says; Parquet where it says none."""
    match path.suffix.lower():
        case ".csv":
            return pacsv.CSVWriter(file, schema)
        case ".jsonl" | ".ndjson":
            return _JsonLines(file)
        case ".parquet" | ".pq" | "":
            return pq.ParquetWriter(file, schema, compression="zstd")
        case other:
            raise UsageError(out, f"{other} is none that is written; name it .parquet, .csv or .jsonl")
