"""A table on disk, whatever it is kept in: Parquet, JSON lines, or text with separators, plain or gzipped.

The one reader of what users bring: `vitrine import` and `evaluate --truth` see the same columns, ids and labels.
What cannot be read is told by row or by cell and ends nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from crawlers.datasets.catalogue_paths import CataloguePart, parts_of
from crawlers.datasets.delimited_table import DelimitedTable
from crawlers.datasets.json_lines import JsonLines
from crawlers.datasets.parquet_table import ParquetTable
from crawlers.datasets.table_rows import Numbered, Row, gzipped, opened
from crawlers.datasets.text_encoding import known_delimiter, known_encoding
from schemas.errors import InputError

_OTHER = (
    (b"PK\x03\x04", "is a ZIP archive or a workbook; unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook; save the sheet as CSV"),
    (b"SQLite format 3\0", "is an SQLite database; export the table as CSV"),
    (b"BZh", "is packed with bzip2; unpack it, or pack it with gzip"),
    (b"\xfd7zXZ\0", "is packed with xz; unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd; unpack it, or pack it with gzip"),
    (b"%PDF", "is a PDF"),
    (b"ARROW1", "is an Arrow file; write it as Parquet"),
)


class Table(Protocol):
    """One file, opened.

    columns  its columns, by names of which there are no two
    types    of the columns, where the file declares them
    rows     how many there are, None where only reading tells
    taken    what it was read as
    counted  what the numbers of `read` count: "line" or "row"
    """

    columns: tuple[str, ...]
    types: Mapping[str, pa.DataType]
    rows: int | None
    taken: str
    counted: str

    def read(self, columns: Sequence[str]) -> Iterator[Numbered]:
        """Read these columns of every row, in order, with where it begins. Raises InputError where the file breaks off.

        The number counts from 1 what people see who open the file: a header and blank lines are lines, too.
        """
        ...


@dataclass(frozen=True)
class Part:
    """A file of a catalogue with its table."""

    name: str
    path: Path
    table: Table
    partitions: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns and those of its path."""
        return (*self.table.columns, *(name for name in self.partitions if name not in self.table.columns))

    def read(self, columns: Sequence[str]) -> Iterator[tuple[str, Row]]:
        """Read these columns of every row, with its place; what the path says is a column like any other.

        A place is what a person finds the row by: `season=SS/part-0.csv line 12`.
        """
        own = [name for name in columns if name in self.table.columns]
        path = {name: self.partitions[name] for name in columns if name not in own}
        for number, row in self.table.read(own):
            place = f"{self.name} {self.table.counted} {number}"
            yield place, {**row, **path} if path and isinstance(row, dict) else row


@dataclass(frozen=True)
class Catalogue:
    """The files of a table that are one: opened, with their columns checked by whoever reads them.

    root  folder from which paths in it are read
    """

    root: Path
    parts: list[Part]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a part has."""
        return tuple(dict.fromkeys(chain.from_iterable(part.columns for part in self.parts)))

    @property
    def rows(self) -> int | None:
        """How many there are, None where only reading tells."""
        counts = [part.table.rows for part in self.parts]
        return None if None in counts else sum(filter(None, counts))

    @property
    def taken(self) -> str:
        """What it was read as."""
        kinds = ", ".join(dict.fromkeys(part.table.taken for part in self.parts))
        return kinds if len(self.parts) == 1 else f"{len(self.parts)} files: {kinds}"


def open_catalogue(path: str, encoding: str = "", delimiter: str = "") -> Catalogue:
    """Open a file, a folder or a glob.

    encoding, delimiter  of text with separators; told by evidence where nobody says
    Raises InputError where there is nothing, or a file is no table.
    """
    told = (known_encoding(encoding) if encoding else "", known_delimiter(delimiter) if delimiter else "")
    root, files = parts_of(path)
    shown = path if len(files) == 1 else ""
    return Catalogue(root, [_opened(file, shown or str(file.path), *told) for file in files])


def _opened(file: CataloguePart, shown: str, encoding: str, delimiter: str) -> Part:
    table = _table(file.path, shown, encoding, delimiter)
    return Part(file.name, file.path, table, file.partitions)


def _table(path: Path, shown: str, encoding: str, delimiter: str) -> Table:
    try:
        with path.open("rb") as plain:
            head = plain.read(1024)
        if head.startswith(b"PAR1") or path.name.lower().endswith(".parquet"):
            return ParquetTable(path, shown)
        if gzipped(head):
            with opened(path) as unpacked:
                head = unpacked.read(1024)
    except (OSError, EOFError) as error:
        raise InputError(shown, f"cannot be read ({getattr(error, 'strerror', None) or error})") from error
    for mark, why in _OTHER:
        if head.startswith(mark):
            raise InputError(shown, why)
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not first:
        raise InputError(shown, "is empty")
    if first == b"[" and path.name.lower().removesuffix(".gz").endswith((".json", ".jsonl", ".ndjson")):
        raise InputError(shown, "is one JSON list; wanted is an object a line (JSONL)")
    return JsonLines(path, shown) if first == b"{" else DelimitedTable(path, shown, encoding, delimiter)
