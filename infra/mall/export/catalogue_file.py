"""The drawn catalogue as one Parquet file, a row per photo, with the truth about each: for `vitrine import`.

The shops' words are those that their pages say, mistakes included; the columns of schemas/annotation.py are what was
drawn, exact to the pixel. So a benchmark of categories, attributes, landmarks or boxes needs no download.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.mall.catalogue import DrawnCatalogue
from schemas.errors import InputError
from schemas.label import ANNOTATIONS
from schemas.product import PRICE

GROUP_ROWS = 200  # photos in memory at a time
TRUTH = ("category", "attributes", "landmarks", "box", "domain")
SCHEMA = pa.schema(
    [
        pa.field("product_id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("description", pa.string()),
        pa.field("brand", pa.string()),
        pa.field("categories", pa.list_(pa.string())),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("colour", pa.string()),
        pa.field("gender", pa.string()),
        pa.field("price", PRICE),
        pa.field("currency", pa.string()),
        pa.field("in_stock", pa.bool_()),
        pa.field("view", pa.string()),
        pa.field("image", pa.binary()),
        *(ANNOTATIONS.field(name) for name in TRUTH),
    ]
)


def export(catalogues: Sequence[DrawnCatalogue], path: str) -> int:
    """Write every photo of every item to `path`, which appears when it is whole; returns the rows.

    Raises InputError where it cannot be written.
    """
    rows = (row for catalogue in catalogues for row in _rows(catalogue))
    growing, count = Path(f"{path}.tmp"), 0
    try:
        with pq.ParquetWriter(growing, SCHEMA, compression="zstd") as writer:
            while group := list(islice(rows, GROUP_ROWS)):
                writer.write_table(pa.Table.from_pylist(group, SCHEMA))
                count += len(group)
        os.replace(growing, path)
    except OSError as error:
        growing.unlink(missing_ok=True)
        raise InputError(path, f"cannot be written ({error.strerror or error})") from error
    return count


def _rows(catalogue: DrawnCatalogue) -> Iterator[dict[str, Any]]:
    for item in catalogue.items:
        words = {
            "product_id": item.sku,
            "title": item.title,
            "description": item.description_html,
            "brand": item.brand,
            "categories": list(item.categories),
            "tags": list(item.tags),
            "colour": item.colour,
            "gender": item.gender,
            "price": item.price,
            "currency": item.currency,
            "in_stock": item.in_stock,
        }
        for photo in item.photos:
            image, annotation = catalogue.photo(item, photo), catalogue.annotation(item, photo)
            yield words | {"view": photo.view, "image": image} | annotation.facts()
