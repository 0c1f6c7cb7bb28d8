"""Several readings of one page -> one Product, field by field, by this order of trust.

| field                           | first that says it                   | because                             |
|---------------------------------|--------------------------------------|-------------------------------------|
| key                             | sku > productID > productGroupID >   | one product has one key, whichever  |
|                                 | mpn > retailer_item_id > address;    | of its markups a page carries; of   |
|                                 | of equals json-ld, microdata,        | equal kinds the most trusted markup |
|                                 | opengraph                            |                                     |
| title, description, brand, tags,| json-ld > microdata > opengraph      | JSON-LD is written for machines and |
| categories, colour, gender,     |                                      | whole, microdata is cut from what   |
| attributes                      |                                      | is shown, OpenGraph from a teaser   |
| price, currency, list_price     | json-ld > microdata > opengraph,     | an amount of one markup beside the  |
|                                 | together from the first with a price | currency of another may be neither; |
|                                 |                                      | only what is not said is filled up  |
| in_stock                        | json-ld > microdata > opengraph      | as the price: both are of an offer  |
| photos                          | the one with the most photos; of     | shops give JSON-LD one photo and    |
|                                 | equals json-ld > microdata >         | show the gallery elsewhere, and two |
|                                 | opengraph                            | lists hold one photo in two sizes   |

`Product.source` is where the title comes from, `Product.sources` says the same for every other filled
field, and is empty where all come from one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from scrapy.http import TextResponse

from schemas.ids import product_id
from schemas.product import Product
from schemas.reject import Reject

TRUST = ("json-ld", "microdata", "opengraph")
KEYS = ("sku", "productID", "productGroupID", "mpn", "retailer_item_id")
NAMES = {"json-ld": "JSON-LD", "microdata": "microdata", "opengraph": "OpenGraph"}
MOST_PHOTOS = 250  # of one product, its variants and its reviews
_LONGEST = {"title": 1_000, "description": 100_000, "brand": 500, "colour": 1_000, "gender": 100}
_LONGEST_KEY = 256
_MOST_VALUES = 200  # categories, tags, attributes
_NO_KEY = frozenset(["n/a", "na", "none", "null", "nil", "undefined", "false", "true", "-", "0", "nan"])
_TEXTS = ("title", "description", "brand", "categories", "tags", "colour", "gender", "attributes", "in_stock")


@dataclass(frozen=True)
class Reading:
    """What one kind of markup says of a page's product; empty or None where it says nothing.

    keys     identifiers by kind, see KEYS
    photos   view by address, in the shop's order
    product  False where the markup names no product itself, only what surrounds it
    """

    source: str
    keys: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
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
    attributes: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[str, str] = field(default_factory=dict)
    product: bool = True


def merged(
    readings: Sequence[Reading], page: TextResponse, shop: str, url: str, address_key: str
) -> list[Product | Reject]:
    """The product that a page's readings describe, or the reject row that says what it lacks.

    url          address of the product
    address_key  its key where no reading has one
    """
    ranked = sorted(readings, key=lambda reading: TRUST.index(reading.source))
    best = next(reading for reading in ranked if reading.product)
    sources = {name: reading.source for name in _TEXTS if (reading := _first(ranked, name))}
    facts = {name: _bounded(name, getattr(_first(ranked, name) or best, name)) for name in _TEXTS}
    key, sources["product_id"] = _key(ranked) or (address_key, sources.get("title", best.source))
    label = f"{NAMES[best.source]} Product"
    if not key or not facts["title"]:
        missing = "title" if key else "sku, productID or path"
        return [Reject("page", "page_incomplete", page.url, detail=f"{label} without {missing}")]
    name = product_id(shop, key)
    pictured = max(ranked, key=lambda reading: len(reading.photos))  # the first of equals
    if not pictured.photos:
        return [Reject("page", "no_image", page.url, name, f"{label} without image")]
    photos = dict(list(pictured.photos.items())[:MOST_PHOTOS])
    price, currency, list_price, said_by = _money(ranked)
    sources |= {"image_urls": pictured.source} | said_by
    product = Product(
        product_id=name,
        shop=shop,
        source=sources["title"],
        fetched_at=datetime.now(UTC),
        url=url,
        price=price,
        currency=currency,
        list_price=list_price,
        image_urls=tuple(photos),
        image_views=tuple(photos.values()),
        sources={} if len(set(sources.values())) == 1 else dict(sorted(sources.items())),
        etag=_header(page, "ETag"),
        last_modified=_header(page, "Last-Modified"),
        **facts,
    )
    return [product, *_left_out(pictured, product)]


def _first(ranked: Sequence[Reading], name: str) -> Reading | None:
    """The most trusted reading that fills a field."""
    return next((reading for reading in ranked if getattr(reading, name) not in ("", (), {}, None)), None)


def _key(ranked: Sequence[Reading]) -> tuple[str, str] | None:
    """The first usable identifier and its source; shops write "N/A" where they have none."""
    for kind in KEYS:
        for reading in ranked:
            key = reading.keys.get(kind, "")
            if key and len(key) <= _LONGEST_KEY and key.lower() not in _NO_KEY:
                return key, reading.source
    return None


def _money(
    ranked: Sequence[Reading],
) -> tuple[Decimal | None, str, Decimal | None, dict[str, str]]:
    """Price, currency, list price, and the source of each."""
    first = _first(ranked, "price")
    order = [first, *(reading for reading in ranked if reading is not first)] if first else list(ranked)
    coined = _first(order, "currency")
    currency = coined.currency if coined else ""
    reduced = next(
        (
            reading
            for reading in order
            if first and reading.list_price and first.price is not None and reading.list_price > first.price
            if reading.currency in ("", currency)
        ),
        None,
    )
    by = {"price": first, "currency": coined, "list_price": reduced}
    sources = {name: reading.source for name, reading in by.items() if reading}
    return first.price if first else None, currency, reduced.list_price if reduced else None, sources


def _bounded(name: str, value: Any) -> Any:
    """Nobody writes a title of a million characters for people to read."""
    if isinstance(value, str):
        return value[: _LONGEST[name]].rstrip()
    if isinstance(value, tuple):
        return tuple(part[: _LONGEST["title"]] for part in value[:_MOST_VALUES])
    if isinstance(value, Mapping):
        return {key[:200]: text[: _LONGEST["title"]] for key, text in list(value.items())[:_MOST_VALUES]}
    return value


def _left_out(pictured: Reading, product: Product) -> list[Product | Reject]:
    more = len(pictured.photos) - len(product.image_urls)
    if not more:
        return []
    detail = f"{more} photos more than the {MOST_PHOTOS} that one product may have"
    return [Reject("image", "out_of_bounds", product.url, product.product_id, detail)]


def _header(page: TextResponse, name: str) -> str:
    value = page.headers.get(name)
    return value.decode("latin-1") if value else ""
