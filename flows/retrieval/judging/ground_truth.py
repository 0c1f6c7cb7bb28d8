"""A file of clean columns to score against: read, and matched with the photos of a benchmark. Never learnt from.

The one exception is the linear probe, which learns from the train split's values and is named for it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crawlers.datasets.cells import fact_of_cell, text_of_cell
from crawlers.datasets.column_mapping import Source, named
from crawlers.datasets.table_rows import Unreadable
from crawlers.datasets.tables import open_catalogue
from flows.parameters.retrieval import EvaluateParameters
from schemas.errors import InputError
from workers.retrieval.zero_shot import read_synonyms

USUAL = ("article_type", "base_colour", "category")
TOGETHER = "+"
ENOUGH = 0.9  # share of the products that a file about them names
_SHOWN = 3
_WHOLE = re.compile(r"(\d+)\.0+")


@dataclass(frozen=True)
class Column:
    """One column of the truth, or several taken together.

    name    "article_type", or "article_type+base_colour": both must agree
    values  the shop's product id -> value, without the products that have none
    keys    every product id of the file
    """

    name: str
    values: Mapping[str, str]
    joined: bool = False
    keys: frozenset[str] = frozenset()

    @property
    def labels(self) -> list[str]:
        """The distinct values, sorted."""
        return sorted(set(self.values.values()))

    def value(self, keys: Iterable[str]) -> str:
        """The value of the product that the file calls by one of these keys; "" where it has none."""
        return next((self.values[key] for key in keys if key in self.values), "")


@dataclass(frozen=True)
class LabelledPhotos:
    """Photos whose product has a value in the file, one per row: photo, product, value."""

    image_ids: Sequence[str]
    owners: Sequence[str]
    values: Sequence[str]


def check_files(parameters: EvaluateParameters) -> None:
    """Read the files that an evaluation is to be given; raises InputError where one cannot be used."""
    read_synonyms(parameters.synonyms)
    if parameters.truth and not read_truth(parameters.truth, parameters.truth_key, parameters.columns):
        usual = "name its columns with --columns"
        raise InputError(parameters.truth, f"has none of the usual columns; {usual}")


def read_truth(path: str, key: str, columns: Sequence[str] | None) -> list[Column]:
    """Read columns of a file, the usual ones by default, as `vitrine import` reads it; "a+b" is both together.

    key  the column with the shop's product id; "a+b" joins two with a dash, as --map of an import does
    Raises InputError where the file or a column is not there.
    """
    catalogue = open_catalogue(path)
    names = catalogue.columns
    wanted = columns or [column for usual in USUAL if (column := named(names, usual))]
    parts_of = {name: _parts(path, name, names) for name in wanted}
    ids = Source(tuple(_parts(path, key, names)))
    single = list(dict.fromkeys(part for parts in parts_of.values() for part in parts))
    values: dict[str, dict[str, str]] = {name: {} for name in parts_of}
    keys: set[str] = set()
    for part in catalogue.parts:
        for _, row in part.read([name for name in part.columns if name in (*ids.columns, *single)]):
            spellings = () if isinstance(row, Unreadable) else _spellings(ids.cell(row))
            keys.update(spellings)
            for name, parts in parts_of.items() if spellings else ():
                texts = [fact_of_cell(row.get(each)) for each in parts]  # type: ignore[union-attr]
                for spelling in spellings if all(texts) else ():
                    values[name].setdefault(spelling, f" {TOGETHER} ".join(texts))
    known = frozenset(keys)
    return [Column(name, values[name], len(parts) > 1, known) for name, parts in parts_of.items()]


@dataclass(frozen=True)
class Coverage:
    """How many products the file speaks of.

    examples  up to three products that it does not name, by what it might have called them
    theirs    up to three of its own keys that are no product's
    """

    products: int
    named: int
    examples: Sequence[str]
    theirs: Sequence[str]

    @property
    def is_low(self) -> bool:
        """Whether so few are named that the keys are probably written in two ways."""
        return self.named < ENOUGH * self.products

    def __str__(self) -> str:
        """Say it in one sentence."""
        line = f"names {self.named:,} of {self.products:,} products"
        if self.examples:
            line += f"; none of {', '.join(self.examples)}"
        return line + (f", but {', '.join(self.theirs)}" if self.theirs else "")


def coverage(column: Column, keys: Mapping[str, Sequence[str]]) -> Coverage:
    """Compare the keys of a file with those of the products; `keys` is Benchmark.keys."""
    missing = [product for product, own in keys.items() if column.keys.isdisjoint(own)]
    known = {key for own in keys.values() for key in own}
    theirs = sorted(column.keys - known)[:_SHOWN] if missing else []
    examples = [" = ".join(keys[product]) for product in missing[:_SHOWN]]
    return Coverage(len(keys), len(keys) - len(missing), examples, theirs)


def match(
    column: Column, photos: Iterable[tuple[str, str]], keys: Mapping[str, Sequence[str]]
) -> LabelledPhotos:
    """Return those of `photos` (image_id, product_id) whose product has a value; `keys` is Benchmark.keys.

    Raises InputError where there is none: the file then speaks of other products.
    """
    rows = [
        (image, product, value) for image, product in photos if (value := column.value(keys.get(product, ())))
    ]
    if not rows:
        raise InputError(
            "truth", "names no product of the gallery; --truth-key must be the shop's product id or SKU"
        )
    image_ids, owners, values = zip(*rows, strict=True)
    return LabelledPhotos(image_ids, owners, values)


def _parts(path: str, name: str, names: Sequence[str]) -> list[str]:
    """Return the columns that a name stands for; a column whose own name holds a plus is itself."""
    wanted = [name] if named(names, name) else [part.strip() for part in name.split(TOGETHER)]
    if missing := [part for part in wanted if not named(names, part)]:
        raise InputError(path, f"has no column {missing[0]}; it has {', '.join(names)}")
    return [named(names, part) for part in wanted]


def _spellings(cell: object) -> tuple[str, ...]:
    """Return the ways to write a key: table programs make 123 of an id and 123.0 of it where one is missing."""
    key = text_of_cell(cell)
    whole = _WHOLE.fullmatch(key)
    return (key, whole[1]) if whole else (key,) if key else ()
