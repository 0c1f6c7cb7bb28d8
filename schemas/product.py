"""One row per product of a crawl: what the shop says about it, verbatim.

Written by flows/crawl/crawl_shops.py and flows/crawl/import_products.py, read by flows/learn/label.py and
flows/retrieval/indexing/index.py. Each crawl holds the shop's whole catalogue as of that crawl.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from schemas.columns import TIME, column, table_schema
from schemas.ids import digest, photo_key

SOURCES = ("json-ld", "microdata", "rdfa", "opengraph", "shopify", "woocommerce", "profile", "import")
PRICE = pa.decimal128(18, 4)  # four decimals: KWD has three, unit prices sometimes four

PRODUCTS = table_schema(
    "products",
    2,
    [
        column("product_id", pa.string(), "shop and its own SKU or platform id, as `shop:key`"),
        column("shop", pa.string(), "name of the shop"),
        column("url", pa.string(), "address of the product's page; empty for an import without one"),
        column("title", pa.string(), "title, verbatim: part of the weak label"),
        column("description", pa.string(), "description as text, verbatim: part of the weak label"),
        column("brand", pa.string(), "brand or vendor, empty when not said"),
        column("categories", pa.list_(pa.string()), "the shop's category path, outer first"),
        column("tags", pa.list_(pa.string()), "the shop's tags"),
        column(
            "colour", pa.string(), "colours in the shop's own words, joined by commas, empty when not said"
        ),
        column("gender", pa.string(), "whom the shop sells it to, in its own words, empty when not said"),
        column(
            "price",
            PRICE,
            "lowest of the prices asked now of everybody for one piece of any variant, with tax where the shop says"
            " both; no instalment, deposit, shipping, bulk or unit price, and no free sample beside a price",
            "units of `currency`",
            optional=True,
        ),
        column("currency", pa.string(), "ISO 4217 code, empty when not said"),
        column(
            "list_price",
            PRICE,
            "what that price was before a reduction, in the same currency, where the shop shows one",
            "units of `currency`",
            optional=True,
        ),
        column("in_stock", pa.bool_(), "whether any variant can be bought", optional=True),
        column("attributes", pa.map_(pa.string(), pa.string()), "other facts the shop states, by its names"),
        column("image_urls", pa.list_(pa.string()), "addresses of the photos, in the shop's order"),
        column(
            "image_views",
            pa.list_(pa.string()),
            "view per photo (front, back, customer ...), empty if unknown",
        ),
        column(
            "image_ids",
            pa.list_(pa.string()),
            "SHA-256 per photo, same order; empty string: refused, see rejects",
        ),
        column(
            "source",
            pa.string(),
            f"where the title comes from: {' | '.join(SOURCES)}, or another platform's feed",
        ),
        column(
            "sources",
            pa.map_(pa.string(), pa.string()),
            "source per field, where a page was read from several; empty where all come from `source`",
        ),
        column("etag", pa.string(), "ETag of the page or feed, empty when none"),
        column("last_modified", pa.string(), "Last-Modified of the page or feed, empty when none"),
        column(
            "content_hash", pa.string(), "SHA-256 over everything the shop says, not over when we read it"
        ),
        column("first_seen", TIME, "start of the first crawl that saw this product"),
        column("fetched_at", TIME, "when the page or feed was read"),
    ],
)


# What JSON has no form for, by the type of a field.
_OF_JSON: dict[Any, Callable[[Any], object]] = {
    tuple[str, ...]: tuple,
    datetime: datetime.fromisoformat,
    datetime | None: datetime.fromisoformat,
    Decimal | None: Decimal,
}


_TOLD = ("unread_photos", "unread_price")  # of a product's page, and no column of it


@dataclass(frozen=True)
class Product:
    """One product as the shop states it; the columns of `PRODUCTS` before photos are fetched.

    unread_photos  how many more pictures its page shows, which nothing says for certain, None for none: told, no column
    unread_price   what its page states as its price, where that is no amount: told, no column
    """

    product_id: str
    shop: str
    title: str
    source: str
    fetched_at: datetime
    url: str = ""
    description: str = ""
    brand: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    colour: str = ""
    gender: str = ""
    price: Decimal | None = None
    currency: str = ""
    list_price: Decimal | None = None
    in_stock: bool | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    image_urls: tuple[str, ...] = ()
    image_views: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    last_modified: str = ""
    unread_photos: int | None = None
    unread_price: str = ""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Product":
        """Make a product of what `vars` of one became in JSON; a field that is not there has its default."""
        read: dict[str, Any] = {}
        for each in fields(cls):
            if each.name in facts:
                fact, of_json = facts[each.name], _OF_JSON.get(each.type)
                read[each.name] = fact if fact is None or of_json is None else of_json(fact)
        return cls(**read)

    def content_hash(self) -> str:
        """Equal for two readings of one unchanged product: times, validators and photo editions do not count.

        What is not said does not count either, so that a column that is new does not make every product a changed one.
        """
        facts = {name: fact for name, fact in vars(self).items() if fact not in ("", (), {}, None)}
        for name in ("fetched_at", "etag", "last_modified", "source", "sources", *_TOLD):
            facts.pop(name, None)
        for name in ("price", "list_price"):
            if name in facts:
                facts[name] = str(facts[name].normalize())
        facts["image_urls"] = [photo_key(url) for url in self.image_urls]
        return digest(facts)

    def row(self, image_ids: tuple[str, ...], first_seen: datetime) -> dict[str, object]:
        """The row of `PRODUCTS`, once the photos have their ids (one per URL, "" where refused)."""
        if not len(image_ids) == len(self.image_urls) == len(self.image_views):
            raise ValueError(f"{self.product_id}: {len(self.image_urls)} photos, {len(image_ids)} ids")
        row = vars(self) | {"image_ids": list(image_ids), "first_seen": first_seen}
        for name in _TOLD:
            del row[name]
        maps = {"attributes": list(self.attributes.items()), "sources": list(self.sources.items())}
        return row | maps | {"content_hash": self.content_hash()}
