"""One row per fact of a product that a crawl found changed since the shop's crawl before it.

Written by flows/queries/changes.py to the file that `vitrine changes --out` names; never part of a run.
"""

import pyarrow as pa

from schemas.columns import TIME, column, table_schema

KINDS = {
    "price": "price or list_price differs",
    "stock": "in_stock differs",
    "text": "title, description, brand, categories, tags, colour, gender or attributes differ",
    "photos": "a photo came, went, or stands elsewhere in the order",
    "added": "the shop lists a product that it did not list before",
    "removed": "the shop no longer lists the product",
}

CHANGES = table_schema(
    "changes",
    1,
    [
        column("shop", pa.string(), "name of the shop"),
        column("product_id", pa.string(), "shop and its own SKU or platform id, as `shop:key`"),
        column("kind", pa.string(), f"one of: {', '.join(KINDS)}"),
        column(
            "field",
            pa.string(),
            "column of `products`; image: a photo that came or went; image_order: the order of the photos "
            "that stayed; product: the product itself came or went",
        ),
        column(
            "before",
            pa.string(),
            "value before, empty where there was none: a price as `12.50 EUR`, a truth value as true or false, "
            "lists and attributes as JSON (of attributes only those that differ), photos by image_id",
        ),
        column("after", pa.string(), "value since, written in the same way"),
        column(
            "change",
            pa.float64(),
            "for two prices in one currency: (after - before) / before",
            "share",
            optional=True,
        ),
        column("crawl_id", pa.string(), "the crawl that saw it first"),
        column("seen_at", TIME, "start of that crawl"),
        column("title", pa.string(), "title of the product, the newer one; for a removed one the last"),
        column("url", pa.string(), "address of the product's page, empty for an import without one"),
    ],
)
