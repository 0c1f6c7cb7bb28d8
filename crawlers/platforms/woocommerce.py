"""WooCommerce: the catalogue through the public Store API, 100 products a page, prices in minor units."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from scrapy.http import Response, TextResponse

from crawlers.discover.json_pages import decoded, first_key, id_in, number_of, page_after, repeats
from crawlers.discover.visit import Found, Visit
from crawlers.extract.fact_names import taken
from crawlers.extract.headers import header_of
from crawlers.extract.merge import merged
from crawlers.extract.money.price import currency_of, price_of
from crawlers.extract.page_url import host_of, joined
from crawlers.extract.photos.photo_urls import photos_in
from crawlers.extract.reading import MOST_VALUES, OWN_ID, Reading
from crawlers.extract.text import line_of, printable, text_in, text_of, words_listed
from crawlers.platforms import SURE, Fetch, Shop
from schemas.ids import product_id
from schemas.product import Product
from schemas.reject import Reject

PAGE = 100  # the most that the Store API gives
EMPTY = 0.2  # an API without products is no catalogue: a sitemap knows more, a bare page less
_ROUTES = ("wc/store/v1/products", "wc/store/products")  # the second: before WooCommerce 6.9
_HINT = re.compile(r"woocommerce|/wp-content/|/wp-includes/|wp-json", re.I)
_ROOT = "//link[@rel='https://api.w.org/']/@href"


class Platform:
    """API pages are read to the number the API states, or until one is empty; no product page is fetched."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._begin = ""

    async def detect(self, home: TextResponse, fetch: Fetch) -> float:
        """Be sure when the API answers with products. What the home page looks like says where else to ask."""
        score = 0.0
        for address in self._addresses(home):
            probe = await fetch(f"{address}per_page=1")
            if (sureness := _sureness(probe)) > score:
                score, self._begin = sureness, address
            if score == SURE:
                break
        return score

    def start(self, home: TextResponse) -> Iterator[Visit]:
        """Name the first page. It asks for no order: `orderby` is what robots.txt of such shops often forbids."""
        begin = self._begin or next(self._addresses(home))
        yield Visit(f"{begin}per_page={PAGE}&page=1")

    def otherwise(self, home: TextResponse) -> Iterator[Visit]:
        """Name nothing: what the feed does not have is no product of the shop."""
        yield from ()

    def listing(self, answer: TextResponse) -> Iterator[Found]:
        """Read the products of one page, and the next page."""
        entries = decoded(answer)
        if not isinstance(entries, list):
            said_no = line_of(text_in(entries.get("message"))) if isinstance(entries, dict) else ""
            raise ValueError(f"the answer is no list of products{': ' if said_no else ''}{said_no}")
        first = first_key(entries)
        if not entries or repeats(answer.url, first):
            return
        for entry in entries:
            yield from self._product(entry, answer)
        if number_of(answer.url) != _pages(answer):
            yield page_after(answer.url, first)

    def at(self, url: str) -> Visit:
        """Name the product by itself, which the API gives by the name in its address."""
        parts = urlsplit(url)
        name = parse_qs(parts.query).get("product", [""])[0] or parts.path.rstrip("/").rpartition("/")[2]
        begin = self._begin or f"{urljoin(self._shop.folders[0], 'wp-json/')}{_ROUTES[0]}?"
        return Visit(f"{begin.rstrip('?&')}/{name}", product=True)

    def product(self, answer: TextResponse) -> Iterator[Found]:
        """Read one product by itself; a crawl of the feed needs none."""
        entry = decoded(answer)
        if not isinstance(entry, dict) or "id" not in entry:
            raise ValueError("the answer is no product")
        yield from self._product(entry, answer)

    def _product(self, entry: Any, answer: Response) -> list[Product | Reject]:
        if not isinstance(entry, dict):
            detail = f"a feed entry is {type(entry).__name__}"
            return [Reject("page", "page_unreadable", answer.url, detail=detail)]
        link = printable(text_in(entry.get("permalink"))).strip()
        url = joined(self._shop.url, link) if link else answer.url
        reading = _reading(entry, url)
        if reading.keys[OWN_ID] and reading.title and entry.get("type") == "variation":
            detail = f"a variation of product {id_in(entry.get('parent')) or 'unknown'}"
            name = product_id(self._shop.name, reading.keys[OWN_ID])
            return [Reject("page", "duplicate", url, name, detail)]
        return merged([reading], answer, shop=self._shop.name, url=url)

    def _addresses(self, home: TextResponse) -> Iterator[str]:
        """Name where the API may be, each open for parameters; a page that is no WordPress costs one question each."""
        link = home.xpath(_ROOT).get() or ""
        root = joined(home.url, link.strip())
        is_named = bool(link) and host_of(root) == host_of(home.url)
        folders = self._shop.folders
        roots = [root] if is_named else [urljoin(folder, "wp-json/") for folder in folders]
        wordpress = bool(link) or _HINT.search(home.text) is not None
        for each in roots:
            for route in _ROUTES if wordpress else _ROUTES[:1]:
                yield f"{each}{route}{'&' if '?' in each else '?'}"
        if wordpress and "?" not in roots[0]:  # a shop whose addresses were never made readable
            yield f"{urljoin(folders[0], '?rest_route=/')}{_ROUTES[0]}&"


