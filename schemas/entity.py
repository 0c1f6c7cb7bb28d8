"""One Milvus entity per photo of a product: the vector, and the product's facts to filter by.

Built by flows/retrieval/indexing/entities.py from vectors and products; infra/milvus/schema.py turns it into a
collection. An index run keeps in the lake which entities it loaded, and a digest of each.
"""

import re

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
        "lowest price; null when not said: `price < 50` leaves those out",
        "currency",
        optional=True,
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

INDEXED = table_schema(
    "indexed",
    1,
    [
        column(
            "image_id", pa.string(), "a photo that the collection of this run holds, SHA-256 of its bytes"
        ),
        column("product_id", pa.string(), "product it shows, as `shop:key`; one row per entity"),
    ],
)

DIGESTS = table_schema(
    "digests",
    1,
    [
        column("key", pa.binary(16), "the entity's key in Milvus; ascending"),
        column("digest", pa.int64(), "digest of its facts and vector: what a later index differs in"),
    ],
)


def entities_schema(dim: int) -> pa.Schema:
    """Entities with vectors of `dim` components."""
    vector = column("vector", pa.list_(pa.float32(), dim), f"shape ({dim},), L2 norm 1", "1")
    return table_schema("entities", 3, [*FACTS, vector])


def entity_id(image_id: str, product_id: str) -> str:
    """The primary key of one photo of one product."""
    return f"{image_id}/{product_id}"


def collection_for(fingerprint: str, run_id: str) -> str:
    """The collection of one index run: what made its vectors can be read off, and no two runs share one."""
    return re.sub(r"\W", "_", f"vitrine_{fingerprint[:12]}_{run_id}", flags=re.ASCII)
