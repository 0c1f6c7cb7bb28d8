"""Shopify: the whole catalogue as JSON, 250 products a page, at /products.json."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urljoin

from scrapy.http import Response, TextResponse

from crawlers.platforms import SURE, Fetch, Found, Shop, Visit
from crawlers.price import currency_of, price_of
from crawlers.sink import refused
from crawlers.text import category_path, line_of, text_of, words_listed
from crawlers.view import view_of
from schemas.ids import product_id
from schemas.product import Product

PAGE = 250
_COLOUR = frozenset(
    [
        "color",
        "colour",
        "couleur",
        "farbe",
        "kleur",
        "colore",
        "cor",
        "väri",
        "färg",
        "farve",
        "kolor",
        "barva",
    ]
)
_GENDER = frozenset(["gender", "geschlecht", "genre", "género", "sex"])
_ACTIVE = re.compile(r"Shopify\.currency\s*=\s*\{[^}]*\"active\"\s*:\s*\"([A-Z]{3})\"")
_META = "//meta[@property='og:price:currency' or @property='product:price:currency']/@content"


class Platform:
    """Feed pages are read until one is empty; no product page is fetched."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._currency = ""
        self._last_page: list[object] = []

    async def detect(self, home: TextResponse, fetch: Fetch) -> float:
        """Sure when the feed answers. The currency is asked for on the same occasion: the feed lacks it."""
        probe = await fetch(self._address("products.json?limit=1"))
        if probe is None or not isinstance(_products(probe), list):
            return 0.0
        self._currency = _currency_on(home)
        if not self._currency and (cart := await fetch(self._address("cart.js"))):
            self._currency = _currency_in(cart)
        return SURE

    def start(self, home: TextResponse) -> Iterator[Visit]:
        """The feed's first page."""
        yield self._page(1)

    def listing(self, answer: TextResponse) -> Iterator[Found]:
        """The products of one feed page, and the next page unless this one was empty."""
        products = _products(answer)
        if not isinstance(products, list):
            raise ValueError('the feed is not {"products": [...]}')
        ids = [entry.get("id") if isinstance(entry, dict) else None for entry in products]
        if not products or ids == self._last_page:  # a shop that ignores `page` would be read for ever
            return
        self._last_page = ids
        for entry in products:
            yield self._product(entry, answer)
        number = _page_number(answer.url)
        yield self._page(number + 1)

    def product(self, answer: TextResponse) -> Iterator[Found]:
        """Not needed: the feed says it all."""
        yield from ()

    def _product(self, entry: Any, answer: Response) -> Product | dict[str, Any]:
        if not isinstance(entry, dict):
            return refused(
                "page", "page_unreadable", answer.url, detail=f"a feed entry is {type(entry).__name__}"
            )
        handle = str(entry.get("handle") or "")
        url = self._address(f"products/{quote(handle)}") if handle else answer.url
        key, title = str(entry.get("id") or "").strip(), line_of(str(entry.get("title") or ""))
        if not key or not title:
            return refused("page", "page_incomplete", url, detail=f"no {'title' if key else 'id'}")
        name = product_id(self._shop.name, key)
        photos = _photos(entry.get("images"), url)
        if not photos:
            return refused("page", "no_image", url, name, "images is empty")
        variants = [variant for variant in entry.get("variants") or [] if isinstance(variant, dict)]
        prices = [price for variant in variants if (price := price_of(variant.get("price"))) is not None]
        options = _options(entry, variants)
        colours = [values for option, values in options.items() if option.lower() in _COLOUR]
        tags = words_listed(entry.get("tags"))
        stock = [bool(variant["available"]) for variant in variants if "available" in variant]
        return Product(
            product_id=name,
            shop=self._shop.name,
            title=title,
            source="shopify",
            fetched_at=datetime.now(UTC),
            url=url,
            description=text_of(str(entry.get("body_html") or "")),
            brand=line_of(str(entry.get("vendor") or "")),
            categories=category_path(entry.get("product_type")),
            tags=tags,
            colour=", ".join(colours[0]) if colours else _tagged(tags, _COLOUR),
            gender=_tagged(tags, _GENDER),
            price=min(prices) if prices else None,
            currency=self._currency,
            in_stock=any(stock) if stock else None,
            attributes=_attributes(options, variants),
            image_urls=tuple(photos),
            image_views=tuple(photos.values()),
            etag=_header(answer, "ETag"),
            last_modified=_header(answer, "Last-Modified"),
        )

    def _address(self, path: str) -> str:
        return urljoin(self._shop.url, path)

    def _page(self, number: int) -> Visit:
        return Visit(self._address(f"products.json?limit={PAGE}&page={number}"))


def _products(answer: TextResponse) -> Any:
    try:
        feed = json.loads(answer.text)
    except (ValueError, AttributeError, RecursionError):
        return None
    return feed.get("products") if isinstance(feed, dict) else None


def _page_number(url: str) -> int:
    found = re.search(r"[?&]page=(\d+)", url)
    return int(found[1]) if found else 1


def _currency_on(home: TextResponse) -> str:
    if found := _ACTIVE.search(home.text):
        return found[1]
    return currency_of(home.xpath(_META).get())


def _currency_in(cart: TextResponse) -> str:
    try:
        value = json.loads(cart.text)
    except (ValueError, AttributeError):
        return ""
    return currency_of(value.get("currency")) if isinstance(value, dict) else ""


def _photos(images: Any, base: str) -> dict[str, str]:
    """View by address, each address once, `?v=` kept: it changes when the photo does."""
    photos: dict[str, str] = {}
    for image in images if isinstance(images, list) else []:
        source = image.get("src") if isinstance(image, dict) else image
        if isinstance(source, str) and source.strip():
            address = urljoin(base, source.strip())
            caption = str(image.get("alt") or "") if isinstance(image, dict) else ""
            photos.setdefault(address, view_of(address, caption))
    return photos


def _tagged(tags: tuple[str, ...], names: frozenset[str]) -> str:
    """The value of a tag such as `gender:women`: Shopify has no such field, so shops put it there."""
    pairs = (re.split("[:=]", tag, maxsplit=1) for tag in tags)
    stated = (pair[1].strip() for pair in pairs if len(pair) == 2 and pair[0].strip().lower() in names)
    return next(stated, "")


def _options(entry: dict[str, Any], variants: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Values by option name, in the order first offered."""
    found: dict[str, tuple[str, ...]] = {}
    options = entry.get("options")
    for place, option in enumerate(options if isinstance(options, list) else [], 1):
        name = line_of(str(option.get("name") or "")) if isinstance(option, dict) else line_of(str(option))
        stated = option.get("values") if isinstance(option, dict) else None
        values = (
            stated if isinstance(stated, list) else [variant.get(f"option{place}") for variant in variants]
        )
        shown = words_listed([value for value in values if value])
        if (
            name and shown and (name, shown) != ("Title", ("Default Title",))
        ):  # Shopify's word for "no options"
            found[name] = shown
    return found


def _attributes(options: dict[str, tuple[str, ...]], variants: list[dict[str, Any]]) -> dict[str, str]:
    facts = {name: ", ".join(values) for name, values in options.items() if name.lower() not in _COLOUR}
    skus = words_listed([variant.get("sku") for variant in variants if variant.get("sku")])
    if skus:
        facts["sku"] = ", ".join(skus)
    before: list[Decimal] = [p for v in variants if (p := price_of(v.get("compare_at_price"))) is not None]
    if before:
        facts["price_before"] = f"{min(before).normalize():f}"
    return facts


def _header(answer: Response, name: str) -> str:
    value = answer.headers.get(name)
    return value.decode("latin-1") if value else ""
