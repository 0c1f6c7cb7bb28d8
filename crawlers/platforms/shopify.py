"""Shopify: the catalogue as JSON, 250 products a page, at /products.json or per collection where that is off."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from scrapy.http import Response, TextResponse

from crawlers.discover.json_pages import decoded, first_key, id_in, page_after, repeats
from crawlers.discover.visit import Found, Visit
from crawlers.extract.fact_names import column_of, joined, taken
from crawlers.extract.merge import merged
from crawlers.extract.money.price import currency_of, price_of
from crawlers.extract.photos.photo_urls import photos_in
from crawlers.extract.reading import OWN_ID, Reading
from crawlers.extract.schema_org.jsonld import parts
from crawlers.extract.text import category_path, line_of, text_in, text_of, words_listed
from crawlers.platforms import SURE, Fetch, Shop
from schemas.product import Product
from schemas.reject import Reject

PAGE = 250
EMPTY = 0.2  # a feed without products is no catalogue: a sitemap knows more, a bare page less
_FEED, _ALL, _COLLECTIONS = "products.json", "collections/all/products.json", "collections.json"
_HINT = re.compile(r"Shopify\.(?:shop|theme|currency)\b|cdn\.shopify\.com|\.myshopify\.com|/cdn/shop/")
_ACTIVE = re.compile(r"Shopify\.currency\s*=\s*\{[^{}]{0,500}?\"active\"\s*:\s*\"([A-Z]{3})\"")
_MOST_OPTIONS = 20  # Shopify allows three
_MOST_VARIANTS = 10_000  # of one product; Shopify allows two thousand
_META = "//meta[@property='og:price:currency' or @property='product:price:currency']/@content"


class Platform:
    """Feed pages are read until one is empty; no product page is fetched."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._folder, self._begin = shop.folders[0], _FEED
        self._currency = ""

    async def detect(self, home: TextResponse, fetch: Fetch) -> float:
        """Be sure when a feed answers with products. The currency is asked for then, too: feeds lack it.

        Where /products.json is off, collections are tried only if the home page looks like Shopify. All is asked
        below the home page's market, whose prices and currency they have.
        """
        looks = _HINT.search(home.text) is not None
        score = 0.0
        begins = (_FEED, _ALL, _COLLECTIONS) if looks else (_FEED,)
        for folder, begin in [(folder, begin) for folder in self._shop.folders for begin in begins]:
            probe = await fetch(urljoin(folder, f"{begin}?limit=1"))
            if (sureness := _sureness(probe)) > score:
                score, self._folder, self._begin = sureness, folder, begin
            if score == SURE:
                self._currency = await self._find_currency(home, fetch)
                break
        return score

    def start(self, home: TextResponse) -> Iterator[Visit]:
        """Name the first page of the feed, or of the list of collections."""
        yield self._first_page(self._begin)

    def otherwise(self, home: TextResponse) -> Iterator[Visit]:
        """Name nothing: what the feed does not have is no product of the shop."""
        yield from ()

    def listing(self, answer: TextResponse) -> Iterator[Found]:
        """Read what one page holds, products or collections, and name the next page unless this one was empty."""
        feed = decoded(answer)
        products = feed.get("products") if isinstance(feed, dict) else None
        collections = feed.get("collections") if isinstance(feed, dict) else None
        entries = products if isinstance(products, list) else collections
        if not isinstance(entries, list):
            raise ValueError('the feed is neither {"products": [...]} nor {"collections": [...]}')
        first = first_key(entries)
        if not entries or repeats(answer.url, first):
            return
        for entry in entries:
            if entries is products:
                yield from self._product(entry, answer)
            else:
                yield self._collection(entry, answer)
        yield page_after(answer.url, first)

    def at(self, url: str) -> Visit:
        """Name the product's own JSON, which has what the feed says of it."""
        path = urlsplit(url).path.rstrip("/").removesuffix(".json")
        return Visit(self._address(f"products/{path.rpartition('/')[2]}.json"), product=True)

    def product(self, answer: TextResponse) -> Iterator[Found]:
        """Read one product by itself; a crawl of the feed needs none."""
        feed = decoded(answer)
        if isinstance(feed, dict) and isinstance(feed.get("product"), dict):
            yield from self._product(feed["product"], answer)

    def _collection(self, entry: Any, answer: Response) -> Found:
        handle = line_of(text_in(entry.get("handle"))) if isinstance(entry, dict) else ""
        if not handle:
            return Reject("discover", "page_unreadable", answer.url, detail="a collection without handle")
        return self._first_page(f"collections/{quote(handle)}/products.json")

    def _product(self, entry: Any, answer: Response) -> list[Product | Reject]:
        if not isinstance(entry, dict):
            detail = f"a feed entry is {type(entry).__name__}"
            return [Reject("page", "page_unreadable", answer.url, detail=detail)]
        handle = line_of(text_in(entry.get("handle")))
        url = self._address(f"products/{quote(handle)}") if handle else answer.url
        return merged([_reading(entry, url, self._currency)], answer, shop=self._shop.name, url=url)

    async def _find_currency(self, home: TextResponse, fetch: Fetch) -> str:
        """From the home page, else /meta.json, else /cart.js, which most shops forbid to robots."""
        if match := _ACTIVE.search(home.text):
            return match[1]
        if code := currency_of(home.xpath(_META).get()):
            return code
        for path in ("meta.json", "cart.js"):
            answer = await fetch(self._address(path))
            if answer is not None and (code := _currency_in(answer)):
                return code
        return ""

    def _address(self, path: str) -> str:
        return urljoin(self._folder, path)

    def _first_page(self, path: str) -> Visit:
        return Visit(self._address(f"{path}?limit={PAGE}&page=1"))


