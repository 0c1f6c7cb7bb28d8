"""The first draft of a profile: rules that find something on every sampled page of a shop, for a person to correct."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from scrapy.http import TextResponse

from crawlers.discover.visit import Found
from crawlers.doctor.field_guesses import field_rules
from crawlers.doctor.selector_guesses import (
    card_selector,
    found_by,
)
from crawlers.doctor.shop_links import (
    NEVER,
    card_links,
    listing_patterns,
    menu_links,
    plain_links,
    product_pattern,
)
from crawlers.extract.money.price import currency_of
from crawlers.extract.page_url import place_of
from crawlers.extract.text import line_of
from crawlers.platforms import Shop, load
from schemas.product import Product
from schemas.reject import Reject

# What a profile must find, in words for a shop where nothing is found.
_NEEDED = {
    "title": "no heading that differs from page to page",
    "product_id": "no number, and no part of their addresses, that tells one from another",
    "images": "no picture that is each page's own",
}
_NEEDED_OF_PLAIN = {"price": "no price, and no photo or price beside the links to them"}


@dataclass(frozen=True)
class Draft:
    """A profile as text, and what it reads from the pages it was drawn from."""

    yaml: str
    products: list[Product]
    rejected: list[Reject]


def draft(shop: str, home: str, lists: Sequence[TextResponse], pages: Sequence[TextResponse]) -> Draft | str:
    """Make a draft from a shop's listings and some product pages, or say in words why there is none."""
    if not pages:
        return f"no link on the {len(lists)} pages read has a price or photo beside it, or looks like a product's"
    fields = field_rules(pages)
    needed = _NEEDED if card_links(lists) else _NEEDED | _NEEDED_OF_PLAIN
    if lacking := [words for name, words in needed.items() if name not in fields]:
        return f"the {len(pages)} pages that look most like products have {' and '.join(lacking)}"
    prices = [text for page in pages for text in found_by(page, fields.get("price"))[:1]]
    profile: dict[str, Any] = _places(lists, pages) | {"fields": fields}
    if hints := _price_hints([line_of(text) for text in prices]):
        profile["prices"] = hints
    head = f"# A first draft, from {len(pages)} product pages. Compare what it reads with the shop, then correct it.\n"
    text = head + yaml.safe_dump(profile, sort_keys=False, allow_unicode=True, width=100)
    with TemporaryDirectory(prefix="vitrine-") as folder:
        file = Path(folder) / "draft.yaml"
        file.write_text(text, "utf-8")
        platform = load("profile", Shop(shop, home, profile=str(file)))
        items = [item for page in pages for item in platform.product(page)]
    products = [item for item in items if isinstance(item, Product)]
    if not products:
        return f"what the draft reads lacks something on each of {len(pages)} pages ({_first_detail(items)})"
    return Draft(text, products, [item for item in items if isinstance(item, Reject)])


def _first_detail(items: Sequence[Found]) -> str:
    return next((item.detail for item in items if isinstance(item, Reject)), "")


def _places(lists: Sequence[TextResponse], pages: Sequence[TextResponse]) -> dict[str, Any]:
    """Say where to start, and which addresses are products, listings and neither."""
    urls = list(dict.fromkeys([*(card_links(lists) or plain_links(lists)), *(page.url for page in pages)]))
    menu = [url for page in lists[:1] for url in menu_links(page) if url not in urls]
    pattern = product_pattern(urls, menu)
    listings = listing_patterns(menu)
    places: dict[str, Any] = {"urls": {"product": pattern} if pattern else {}}
    if not pattern:
        wanted = {place_of(url) for url in urls}
        places["product_links"] = card_selector(lists, wanted) or "main a"
    if listings:
        places["urls"]["listing"] = listings if len(listings) > 1 else listings[0]
    places["urls"]["never"] = NEVER
    following = ('a[rel~="next"]', 'link[rel~="next"]', "a.next", ".next a", ".pagination a", ".pages a")
    if css := next((css for css in following if any(page.css(css) for page in lists)), ""):
        places["next"] = css
    return places


def _price_hints(prices: Sequence[str]) -> dict[str, str]:
    """Find the decimal sign where the cents show it, the currency where every price names the same one."""
    signs = {match[1] for text in prices if (match := re.search(r"([.,])\d\d(?!\d)", text))}
    codes = {currency_of(None, text) for text in prices}
    hints = {"decimal": signs.pop()} if len(signs) == 1 else {}
    return hints | ({"currency": code} if len(codes) == 1 and (code := codes.pop()) else {})
