"""A catalogue on disk -> products and photos, row by row; crawlers/datasets/tables.py says what it may be kept in.

Needed: product_id, title, image (bytes, a path below the catalogue's folder, an http(s) address, or several).
Columns this project knows become product fields, every other one an attribute. Those of
crawlers/datasets/annotation_columns.py are the photo's annotation; texts among them stay attributes too.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from crawlers.datasets.annotation_columns import COLUMNS as ANNOTATED
from crawlers.datasets.annotation_columns import annotation_of
from crawlers.datasets.cells import fact_of_cell, list_of_cell, scalars, text_of_cell, truth_of_cell
from crawlers.datasets.column_mapping import NEEDED, Source, fitting, sources_of
from crawlers.datasets.photo_cells import CellError, check_photo_type, is_bytes, photos_of
from crawlers.datasets.table_rows import Unreadable
from crawlers.datasets.tables import Part, open_catalogue
from crawlers.extract.merge import merged
from crawlers.extract.money.price import currency_of, price_of
from crawlers.extract.photos.photo_view import view_of
from crawlers.extract.reading import IMPORT, OWN_ID, Reading
from crawlers.extract.text import category_path, line_of, printable, text_of, words_listed
from crawlers.fetch.shop_names import shop_name
from schemas.annotation import Annotation
from schemas.ids import key_fault, product_id
from schemas.product import Product
from schemas.reject import Reject


@dataclass(frozen=True)
class PhotoRow:
    """One photo of a row: its product, and what is known of it.

    place  where people find it: `shop.csv line 12 photo 2`
    photo  bytes, a file, or an http(s) address
    places what makes the annotation, where it is not known before the photo is read
    """

    place: str
    product: Product
    view: str
    photo: bytes | Path | str
    address: str
    annotation: Annotation
    places: "PlacesInPixels | None" = None


class PlacesInPixels(Protocol):
    """Places that become shares of a photo once its size is known."""

    def of(self, photo: bytes) -> tuple[bytes, Annotation]:
        """The photo as it is to be stored, and its annotation. Raises ValueError for places that are not in it."""


class RowSource(Protocol):
    """Whatever an import takes rows from.

    rows      how many there are, None where only reading tells
    taken     what it was read as
    left_out  attributes with cells that cannot be read, and how many
    """

    rows: int | None
    left_out: Counter[str]

    @property
    def taken(self) -> str:
        """As above."""

    def read(self) -> "Iterator[Reject | list[PhotoRow | Reject]]":
        """Read every row in order: as its photos, some of which may be refused, or as a Reject of the whole row."""


class ProductFile:
    """A catalogue: one file, a folder or a glob, opened and its columns checked.

    mapping              our name -> their column; `a+b` joins two with a dash, `a:|` cuts one into a list
    encoding, delimiter  of CSV, where the user knows better than the evidence
    rows                 how many there are, None where only reading tells
    taken                what it was read as
    left_out             attributes with cells that cannot be read, and how many, of the rows read so far
    Raises InputError where the file is missing, is no table, or lacks a needed column.
    """

    def __init__(
        self,
        path: str,
        shop: str,
        mapping: Mapping[str, str] | None = None,
        encoding: str = "",
        delimiter: str = "",
    ) -> None:
        self.shop = shop_name(shop)
        self._catalogue = open_catalogue(path, encoding, delimiter)
        self.rows, self.taken = self._catalogue.rows, self._catalogue.taken
        self.left_out: Counter[str] = Counter()
        sources = sources_of(path, self._catalogue.columns, mapping or {})
        self._columns = {part.name: self._fitting(part, path, sources) for part in self._catalogue.parts}

    def read(self) -> Iterator[Reject | list[PhotoRow | Reject]]:
        """Read every row in order: as its photos, some of which may be refused, or as a Reject of the whole row.

        Raises InputError where a file breaks off.
        """
        for part in self._catalogue.parts:
            sources = self._columns[part.name]
            for place, row in part.read(self._read(part, sources)):
                if isinstance(row, Unreadable):
                    yield Reject("import", "row_unreadable", place, detail=row.why)
                else:
                    yield self._photos(part, place, row, sources)

    def _fitting(self, part: Part, path: str, sources: dict[str, Source]) -> dict[str, Source]:
        shown = path if len(self._catalogue.parts) == 1 else part.name
        check_photo_type(
            shown, sources["image"].columns[0], part.table.types.get(sources["image"].columns[0])
        )
        return fitting(shown, part.table.types, sources)

    def _read(self, part: Part, sources: dict[str, Source]) -> list[str]:
        """Choose the columns to read: those with a name of ours, and attributes, but no pictures that nobody wants."""
        named = [column for source in sources.values() for column in source.columns]
        others = [name for name in part.columns if not _is_picture(part.table.types.get(name))]
        return [name for name in dict.fromkeys((*named, *others)) if name in part.columns]

    def _photos(
        self, part: Part, place: str, row: dict[str, Any], sources: dict[str, Source]
    ) -> Reject | list[PhotoRow | Reject]:
        fields = {name: source.cell(row) for name, source in sources.items()}
        named = self._named(fields["product_id"])
        if broken := [name for name, cell in fields.items() if isinstance(cell, Unreadable)]:
            why = f"{broken[0]}: {fields[broken[0]].why}"
            return Reject("import", "row_unreadable", place, named, why)
        key, title = text_of_cell(fields["product_id"]), line_of(text_of_cell(fields["title"]))
        photos = list(
            photos_of(fields["image"], self._catalogue.root, part.path.parent, sources["image"].separator)
        )
        missing = [name for name, value in zip(NEEDED, (key, title, photos), strict=True) if not value]
        if missing:
            return Reject("import", "row_incomplete", place, named, f"no {', '.join(missing)}")
        if fault := key_fault(key):
            return Reject("import", "row_incomplete", place, detail=f"product_id {fault}")
        annotation = self._annotation(fields, place, product_id(self.shop, key), several=len(photos) > 1)
        if isinstance(annotation, Reject):
            return annotation
        reading = self._reading(key, title, fields, self._attributes(row, sources), sources)
        pictured = replace(reading, photos={place: ""})
        product = merged([pictured], None, shop=self.shop, url=text_of_cell(fields.get("url")))[0]
        if isinstance(product, Reject):
            return replace(product, stage="import", reason="row_incomplete", url=place, product_id=named)
        places = [place if len(photos) == 1 else f"{place} photo {n}" for n in range(1, len(photos) + 1)]
        view = text_of_cell(fields.get("view")).lower()
        return [
            Reject("import", photo.reason, at, product.product_id, photo.detail)
            if isinstance(photo, CellError)
            else PhotoRow(
                at, product, view or view_of(photo.address), photo.content, photo.address, annotation
            )
            for at, photo in zip(places, photos, strict=True)
        ]

    def _named(self, cell: Any) -> str:
        """Say which product a row is of, so that a refused one takes none away; empty where that cannot be told."""
        key = "" if isinstance(cell, Unreadable) else text_of_cell(cell)
        return product_id(self.shop, key) if key and not key_fault(key) else ""

    def _annotation(
        self, fields: dict[str, Any], place: str, name: str, *, several: bool
    ) -> Annotation | Reject:
        """Read what is known of the photo; of several photos in a row nobody knows whose places are meant."""
        if "attributes" in fields:
            fields = fields | {"attributes": list_of_cell(fields["attributes"])}
        if several:
            fields = {column: cell for column, cell in fields.items() if column not in ("landmarks", "box")}
        try:
            return annotation_of(fields)
        except (ValueError, TypeError, KeyError, LookupError) as error:  # of JSON, which declares no types
            return Reject("import", "annotation_invalid", place, name, str(error))

    def _attributes(self, row: dict[str, Any], sources: dict[str, Source]) -> dict[str, str]:
        fields = {
            source.columns[0]
            for name, source in sources.items()
            if len(source.columns) == 1 and name not in ANNOTATED
        }
        attributes: dict[str, str] = {}
        for name, cell in scalars(row):
            if isinstance(cell, Unreadable):
                self.left_out[name] += 1
            elif name not in fields and (text := fact_of_cell(cell)):
                attributes[printable(name)] = text
        return attributes

    def _reading(
        self,
        key: str,
        title: str,
        fields: dict[str, Any],
        attributes: dict[str, str],
        sources: dict[str, Source],
    ) -> Reading:
        price, listed = fields.get("price"), fields.get("list_price")
        currency = currency_of(fields.get("currency"), price)
        amount = price_of(price, currency=currency)
        cut = {name: sources[name].separator for name in ("categories", "tags") if name in sources}
        return Reading(
            source=IMPORT,
            keys={OWN_ID: key},
            title=title,
            description=text_of(text_of_cell(fields.get("description"))),
            brand=line_of(fact_of_cell(fields.get("brand"))),
            categories=category_path(list_of_cell(fields.get("categories"), cut.get("categories", ""))),
            tags=words_listed(list_of_cell(fields.get("tags"), cut.get("tags", ""))),
            colour=line_of(fact_of_cell(fields.get("colour"))),
            gender=line_of(fact_of_cell(fields.get("gender"))),
            price=amount,
            currency=currency,
            list_price=price_of(listed, currency=currency),
            in_stock=truth_of_cell(fields.get("in_stock")),
            attributes=attributes,
            unread_price=line_of(price) if isinstance(price, str) and amount is None else "",
            lacking={"key": "a product_id that is too long"},
        )


def _is_picture(kind: Any) -> bool:
    return kind is not None and is_bytes(kind)
