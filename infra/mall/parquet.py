"""A catalogue read from a Parquet or CSV file: somebody's real shop, served as if it were one of the mall's.

Only the columns named below are read. A column such as `article_type` is never served, because those are
the answers that scores are checked against. Texts are kept in memory, image bytes stay in the file: a
photo is remembered as (row group, row) and read when somebody asks for it.
"""

import csv
import io
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.mall.catalogue import slug
from infra.mall.item import Item, Photo
from infra.mall.seeds import digest
from infra.mall.shelf import Shelf
from schemas.errors import InputError

REQUIRED = ("product_id", "title", "image")
FIELDS = (
    *REQUIRED,
    "description",
    "brand",
    "price",
    "list_price",
    "currency",
    "categories",
    "tags",
    "colour",
    "gender",
    "view",
)
GROUPS = 3  # row groups of image bytes held at a time


class FileCatalogue:
    """Items of a file. Several rows with one product_id are several photos of one item.

    path      .parquet with image bytes, or .csv whose `image` is a path relative to the file.
    mapping   standard field -> the file's column, as in {"title": "name"}; two columns are joined with a
              plus, as in {"product_id": "sku+colour"} where a SKU comes in several colours.
    part      (n, of): every of-th product from the n-th, so that shops can share a file.
    limit     at most this many products; 0 for all.
    Raises InputError for a file that is missing, unreadable or lacks a required column.
    """

    def __init__(
        self,
        path: str,
        mapping: Mapping[str, str] | None = None,
        part: tuple[int, int] = (0, 1),
        limit: int = 0,
    ) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError(path, "no such file")
        mapping = dict(mapping or {})
        unknown = sorted(set(mapping) - set(FIELDS))
        if unknown:
            raise InputError(f"--map {unknown[0]}", f"no such field; there are {', '.join(FIELDS)}")
        stat = self.path.stat()
        self.stamp = f"{stat.st_size}-{stat.st_mtime_ns}"
        self.time = datetime.fromtimestamp(int(stat.st_mtime), UTC)
        self.rows: _ParquetRows | _CsvRows = (
            _CsvRows(self.path, mapping)
            if self.path.suffix.lower() in (".csv", ".tsv")
            else _ParquetRows(self.path, mapping)
        )
        self._places: dict[tuple[str, str], tuple[int, int]] = {}
        items = [replace(item, number=number) for number, item in enumerate(self._read(part, limit))]
        if not items:
            raise InputError(path, "holds no product with an image")
        numbers = {item.handle: item.number for item in items}
        self.items = Shelf(
            len(items),
            items.__getitem__,
            lambda handle: numbers.get(handle, -1),
            lambda number: items[number].categories,
        )

    def photo(self, item: Item, photo: Photo) -> bytes:
        """The bytes in the file, untouched."""
        return self.rows.image(self._places[item.sku, photo.name])

    def edition(self, item: Item, photo: Photo) -> str:
        """Changes with the file's size or time."""
        return digest(self.path.name, self.stamp, *self._places[item.sku, photo.name])[:20]

    def _read(self, part: tuple[int, int], limit: int) -> Iterator[Item]:
        # One product's rows may lie apart, so the whole table is gathered before the first item leaves.
        first: OrderedDict[str, dict[str, Any]] = OrderedDict()
        shots: dict[str, list[tuple[str, tuple[int, int]]]] = {}
        for place, row in self.rows.texts():
            sku = _text(row.get("product_id"))
            if not sku:
                continue
            first.setdefault(sku, row)
            shots.setdefault(sku, []).append((_text(row.get("view")), place))
        chosen = [sku for number, sku in enumerate(first) if number % part[1] == part[0]]
        for sku in chosen[: limit or None]:
            taken: list[Photo] = []
            for number, (view, place) in enumerate(shots[sku]):
                name = slug(view) if view else ("main" if number == 0 else f"alt{number}")
                while any(photo.name == name for photo in taken):
                    name = f"{name}-{number}"
                taken.append(Photo(name, view or name, "customer" if view.startswith("customer") else "shop"))
                self._places[sku, name] = place
            yield self._item(sku, first[sku], tuple(taken))

    def _item(self, sku: str, row: Mapping[str, Any], photos: tuple[Photo, ...]) -> Item:
        title = _text(row.get("title"))
        return Item(
            sku=sku,
            # Two SKUs may differ only in what an address cannot hold, so a part of a hash keeps them apart.
            handle=f"{slug(title)}-{slug(sku)[:24]}-{digest(sku)[:5]}",
            title=title,
            description_html=_text(row.get("description")),
            brand=_text(row.get("brand")),
            categories=_list(row.get("categories"), r"\s*[>/|]\s*"),
            tags=_list(row.get("tags"), r"\s*[,;|]\s*"),
            colour=_text(row.get("colour")),
            gender=_text(row.get("gender")),
            price=_price(row.get("price")),
            list_price=_price(row.get("list_price")),
            currency=_text(row.get("currency")) or "EUR",
            in_stock=True,
            language="",
            created=self.time,
            updated=self.time,
            photos=photos,
        )