def _sureness(probe: TextResponse | None) -> float:
    """SURE for a page with a product or a collection, EMPTY for one with none."""
    try:
        feed = decoded(probe) if probe is not None else None
    except ValueError:
        return 0.0
    if not isinstance(feed, dict):
        return 0.0
    entries = feed.get("products", feed.get("collections"))
    if not isinstance(entries, list):
        return 0.0
    proper = [entry for entry in entries if isinstance(entry, dict) and "id" in entry and "handle" in entry]
    return SURE if proper else 0.0 if entries else EMPTY


def _reading(entry: dict[str, Any], url: str, currency: str) -> Reading:
    """Read what one entry of the feed says of its product."""
    variants = parts(entry.get("variants"))[:_MOST_VARIANTS]
    options = _options(entry, variants)
    facts = _attributes(options, variants)
    tags = words_listed(entry.get("tags"))
    price, list_price = _prices(variants)
    stock = [variant["available"] for variant in variants if isinstance(variant.get("available"), bool)]
    return Reading(
        source="shopify",
        keys={OWN_ID: id_in(entry.get("id"))},
        title=line_of(text_in(entry.get("title"))),
        description=text_of(text_in(entry.get("body_html"))),
        brand=line_of(text_in(entry.get("vendor"))),
        categories=category_path(entry.get("product_type")),
        tags=tags,
        colour=taken(facts, "colour") or _tagged(tags, "colour"),
        gender=taken(facts, "gender") or _tagged(tags, "gender"),
        price=price,
        currency=currency,
        list_price=list_price,
        in_stock=any(stock) if stock else None,
        attributes=facts,
        photos=photos_in(entry.get("images"), url),
        unread_price="" if price is not None else next(filter(None, map(_stated_price, variants)), ""),
        lacking={"key": "no id", "title": "no title", "photos": "images is empty"},
    )


def _stated_price(variant: dict[str, Any]) -> str:
    return line_of(text_in(variant.get("price")))


def _currency_in(answer: TextResponse) -> str:
    try:
        value = decoded(answer)
    except ValueError:
        return ""
    return currency_of(value.get("currency")) if isinstance(value, dict) else ""


def _prices(variants: list[dict[str, Any]]) -> tuple[Decimal | None, Decimal | None]:
    """Find the lowest price asked, and what that very price was before a reduction.

    A variant that costs nothing is a sample: its price counts only where there is no other.
    """
    prices = [
        (price, price_of(variant.get("compare_at_price")))
        for variant in variants
        if (price := price_of(variant.get("price"))) is not None
    ]
    lowest = min((price for price, _ in prices), key=lambda price: (not price, price), default=None)
    higher = [
        compare_at
        for price, compare_at in prices
        if price == lowest and compare_at is not None and compare_at > price
    ]
    return lowest, min(higher, default=None)


def _tagged(tags: tuple[str, ...], column: str) -> str:
    """Read the values of tags such as `gender:women`: Shopify has no such field, so shops put it there."""
    pairs = (re.split("[:=]", tag, maxsplit=1) for tag in tags)
    return joined(pair[1] for pair in pairs if len(pair) == 2 and column_of(pair[0]) == column)


def _options(entry: dict[str, Any], variants: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """List values by option name, in the order first offered."""
    values_by_option: dict[str, tuple[str, ...]] = {}
    options = entry.get("options")
    for place, option in enumerate(options[:_MOST_OPTIONS] if isinstance(options, list) else [], 1):
        name = line_of(text_in(option.get("name") if isinstance(option, dict) else option))
        listed = option.get("values") if isinstance(option, dict) else None
        values = listed if isinstance(listed, list) else [v.get(f"option{place}") for v in variants]
        words = words_listed([value for value in values if value])
        only = name == "Title" and words == ("Default Title",)  # Shopify's word for "no options"
        if name and words and not only:
            values_by_option[name] = words
    return values_by_option


def _attributes(options: dict[str, tuple[str, ...]], variants: list[dict[str, Any]]) -> dict[str, str]:
    facts = {name: ", ".join(values) for name, values in options.items()}
    skus = words_listed([variant.get("sku") for variant in variants if variant.get("sku")])
    return facts | ({"sku": ", ".join(skus)} if skus else {})
