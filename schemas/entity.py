"""One Milvus entity per photo of a product: the vector, and the product's facts to filter by.

Built by flows/retrieval/index.py from vectors and products; infra/vectors.py turns this schema into a collection.
"""

import pyarrow as pa

from schemas.columns import column, table_schema

FACTS = [
    column("entity_id", pa.string(), "`<image_id>/<product_id>`: one photo can belong to several products"),
    column("image_id", pa.string(), "SHA-256 of the photo's bytes"),
    column("product_id", pa.string(), "shop and its own key, as `shop:key`"),
    column("shop", pa.string(), "name of the shop"),
    column("title", pa.string(), "title, verbatim, cut to 1,000 bytes"),
    column("brand", pa.string(), "brand, empty when not said"),
    column("category", pa.string(), "category path joined by ` > `, empty when not said"),
    column("colour", pa.string(), "colour in the shop's words, empty when not said"),
    column("gender", pa.string(), "whom it is sold to, in the shop's words"),
    column(
        "price",
        pa.float64(),
        "lowest price; -1 when not said, so that `price < 50` needs `price >= 0` too",
        "currency",
    ),
    column("currency", pa.string(), "ISO 4217 code, empty when not said"),
    column(
        "in_stock",
        pa.bool_(),
        "null when not said: `in_stock == true` and `in_stock != false` leave those out; `or in_stock is null`"
        " takes them in",
        optional=True,
    ),
    column("view", pa.string(), "what the photo shows, in the shop's word"),
    column("url", pa.string(), "the product's page"),
    column("image_url", pa.string(), "where the photo was fetched"),
]


def entities_schema(dim: int) -> pa.Schema:
    """Entities with vectors of `dim` components."""
    vector = column("vector", pa.list_(pa.float32(), dim), f"shape ({dim},), L2 norm 1", "1")
    return table_schema("entities", 2, [*FACTS, vector])


def entity_id(image_id: str, product_id: str) -> str:
    """The primary key of one photo of one product."""
    return f"{image_id}/{product_id}"
