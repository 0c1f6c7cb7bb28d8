"""Cells as programs write them -> texts, lists and yes or no; the same for a catalogue and for a file of truths."""

import json
import math
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from crawlers.datasets.table_rows import Unreadable
from crawlers.extract.text import printable

_YES = frozenset(["true", "yes", "y", "1", "in stock", "instock", "in_stock"])
_NO = frozenset(["false", "no", "n", "0", "out of stock", "outofstock", "out_of_stock", "sold out"])
_LONGEST_LIST = 1 << 20  # characters of a list that is written as text
_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_ITEM = re.compile(_QUOTED, re.DOTALL)
_BETWEEN = re.compile(r"\s*,?\s*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NAME_GAPS = re.compile(r"[\s\-_]+")
JSON = "json"


def text_of_cell(value: Any) -> str:
    """Read a cell as text; nothing for nulls, NaN and bytes. 12.0 is 12: a table program made it a float."""
    if value is None or isinstance(value, bytes | Unreadable):
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (text_of_cell(part) for part in value)))
    if isinstance(value, int) and value.bit_length() > 4_000:  # Python refuses to write it
        return ""
    return printable(json.dumps(value, default=str) if isinstance(value, dict) else str(value)).strip()


def fact_of_cell(value: Any) -> str:
    """Read a cell as one fact: a list that is written as text loses its brackets."""
    text = text_of_cell(value)
    parts = listed(text)
    return text if parts is None else text_of_cell(parts)


def list_of_cell(value: Any, separator: str = "") -> Any:
    """Read a cell that may be a list: one that is written as text, or cut at `separator`, becomes one.

    separator  "json" for a list that is written as JSON
    Returns  a list of parts, or the text where it is none.
    """
    if isinstance(value, list | tuple):
        return [part for each in value for part in (each if isinstance(each, list | tuple) else [each])]
    if value is None or isinstance(value, bytes | Unreadable | dict | date):
        return ""
    text = text_of_cell(value)
    if separator and separator != JSON:
        return [part.strip() for part in text.split(separator)]
    parts = listed(text)
    return text if parts is None else list_of_cell(parts)


def listed(text: str) -> list[Any] | None:
    """Read a list that JSON, Python or NumPy wrote as text; None where it is something else."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")) or len(text) > _LONGEST_LIST:
        return None
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        return _quoted(text[1:-1])
    return parts if isinstance(parts, list) else None


def truth_of_cell(value: Any) -> bool | None:
    """Read a cell as yes or no; None where it says neither."""
    text = text_of_cell(value).lower()
    return True if text in _YES else False if text in _NO else None


def plain_name(column: str) -> str:
    """Return what a column is called whatever its case and blanks: `Product ID` is product_id."""
    return _NAME_GAPS.sub("_", column.strip().casefold())


def _quoted(inside: str) -> list[Any] | None:
    """Read `'a', "b"`, or `'a' 'b'` as NumPy writes it; None where anything else stands between."""
    parts, at = [], _skipped(inside, 0)
    while at < len(inside):
        item = _ITEM.match(inside, at)
        if item is None:
            return None
        parts.append(_ESCAPE.sub(r"\1", item[0][1:-1]))
        at = _skipped(inside, item.end())
    return parts


def _skipped(text: str, at: int) -> int:
    gap = _BETWEEN.match(text, at)
    return gap.end() if gap else at


def scalars(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the cells of a row that are no picture, no place and no nested list."""
    for name, value in row.items():
        if isinstance(value, list | tuple) and any(
            isinstance(part, dict | list | bytes) for part in value[:100]
        ):
            continue
        if not isinstance(value, dict | bytes):
            yield name, value
