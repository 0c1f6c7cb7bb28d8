"""Readings of one product -> one Product, field by field, by this order of trust; products are made here alone.

| field                           | first that says it                   | because                             |
|---------------------------------|--------------------------------------|-------------------------------------|
| key                             | id > productGroupID > sku >          | one product has one key, whichever  |
|                                 | productID > mpn >                    | of its markups a page carries; of   |
|                                 | retailer_item_id > address;          | equal kinds the most trusted source;|
|                                 | `id` is what profile, feed or file   | the pages of a group's colours and  |
|                                 | say themselves                       | its own show one product            |
| title, description, brand, tags,| profile > feed > json-ld >           | a person wrote the profile for this |
| categories, colour, gender      | microdata > rdfa > opengraph > import| shop; a platform's own feed is its  |
|                                 |                                      | database; JSON-LD is written for    |
|                                 |                                      | machines and whole, microdata is    |
|                                 |                                      | cut from what is shown, OpenGraph   |
|                                 |                                      | from a teaser; a file stands alone  |
| attributes                      | the same; those of a profile are     | a profile names single attributes,  |
|                                 | laid over those of the next          | the others know all of theirs       |
| price, currency, list_price     | what a profile names, else together  | an amount of one markup beside the  |
|                                 | from the first with a price          | currency of another may be neither; |
|                                 |                                      | only what is not said is filled up  |
| in_stock                        | as the title                         | as the price: both are of an offer  |
| photos                          | those of a profile or feed, else of  | shops give JSON-LD one photo and    |
|                                 | the one with the most views that are | show the gallery elsewhere, and two |
|                                 | no thumbnails; of equals json-ld >   | lists hold one photo in two sizes:  |
|                                 | microdata > rdfa > opengraph; each   | more thumbnails are no more views   |
|                                 | view in the largest file that any of |                                     |
|                                 | them names (photo_sizes.py)          |                                     |

A feed is what a platform answers itself (shopify, woocommerce): any source that the table does not name.
`Product.source` is where the title comes from, `Product.sources` says the same for every other filled
field, and is empty where all come from one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from scrapy.http import Response

from crawlers.extract.canonical_url import is_fetchable
from crawlers.extract.headers import header_of
from crawlers.extract.photos.photo_sizes import largest_of_each, sized
from crawlers.extract.photos.stand_ins import says_no_picture
from crawlers.extract.reading import IMPORT, KEYS, MARKUP, OWN_ID, PROFILE, Reading
from schemas.ids import key_fault, product_id
from schemas.product import Product
from schemas.reject import Reject

MOST_PHOTOS = 250  # of one product, its variants and its reviews
LONGEST_URL = 2_000  # of the product's page
LONGEST_PHOTO_URL = 8_000  # some carry a signature
_NO_KEY = frozenset(["n/a", "na", "none", "null", "nil", "undefined", "false", "true", "-", "0", "nan"])
_TEXTS = ("title", "description", "brand", "categories", "tags", "colour", "gender", "in_stock")
_UNTRUSTED = (*MARKUP, IMPORT)  # less than a profile and a feed, most trusted first
_THUMBNAIL = 160  # pixels: of a smaller file nobody learns a garment
_DECIMALS = Decimal("0.0001")  # of an amount (schemas.product.PRICE)
_FEED = 1  # the rank of a source that has no place in the table


def merged(
    readings: Sequence[Reading],
    answer: Response | None,
    *,
    shop: str,
    url: str,
    page: str = "",
    address_key: str = "",
) -> list[Product | Reject]:
    """Make the product that the readings of one thing describe, or the refusal that says what it lacks.

    readings     at least one, one of them of a product
    answer       what they were read from, None for a file
    url          address of the product
    page         address that a refusal names where it is another one
    address_key  the product's key where no reading has one
    Returns the product, and a refusal of photos beyond the bounds; or one refusal of stage `page`.
    """
    ranked = [reading.bounded() for reading in sorted(readings, key=rank)]
    best = next(reading for reading in ranked if reading.product)
    facts, sources = _facts(ranked, best)
    key, sources["product_id"] = _key(ranked) or (address_key, sources.get("title", best.source))
    there = {"key": bool(key), "title": bool(facts["title"])}
    missing = [name for name in (*best.lacking, *there) if not there.get(name, True)]
    if missing:
        return [Reject("page", "page_incomplete", page or url, detail=best.words_for(missing[0]))]
    name = product_id(shop, key)
    pictured = _pictured(ranked)
    if not pictured.photos:
        return [Reject("page", "no_image", page or url, name, best.words_for("photos"))]
    photos = _within_bounds(pictured)
    money, said_by = _money(ranked)
    sources |= {"image_urls": pictured.source} | said_by
    product = Product(
        product_id=name,
        shop=shop,
        source=sources["title"],
        fetched_at=datetime.now(UTC),
        url=url if len(url) <= LONGEST_URL else answer.url if answer is not None else "",
        image_urls=tuple(photos),
        image_views=tuple(photos.values()),
        sources={} if len(set(sources.values())) == 1 else dict(sorted(sources.items())),
        etag=header_of(answer, "ETag"),
        last_modified=header_of(answer, "Last-Modified"),
        unread_photos=pictured.unread_photos or None,
        unread_price=_unread_price(ranked) if money["price"] is None else "",
        **facts,
        **money,
    )
    return [product, *_left_out(pictured, product)]


def rank(reading: Reading) -> int:
    """Place a reading in the order of trust, 0 for the most trusted."""
    if reading.source == PROFILE:
        return 0
    return _FEED + 1 + _UNTRUSTED.index(reading.source) if reading.source in _UNTRUSTED else _FEED


def _facts(ranked: Sequence[Reading], best: Reading) -> tuple[dict[str, Any], dict[str, str]]:
    """Choose the texts of a product, and say by field which source each comes from."""
    facts: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name in (*_TEXTS, "attributes"):
        reading = _first(ranked, name)
        facts[name] = getattr(reading or best, name)
        if reading:
            sources[name] = reading.source
    if sources.get("attributes") == PROFILE and (below := _first(ranked[1:], "attributes")):
        facts["attributes"] = {**below.attributes, **facts["attributes"]}
    return facts, sources


def _first(ranked: Sequence[Reading], name: str) -> Reading | None:
    """Find the most trusted reading that fills a field."""
    return next((reading for reading in ranked if getattr(reading, name) not in ("", (), {}, None)), None)


def _key(ranked: Sequence[Reading]) -> tuple[str, str] | None:
    """Find the first usable identifier and its source; shops write "N/A" in a markup where they have none."""
    for kind in KEYS:
        for reading in ranked:
            key = reading.keys.get(kind, "")
            if key and not key_fault(key) and (kind == OWN_ID or key.lower() not in _NO_KEY):
                return key, reading.source
    return None


def _money(ranked: Sequence[Reading]) -> tuple[dict[str, Any], dict[str, str]]:
    """Choose price, currency and list price, and say which source each comes from.

    A list price is one that is higher than the price, or stands without any.
    """
    ranked = _in_one_unit(ranked)
    first = _first(ranked, "price")
    order = sorted(ranked, key=lambda reading: (reading.source != PROFILE, reading is not first))
    coined = _first(order, "currency")
    currency = coined.currency if coined else ""
    price = first.price if first else None
    reduced = next(
        (
            reading
            for reading in order
            if reading.list_price and (price is None or reading.list_price > price)
            if reading.currency in ("", currency)
        ),
        None,
    )
    list_price: Decimal | None = reduced.list_price if reduced else None
    by = {"price": first, "currency": coined, "list_price": reduced}
    sources = {name: reading.source for name, reading in by.items() if reading}
    return {"price": price, "currency": currency, "list_price": list_price}, sources


def _unread_price(ranked: Sequence[Reading]) -> str:
    return next((reading.unread_price for reading in ranked if reading.unread_price), "")


def _in_one_unit(ranked: Sequence[Reading]) -> Sequence[Reading]:
    """Correct by the other readings what one states in minor units, 12900 beside 129.00, or with a sign misread.

    Nobody asks exactly a hundred times as much in one markup as in another. 1.299 beside 1299 is thirteen hundred.
    """
    prices = {(reading.price, reading.currency) for reading in ranked if reading.price}
    if len(prices) < 2:
        return ranked

    def is_asked(price: Decimal, currency: str) -> bool:
        return any(asked == price and ("" in (code, currency) or code == currency) for asked, code in prices)

    def in_unit(reading: Reading, price: Decimal) -> Reading:
        if not price % 1 and is_asked(price / 100, reading.currency):
            times = Decimal("0.01")
        elif price * 100 % 1 and is_asked(price * 1000, reading.currency):
            times = Decimal(1000)
        else:
            return reading
        former = reading.list_price and (reading.list_price * times).quantize(_DECIMALS)
        return replace(reading, price=(price * times).quantize(_DECIMALS), list_price=former)

    return [in_unit(reading, reading.price) if reading.price else reading for reading in ranked]


def _pictured(ranked: Sequence[Reading]) -> Reading:
    """Choose the reading whose photos count, each in its largest file; one without any where none has.

    A feed and a profile name whole files. Of the others one address that can be fetched counts more than any that
    cannot.
    """
    trusted = next((reading for reading in ranked if rank(reading) <= _FEED and reading.photos), None)
    if trusted is not None:
        return trusted
    shown = [reading for reading in ranked if reading.photos] or [*ranked[:1]]
    largest = _largest_by_photo(shown) if len(shown) > 1 else {}
    views = [
        largest_of_each({largest.get(sized(url).photo, url): view for url, view in reading.photos.items()})
        for reading in shown
    ]

    def worth(place: int) -> tuple[int, int, int]:
        fetchable = [url for url in views[place] if is_fetchable(url) and not says_no_picture(url)]
        whole = sum(sized(address).pixels > _THUMBNAIL for address in fetchable)
        return whole, len(fetchable), len(views[place])

    best = max(range(len(shown)), key=worth) if len(shown) > 1 else 0  # of equals the first, the most trusted
    return replace(shown[best], photos=views[best])


def _largest_by_photo(readings: Sequence[Reading]) -> dict[str, str]:
    """Find the largest file that can be fetched of each photo that any reading names (`sized(...).photo`)."""
    largest: dict[str, tuple[int, str]] = {}
    for reading in readings:
        for address in reading.photos:
            named = sized(address)
            if is_fetchable(address) and named.pixels > largest.get(named.photo, (0, ""))[0]:
                largest[named.photo] = named.pixels, address
    return {photo: address for photo, (_, address) in largest.items()}


def _within_bounds(pictured: Reading) -> dict[str, str]:
    usable = ((url, view) for url, view in pictured.photos.items() if len(url) <= LONGEST_PHOTO_URL)
    return dict(islice(usable, MOST_PHOTOS))


def _left_out(pictured: Reading, product: Product) -> list[Product | Reject]:
    more = len(pictured.photos) - len(product.image_urls)
    if not more:
        return []
    detail = f"{more} photos more than the {MOST_PHOTOS} that one product may have"
    if len(product.image_urls) < MOST_PHOTOS:
        detail = f"{more} photo addresses of more than {LONGEST_PHOTO_URL} characters"
    return [Reject("image", "out_of_bounds", product.url, product.product_id, detail)]
