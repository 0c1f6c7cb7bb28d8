"""A product file: Parquet or CSV, one row per photo, read in batches.

Needed: product_id, title, image (bytes, a path below the file's folder, or an http(s) address).
Columns this project knows become product fields, every other one an attribute. Those of
crawlers/datasets/annotation_columns.py are the photo's annotation; texts among them stay attributes too.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from crawlers.datasets.annotation_columns import COLUMNS as ANNOTATED
from crawlers.datasets.annotation_columns import annotation_of, holds
from crawlers.extract.merge import merged
from crawlers.extract.photo_view import view_of
from crawlers.extract.price import currency_of, price_of
from crawlers.extract.reading import IMPORT, OWN_ID, Reading
from crawlers.extract.text import category_path, line_of, text_of, words_listed
from crawlers.fetch.shop_names import shop_name
from schemas.annotation import Annotation
from schemas.errors import InputError
from schemas.ids import product_id
from schemas.product import Product
from schemas.reject import Reject

BATCH_ROWS = 200
NEEDED = ("product_id", "title", "image")
KNOWN = (
    *NEEDED,
    *("description", "brand", "categories", "tags", "colour", "gender"),
    *("price", "currency", "in_stock", "url", "view"),
    *ANNOTATED,
)
_YES = frozenset(["true", "yes", "y", "1", "in stock", "instock", "in_stock"])
_NO = frozenset(["false", "no", "n", "0", "out of stock", "outofstock", "out_of_stock", "sold out"])


@dataclass(frozen=True)
class PhotoRow:
    """One row: a product, whose photo is named by its place in the file, that photo, and what is known of it.

    photo  bytes, a file, or an http(s) address
    """

    place: str
    product: Product
    view: str
    photo: bytes | Path | str
    address: str
    annotation: Annotation


class ProductFile:
    """One file, opened and its columns checked.

    mapping   our name -> their column; `a+b` joins two with a dash
    rows      how many there are, None where only reading tells
    Raises InputError where the file is missing, is neither format, or lacks a needed column.
    """

    def __init__(self, path: str, shop: str, mapping: Mapping[str, str] | None = None) -> None:
        self.path = Path(path).expanduser()
        self.shop = shop_name(shop)
        self.rows: int | None = None
        self._unreadable: list[str] = []
        if not self.path.is_file():
            raise InputError(path, "is a folder" if self.path.is_dir() else "no such file")
        self._is_csv = {".csv", ".tsv"} & {suffix.lower() for suffix in self.path.suffixes}
        try:
            schema = self._open_csv().schema if self._is_csv else self._parquet_schema()
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            kind = "CSV" if self._is_csv else "Parquet"
            raise InputError(path, f"is not {kind} that can be read ({_first_line(error)})") from error
        self._columns = _fitting(path, schema, _sources(path, schema.names, dict(mapping or {})))
        product = {name: columns for name, columns in self._columns.items() if name not in ANNOTATED}
        used = {columns[0] for columns in product.values() if len(columns) == 1}
        binary = {field.name for field in schema if pa.types.is_nested(field.type) or _is_binary(field.type)}
        self._others = [name for name in schema.names if name not in used and name not in binary]
        self._read = list(
            dict.fromkeys([c for columns in self._columns.values() for c in columns] + self._others)
        )

    def photo_rows(self) -> Iterator[PhotoRow | Reject]:
        """Read every row in order, as a PhotoRow or a Reject. Raises InputError where the file breaks off."""
        number = 0
        try:
            for batch in self._batches():
                for row in batch.to_pylist():
                    yield self._photo_row(number, row)
                    number += 1
                while self._unreadable:
                    yield Reject("import", "page_unreadable", self.path.name, detail=self._unreadable.pop())
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(
                str(self.path), f"breaks off after row {number} ({_first_line(error)})"
            ) from error

    def _parquet_schema(self) -> pa.Schema:
        with pq.ParquetFile(self.path) as file:
            self.rows = file.metadata.num_rows
            return file.schema_arrow

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if not self._is_csv:
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(BATCH_ROWS, columns=self._read)
            return
        for batch in self._open_csv():
            chosen = batch.select(self._read)
            for start in range(
                0, max(chosen.num_rows, 1), BATCH_ROWS
            ):  # an empty batch still empties _unreadable
                yield chosen.slice(start, BATCH_ROWS)

    def _open_csv(self) -> pacsv.CSVStreamingReader:
        """Read every column as text: an inferred number would lose the zeros that article numbers begin with."""
        delimiter = "\t" if self.path.name.lower().split(".csv")[0].endswith((".tsv", ".tsv.gz")) else ","
        parse = pacsv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=self._note_unreadable
        )
        read = pacsv.ReadOptions(block_size=4 << 20, use_threads=False)
        names = pacsv.open_csv(self.path, read, parse).schema.names
        self._unreadable.clear()
        text = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        return pacsv.open_csv(self.path, read, parse, text)

    def _note_unreadable(self, row: Any) -> str:
        self._unreadable.append(
            f"{row.actual_columns} columns instead of {row.expected_columns}: {row.text}"[:500]
        )
        return "skip"

    def _photo_row(self, number: int, row: dict[str, Any]) -> PhotoRow | Reject:
        place = f"{self.path.name}#{number}"
        fields = {name: self._field(row, columns) for name, columns in self._columns.items()}
        key, title = _cell_text(fields["product_id"]), line_of(_cell_text(fields["title"]))
        image = fields["image"]
        if isinstance(image, dict):  # how the Hugging Face tools store a picture
            image = image.get("bytes") or image.get("path")
        image = image.strip() if isinstance(image, str) else image
        missing = [name for name, value in zip(NEEDED, (key, title, image), strict=True) if not value]
        if missing:
            return Reject("import", "row_incomplete", place, detail=f"no {', '.join(missing)}")
        name = product_id(self.shop, key)
        photo: bytes | Path | str = image
        if isinstance(image, str) and not image.lower().startswith(("http://", "https://")):
            photo = self._file(image)
            if not photo.is_relative_to(self.path.parent.resolve()):
                return Reject("import", "address", place, name, f"{image} is outside the catalogue's folder")
        address = image if isinstance(image, str) else ""
        view = _cell_text(fields.get("view")).lower() or view_of(address)
        try:
            annotation = annotation_of(fields)
        except ValueError as error:
            return Reject("import", "annotation_invalid", place, name, str(error))
        reading = self._reading(key, title, fields, row, {place: view})
        product = merged([reading], None, shop=self.shop, url=_cell_text(fields.get("url")))[0]
        if isinstance(product, Reject):
            return replace(product, stage="import", reason="row_incomplete", url=place)
        return PhotoRow(place, product, view, photo, address, annotation)

    def _reading(
        self, key: str, title: str, fields: dict[str, Any], row: dict[str, Any], photos: dict[str, str]
    ) -> Reading:
        price = fields.get("price")
        currency = currency_of(fields.get("currency"), price)
        return Reading(
            source=IMPORT,
            keys={OWN_ID: key},
            title=title,
            description=text_of(_cell_text(fields.get("description"))),
            brand=line_of(_cell_text(fields.get("brand"))),
            categories=category_path(fields.get("categories")),
            tags=words_listed(fields.get("tags")),
            colour=line_of(_cell_text(fields.get("colour"))),
            gender=line_of(_cell_text(fields.get("gender"))),
            price=price_of(price, currency=currency),
            currency=currency,
            in_stock=_yes(fields.get("in_stock")),
            attributes={c: text for c in self._others if (text := _cell_text(row.get(c)))},
            photos=photos,
            lacking={"key": "a product_id that is too long"},
        )

    def _file(self, relative: str) -> Path:
        return (self.path.parent / relative).resolve()

    @staticmethod
    def _field(row: dict[str, Any], columns: Sequence[str]) -> Any:
        if len(columns) == 1:
            return row.get(columns[0])
        return "-".join(filter(None, (_cell_text(row.get(column)) for column in columns)))


def _sources(path: str, there: Sequence[str], mapping: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Find the file's columns behind each of our names; raises InputError where one is missing."""
    shown = ", ".join(there)
    for ours, theirs in mapping.items():
        if ours not in KNOWN:
            raise InputError(f"--map {ours}={theirs}", f"there is no {ours}; known are {', '.join(KNOWN)}")
        for column in [theirs] if theirs in there else theirs.split("+"):
            if column not in there:
                raise InputError(path, f"has no column {column} to map to {ours}; it has {shown}")
    for needed in NEEDED:
        if needed not in mapping and needed not in there:
            raise InputError(
                path, f"needs a column {needed}; it has {shown}; map it with --map {needed}=NAME"
            )
    return {
        name: (theirs,) if (theirs := mapping.get(name, name)) in there else tuple(theirs.split("+"))
        for name in KNOWN
        if name in mapping or name in there
    }


def _fitting(path: str, schema: pa.Schema, sources: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """`sources` without annotation columns of another type; raises InputError where such a one was mapped."""
    for name in ANNOTATED:
        columns = sources.get(name, ())
        if all(holds(name, schema.field(column).type) for column in columns):
            continue
        if columns != (name,):
            raise InputError(path, f"column {'+'.join(columns)} is no {name}; see schemas/annotation.py")
        sources = {ours: theirs for ours, theirs in sources.items() if ours != name}
    return sources


def _cell_text(value: Any) -> str:
    """Read a cell as text; nothing for nulls, NaN and bytes. 12.0 is 12: a table program made it a float."""
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(filter(None, (_cell_text(part) for part in value)))
    return json.dumps(value, default=str) if isinstance(value, dict) else str(value).strip()


def _yes(value: Any) -> bool | None:
    text = _cell_text(value).lower()
    return True if text in _YES else False if text in _NO else None


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