class _ParquetRows:
    """Rows of a Parquet file, texts and image bytes read apart."""

    def __init__(self, path: Path, mapping: Mapping[str, str]) -> None:
        try:
            self.file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(str(path), f"is not a Parquet file ({error})") from error
        names = self.file.schema_arrow.names
        self.columns = _columns(str(path), names, mapping)
        self._groups: OrderedDict[int, pa.ChunkedArray] = OrderedDict()
        self._lock = Lock()

    def texts(self) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
        """Every row that has an image: where it is, and its fields except the image."""
        wanted = {field: names for field, names in self.columns.items() if field != "image"}
        columns = sorted({name for names in wanted.values() for name in names})
        for group in range(self.file.num_row_groups):
            table = self.file.read_row_group(group, columns=columns)
            values = {name: table[name].to_pylist() for name in columns}
            for row in range(table.num_rows):
                yield (
                    (group, row),
                    {f: _joined([values[n][row] for n in names]) for f, names in wanted.items()},
                )

    def image(self, place: tuple[int, int]) -> bytes:
        """Image bytes at (row group, row). Some files wrap them in a struct {bytes, path}."""
        group, row = place
        with self._lock:
            column = self._groups.get(group)
            if column is None:
                column = self.file.read_row_group(group, columns=list(self.columns["image"])).column(0)
                self._groups[group] = column
                while len(self._groups) > GROUPS:
                    self._groups.popitem(last=False)
            self._groups.move_to_end(group)
        value = column[row].as_py()
        return bytes(value["bytes"] if isinstance(value, dict) else value or b"")


class _CsvRows:
    """Rows of a CSV file whose images lie beside it."""

    def __init__(self, path: Path, mapping: Mapping[str, str]) -> None:
        self.folder = path.parent
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        self.table = list(
            csv.DictReader(io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        )
        self.columns = _columns(str(path), list(self.table[0]) if self.table else [], mapping)

    def texts(self) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
        """Every row: its number, and its fields."""
        for number, row in enumerate(self.table):
            yield (
                (0, number),
                {f: _joined([row[name] for name in names]) for f, names in self.columns.items()},
            )

    def image(self, place: tuple[int, int]) -> bytes:
        """The file that the row names."""
        return (self.folder / self.table[place[1]][self.columns["image"][0]]).read_bytes()


def _columns(path: str, names: list[str], mapping: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Standard field -> its columns, for the fields that the file has."""
    there = ", ".join(names) or "none"
    columns: dict[str, tuple[str, ...]] = {field: (field,) for field in FIELDS if field in names}
    for field, joined in mapping.items():
        parts = tuple(joined.split("+")) if joined not in names else (joined,)
        for name in parts:
            if name not in names:
                raise InputError(path, f"has no column {name!r} for {field}; it has {there}")
        columns[field] = parts
    for field in REQUIRED:
        if field not in columns:
            raise InputError(path, f"has no column {field!r}; it has {there}; use --map {field}=COLUMN")
    return columns


def _joined(values: list[Any]) -> Any:
    """One value as it is; several as one text."""
    return values[0] if len(values) == 1 else "-".join(filter(None, map(_text, values)))


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _list(value: object, divider: str) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(_text(part) for part in value if _text(part))
    return tuple(part for part in re.split(divider, _text(value)) if part)


def _price(value: object) -> Decimal | None:
    try:
        return Decimal(_text(value)).quantize(Decimal("0.01")) if _text(value) else None
    except InvalidOperation:
        return None


def media_type(data: bytes) -> str:
    """What the bytes are, by their first ones; the mall serves files as it finds them."""
    for magic, name in ((b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png"), (b"GIF8", "image/gif")):
        if data.startswith(magic):
            return name
    if data[8:12] == b"WEBP":
        return "image/webp"
    return "image/avif" if data[4:12] == b"ftypavif" else "application/octet-stream"
