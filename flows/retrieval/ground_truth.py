"""A file of clean columns to score against: read, and matched with the photos of a benchmark. Never learnt from.

The one exception is the linear probe, which learns from the train split's values and is named for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from schemas.errors import InputError

USUAL = ("article_type", "base_colour", "category")
TOGETHER = "+"


@dataclass(frozen=True)
class Column:
    """One column of the truth, or several taken together.

    name    "article_type", or "article_type+base_colour": both must agree
    values  the shop's product id -> value, without the products that have none
    """

    name: str
    values: Mapping[str, str]
    joined: bool = False

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


def read_truth(path: str, key: str, columns: Sequence[str] | None) -> list[Column]:
    """Read columns of a Parquet or CSV file, the usual ones by default; "a+b" is both together.

    Raises InputError where the file or a column is not there.
    """
    if not Path(path).exists():
        raise InputError(path, "no such file")
    try:
        names = pq.read_schema(path).names if path.endswith(".parquet") else pacsv.open_csv(path).schema.names
        parts_of = {name: _parts(name, names) for name in columns or [n for n in names if n in USUAL]}
        single = list(dict.fromkeys(part for parts in parts_of.values() for part in parts))
        if missing := [name for name in (key, *single) if name not in names]:
            raise InputError(path, f"has no column {missing[0]}; it has {', '.join(names)}")
        if path.endswith(".parquet"):
            table = pq.read_table(path, columns=[key, *single])
        else:
            table = pacsv.read_csv(path).select([key, *single])
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(path, f"cannot be read ({str(error).splitlines()[0]})") from error
    keys = [str(value) for value in table[key].to_pylist()]
    texts = {name: [str(value or "") for value in table[name].to_pylist()] for name in single}
    truth = []
    for name, parts in parts_of.items():
        rows = zip(keys, zip(*(texts[part] for part in parts), strict=True), strict=True)
        values = {key: f" {TOGETHER} ".join(row) for key, row in rows if all(row)}
        truth.append(Column(name, values, len(parts) > 1))
    return truth


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


def _parts(name: str, names: Sequence[str]) -> list[str]:
    """Return the columns that a name stands for; a column whose own name holds a plus is itself."""
    return [name] if name in names else [part.strip() for part in name.split(TOGETHER)]
