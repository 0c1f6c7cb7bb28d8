"""JSON lines -> rows: an object a line, whose keys are the columns."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from crawlers.datasets.table_rows import BROKEN, Numbered, Unreadable, breaks_off, opened
from schemas.errors import InputError

_JUDGED_ROWS = 1_000  # whose keys are the columns; a key that comes later is none
_LONGEST = 64 << 20  # bytes of one line


class JsonLines:
    """A file of JSON lines in UTF-8; raises InputError where its first lines hold no object."""

    def __init__(self, path: Path, shown: str) -> None:
        self._path, self._shown = path, shown
        keys: dict[str, None] = {}
        for _, row in islice(self._objects(), _JUDGED_ROWS):
            if isinstance(row, dict):
                keys |= dict.fromkeys(row)
        if not keys:
            raise InputError(shown, "is not JSON lines that can be read: no line is an object")
        self.columns = tuple(keys)
        self.types: Mapping[str, pa.DataType] = {}
        self.rows: int | None = None
        self.taken, self.counted = "JSON lines", "line"

    def read(self, columns: Sequence[str]) -> Iterator[Numbered]:
        """Read these columns of every row, in order, with its line. Raises InputError where the file breaks off."""
        for line, row in self._objects():
            yield line, {name: row.get(name) for name in columns} if isinstance(row, dict) else row

    def _objects(self) -> Iterator[Numbered]:
        number = at = 0
        try:
            with opened(self._path) as file:
                while line := file.readline(_LONGEST):
                    at += 1
                    text = line.removeprefix(b"\xef\xbb\xbf") if at == 1 else line
                    if text.strip():
                        yield at, _object(text)
                        number += 1
        except BROKEN as error:
            raise breaks_off(self._shown, number, error) from error


def _object(line: bytes) -> dict[str, Any] | Unreadable:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:  # also bytes that are no UTF-8, and numbers without end
        return Unreadable(f"no JSON ({str(error)[:200]}): {line[:100].decode(errors='replace').strip()}")
    return row if isinstance(row, dict) else Unreadable(f"no JSON object: {str(row)[:100]}")