def _sureness(probe: TextResponse | None) -> float:
    """SURE for a list that begins with a Store API product, EMPTY for an empty list."""
    try:
        entries = decoded(probe) if probe is not None else None
    except ValueError:
        return 0.0
    if not isinstance(entries, list):
        return 0.0
    first = entries[0] if entries else None
    is_product = (
        isinstance(first, dict)
        and "id" in first
        and "name" in first
        and isinstance(first.get("prices"), dict)
    )
    return SURE if is_product else 0.0 if entries else EMPTY


def _reading(entry: dict[str, Any], url: str) -> Reading:
    """Read what one entry of the API says of its product."""
    price, list_price, currency = _prices(entry)
    facts = _facts(entry)
    sku = line_of(text_in(entry.get("sku")))
    stock = entry.get("is_in_stock")
    return Reading(
        source="woocommerce",
        keys={OWN_ID: id_in(entry.get("id"))},
        title=line_of(text_in(entry.get("name"))),
        description=_description(entry),
        brand=", ".join(_names(entry.get("brands"))) or taken(facts, "brand"),
        categories=_names(_outer_first(entry.get("categories"))),
        tags=_names(entry.get("tags")),
        colour=taken(facts, "colour"),
        gender=taken(facts, "gender"),
        price=price,
        currency=currency,
        list_price=list_price,
        in_stock=stock if isinstance(stock, bool) else None,
        attributes=facts | ({"sku": sku} if sku else {}),
        photos=photos_in(entry.get("images"), url),
        unread_price=_unread_price(entry) if price is None else "",
        lacking={"key": "no id", "title": "no name", "photos": "images is empty"},
    )


def _pages(answer: TextResponse) -> int | None:
    """Read the number of pages the API states; None where it is missing, or no number of 1 and more."""
    stated = header_of(answer, "X-WP-TotalPages").strip()
    return int(stated) if re.fullmatch(r"[1-9][0-9]{0,8}", stated) else None


def _prices(entry: dict[str, Any]) -> tuple[Decimal | None, Decimal | None, str]:
    """Give price, price before a reduction where it was higher, and currency.

    Of the prices of variations the API states the ends alone; where the lower one is free, the upper one is the price.
    """
    value = entry.get("prices")
    prices: dict[str, Any] = value if isinstance(value, dict) else {}
    unit = text_in(prices.get("currency_minor_unit"))
    spread = prices.get("price_range")
    lowest = spread.get("min_amount") if isinstance(spread, dict) else None
    price = _major(lowest if lowest is not None else prices.get("price"), unit)
    if price == 0 and isinstance(spread, dict):  # a variation that costs nothing is a sample
        price = _major(spread.get("max_amount"), unit) or price
    if price == 0 and entry.get("is_purchasable") is False:  # how the API writes "no price set"
        price = None
    regular = _major(prices.get("regular_price"), unit)
    is_reduced = price is not None and regular is not None and regular > price
    return price, regular if is_reduced else None, currency_of(prices.get("currency_code"))


def _unread_price(entry: dict[str, Any]) -> str:
    """Give what stands where a price should; nothing of what cannot be bought."""
    prices = entry.get("prices")
    if not isinstance(prices, dict) or entry.get("is_purchasable") is False:
        return ""
    return line_of(text_in(prices.get("price")))


def _major(amount: Any, unit: str) -> Decimal | None:
    """Write an amount of minor units (1999, unit 2) as 19.99; None where the unit is not said, or no unit."""
    if not re.fullmatch("[0-8]", unit) or not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,8})?", text_in(amount)):
        return None
    return price_of(Decimal(text_in(amount)).scaleb(-int(unit)))


def _description(entry: dict[str, Any]) -> str:
    """Join the short text, then the long one, as the page shows them; once where they say the same."""
    short, long = (text_of(text_in(entry.get(name))) for name in ("short_description", "description"))
    return long if short in long else short if long in short else f"{short}\n{long}"


def _facts(entry: dict[str, Any]) -> dict[str, str]:
    """Read attributes and their terms, in the shop's order."""
    facts: dict[str, str] = {}
    attributes = entry.get("attributes")
    for attribute in attributes[:MOST_VALUES] if isinstance(attributes, list) else []:
        if isinstance(attribute, dict) and (terms := _names(attribute.get("terms"))):
            name = line_of(text_in(attribute.get("name"))) or line_of(text_in(attribute.get("taxonomy")))
            if name:
                facts.setdefault(name, ", ".join(terms))
    return facts


def _names(things: Any) -> tuple[str, ...]:
    """Read the names of categories, tags, brands or terms; older shops give the names alone."""
    listed = things if isinstance(things, list) else []
    return words_listed(
        [text_in(thing.get("name")) if isinstance(thing, dict) else thing for thing in listed]
    )


def _outer_first(categories: Any) -> list[Any]:
    """Sort categories by the depth of their addresses: the API gives them flat, in the order of their names.

    Where one has no address that tells, all stay as they are.
    """
    listed = categories if isinstance(categories, list) else []
    depths = [_depth(text_in(part.get("link"))) if isinstance(part, dict) else 0 for part in listed]
    if not all(depths):
        return listed
    return [part for _, part in sorted(zip(depths, listed, strict=True), key=lambda pair: pair[0])]


def _depth(link: str) -> int:
    """Levels in an address such as /product-category/women/dresses/; 0 where there are none."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return 0
    return (
        0
        if parse_qs(parts.query).get("product_cat")
        else len([name for name in parts.path.split("/") if name])
    )
