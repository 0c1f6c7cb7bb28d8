"""Text with separators -> rows, every cell as it is written: a number read as one would lose its leading zeros."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from crawlers.datasets.table_rows import BROKEN, Numbered, Unreadable, breaks_off, opened, told_apart
from crawlers.datasets.text_encoding import NAMES, delimiter_of, encoding_of
from schemas.errors import InputError

_LONGEST_CELL = 64 << 20  # characters: a photo of 32 MiB as base64 is two thirds of it
_ESCAPED = re.compile("[\udc80-\udcff]")  # how Python keeps a byte that is none of the encoding
_WIDE = ("utf-16", "utf-32")  # of which no single byte could be kept
_EXCEL = re.compile(r"sep=(.)\s*")  # a first line by which Excel is told the separator

csv.field_size_limit(_LONGEST_CELL)


class DelimitedTable:
    """CSV and its kin. `encoding` and `delimiter` are told by evidence where nobody says.

    Raises InputError where the file is no text.
    """

    def __init__(self, path: Path, shown: str, encoding: str = "", delimiter: str = "") -> None:
        self._path, self._shown = path, shown
        try:
            with opened(path) as file:
                self.encoding = encoding or encoding_of(file)
            with _Lines(path, self.encoding) as lines:
                first = next(lines, "")
                self._begins = _EXCEL.fullmatch(first)
                if "\0" in first:
                    raise InputError(shown, "is not Parquet, CSV or JSON lines that can be read")
                told = delimiter or (self._begins[1] if self._begins else "")
                head = [] if self._begins else [first]
                self.delimiter = told or delimiter_of((*head, *_some(lines)))
            with _Lines(self._path, self.encoding) as lines:
                _, header = next(self._rows(lines), (0, None))
        except (*BROKEN, UnicodeError, csv.Error) as error:
            raise InputError(shown, f"is not CSV that can be read ({str(error)[:200]})") from error
        if header is None or isinstance(header, Unreadable):
            raise InputError(shown, f"is not CSV that can be read ({header.why if header else 'no header'})")
        self._header = header
        self.columns = told_apart(header)
        self.types: Mapping[str, pa.DataType] = {}
        self.rows: int | None = None
        between = NAMES.get(self.delimiter, repr(self.delimiter))
        self.taken, self.counted = f"CSV in {self.encoding}, separated by {between}", "line"

    def read(self, columns: Sequence[str]) -> Iterator[Numbered]:
        """Read these columns of every row, in order, with its line. Raises InputError where the file breaks off."""
        places = [(name, self.columns.index(name)) for name in columns]
        number = 0
        try:
            with _Lines(self._path, self.encoding) as lines:
                rows = self._rows(lines)
                next(rows)
                for line, row in rows:
                    if isinstance(row, Unreadable):
                        yield line, row
                    elif row == self._header:
                        yield line, Unreadable("the header once more")
                    else:
                        yield line, {name: row[place] for name, place in places}
                    number += 1
        except BROKEN as error:
            raise breaks_off(self._shown, number, error) from error

    def _rows(self, lines: "_Lines") -> Iterator[tuple[int, list[str] | Unreadable]]:
        """Read every row that is not blank, the header too, with the line of the file where it begins.

        A row of another length than the header, or with damage, is none.
        """
        before = 0
        if self._begins:
            next(lines)
            before = 1
        reader = csv.reader(lines, delimiter=self.delimiter)
        columns = 0
        while True:
            begins = before + reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield begins, Unreadable(str(error))
                continue
            if not any(row):
                continue
            columns = columns or len(row)
            yield begins, self._judged(row, columns, begins, before + reader.line_num)

    def _judged(self, row: list[str], columns: int, begins: int, ends: int) -> list[str] | Unreadable:
        text = self.delimiter.join(row)
        if self.encoding.startswith(_WIDE) and "\ufffd" in text:
            return Unreadable(f"no {self.encoding}: {text}")
        if damage := _ESCAPED.search(text):
            byte = ord(damage[0]) - 0xDC00
            shown = _ESCAPED.sub("\ufffd", text[max(0, damage.start() - 40) : damage.end() + 40])
            return Unreadable(f"byte 0x{byte:02x} is no {self.encoding}: {shown}")
        while len(row) > columns and not row[-1].strip():
            row = row[:-1]  # a separator at the end of the line
        if len(row) == columns:
            return row
        over = f", over lines {begins} to {ends}: a quote that is not closed?" if ends > begins else ""
        return Unreadable(f"{len(row)} columns instead of {columns}{over}: {text}")


class _Lines:
    """The lines of a file, as a context manager that is their iterator, too."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._opened, self._encoding = opened(path), encoding

    def __enter__(self) -> "_Lines":
        errors = "replace" if self._encoding.startswith(_WIDE) else "surrogateescape"
        self._text = io.TextIOWrapper(self._opened.__enter__(), self._encoding, errors, newline="")
        return self

    def __exit__(self, *failure: object) -> None:
        self._text.detach()
        self._opened.__exit__(None, None, None)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if line := self._text.readline(_LONGEST_CELL):
            return line
        raise StopIteration


def _some(lines: Iterator[str]) -> list[str]:
    """Read as many lines as tell the separator."""
    some: list[str] = []
    characters = 0
    for line in lines:
        some.append(line)
        characters += len(line)
        if len(some) >= 200 or characters > 256 << 10:
            break
    return some
