"""Which of a file's columns is which of ours: by its name, whatever case and blanks, or as the user maps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from crawlers.datasets.annotation_columns import COLUMNS as ANNOTATED
from crawlers.datasets.annotation_columns import holds
from crawlers.datasets.cells import JSON, plain_name, text_of_cell
from crawlers.datasets.table_rows import Unreadable
from schemas.errors import InputError, UsageError

NEEDED = ("product_id", "title", "image")
KNOWN = (
    *NEEDED,
    *("description", "brand", "categories", "tags", "colour", "gender"),
    *("price", "currency", "list_price", "in_stock", "url", "view"),
    *ANNOTATED,
)
LISTS = ("image", "categories", "tags", "attributes")
_SEVERAL_OF = {"images": "image"}  # a name that people write for several of what ours is one


@dataclass(frozen=True)
class Source:
    """Where a field of ours comes from.

    columns    one of the file's, or several that are joined with a dash, or into a list where the field is one
    separator  what a cell is cut at into a list; "json" where it is a list as JSON
    listed     whether several columns are a list
    """

    columns: tuple[str, ...]
    separator: str = ""
    listed: bool = False

    def cell(self, row: Mapping[str, Any]) -> Any:
        """Return what a row says. An Unreadable of the columns is returned as it is."""
        cells = [row.get(column) for column in self.columns]
        if broken := [cell for cell in cells if isinstance(cell, Unreadable)]:
            return broken[0]
        if len(cells) == 1:
            return cells[0]
        if self.listed:
            return [cell for cell in cells if cell not in (None, "")]
        return "-".join(filter(None, map(text_of_cell, cells)))


def sources_of(shown: str, columns: Sequence[str], mapping: Mapping[str, str]) -> dict[str, Source]:
    """Find the columns behind each of our names; raises InputError where a needed or a mapped one is missing."""
    sources: dict[str, Source] = {}
    for ours, theirs in mapping.items():
        if ours not in KNOWN:
            near = f", did you mean {_SEVERAL_OF[ours]}?" if ours in _SEVERAL_OF else ""
            known = f"known are {', '.join(KNOWN)}"
            raise UsageError(f"--map {ours}={theirs}", f"there is no {ours}{near}; {known}")
        sources[ours] = _mapped(shown, columns, ours, theirs)
    for name in KNOWN:
        if name not in sources and (column := named(columns, name)):
            sources[name] = Source((column,))
    for several, name in _SEVERAL_OF.items():
        if name not in sources and (column := named(columns, several)):
            sources[name] = Source((column,))
    if missing := [name for name in NEEDED if name not in sources]:
        there = ", ".join(columns)
        raise InputError(
            shown, f"needs a column {missing[0]}; it has {there}; map it with --map {missing[0]}=NAME"
        )
    return {name: sources[name] for name in KNOWN if name in sources}


def named(columns: Sequence[str], name: str) -> str:
    """Find a column by its name, or else by its name in other letters and with other blanks; "" for none."""
    if name in columns:
        return name
    return next((column for column in columns if plain_name(column) == plain_name(name)), "")


def fitting(shown: str, types: Mapping[str, pa.DataType], sources: dict[str, Source]) -> dict[str, Source]:
    """`sources` without annotation columns of another type; raises InputError where such a one was mapped."""
    kept = dict(sources)
    for name in ANNOTATED:
        columns = sources[name].columns if name in sources else ()
        if all(holds(name, types.get(column, pa.string())) for column in columns):
            continue
        if len(columns) != 1 or plain_name(columns[0]) != name:
            raise InputError(shown, f"column {'+'.join(columns)} is no {name}; see schemas/annotation.py")
        del kept[name]
    return kept


def _mapped(shown: str, columns: Sequence[str], ours: str, theirs: str) -> Source:
    if column := named(columns, theirs):
        return Source((column,))
    separator = ""
    if ":" in theirs and ours in LISTS:
        theirs, _, separator = theirs.rpartition(":")
        separator = JSON if separator.lower() == JSON else separator
    wanted = [theirs] if named(columns, theirs) else theirs.split("+")
    for column in wanted:
        if not named(columns, column):
            there = ", ".join(columns)
            raise InputError(shown, f"has no column {column} to map to {ours}; it has {there}")
    listed = len(wanted) > 1 and ours in LISTS
    return Source(tuple(named(columns, column) for column in wanted), separator, listed)
