"""The first draft of a profile: rules that find something on every sampled page of a shop, for a person to correct."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from scrapy.http import TextResponse

from crawlers.doctor.selector_guesses import (
    ENOUGH,
    best,
    card_selector,
    fact_table,
    firsts,
    found_by,
    gallery,
    is_price,
    labelled,
    metas,
    named,
    price_texts,
    url_keys,
)
from crawlers.doctor.shop_links import (
    NEVER,
    card_links,
    listing_patterns,
    menu_links,
    product_pattern,
)
from crawlers.extract.page_url import place_of
from crawlers.extract.price import currency_of
from crawlers.extract.text import line_of
from crawlers.platforms import Shop, load
from schemas.product import Product
from schemas.reject import Reject

_NAMES = {  # what shops call the elements, in any of class, id and itemprop
    "price": r"price|preis|prix|precio|prezzo",
    "list_price": r"old|was|list-?price|regular|compare|strike|before|uvp|rrp",
    "brand": r"brand|marke\b|vendor|manufacturer|hersteller|designer",
    "description": r"descri|beschreibung",
    "categories": r"crumb",
    "tags": r"\btags?\b|keyword",
    "colour": r"colou?r|farbe|couleur",
    "gender": r"gender|geschlecht",
    "product_id": r"sku|product-?(id|code|number)|item-?(no|id|number)|art(icle|ikel)?-?(no|nr|number|nummer)",
    "in_stock": r"stock|availab|verfueg|lieferbar",
}
_LABELS = {"colour": ["Colour", "Color", "Farbe", "Couleur"], "gender": ["Gender", "Geschlecht"]}
_SOLD = r"^(?!.*(sold out|out of stock|unavailable|not available|ausverkauft|nicht|épuisé|agotado))"
_LAST_WORD = r"([A-Za-z0-9][\w./-]{0,99})\s*$"  # bounded, or a long text without an end costs its square


@dataclass(frozen=True)
class Draft:
    """A profile as text, and what it reads from the pages it was drawn from."""

    yaml: str
    products: list[Product]
    rejected: list[Reject]


def draft(shop: str, home: str, lists: Sequence[TextResponse], pages: Sequence[TextResponse]) -> Draft | None:
    """Make a draft from a shop's listings and some product pages; None where they have nothing in common."""
    fields = _fields(pages) if pages else {}
    if not {"title", "product_id", "images"} <= set(fields):
        return None
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
    return Draft(text, products, [item for item in items if isinstance(item, Reject)])


def _places(lists: Sequence[TextResponse], pages: Sequence[TextResponse]) -> dict[str, Any]:
    """Say where to start, and which addresses are products, listings and neither."""
    urls = list(dict.fromkeys([*card_links(lists), *(page.url for page in pages)]))
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


def _fields(pages: Sequence[TextResponse]) -> dict[str, Any]:
    """Rules by field, as the file writes them."""
    rules_by_field: dict[str, Any] = {}

    def keep(
        field: str, rules: Iterable[Any], good: Callable[[list[str]], bool], *, distinct: bool = False
    ) -> None:
        if (rule := best(pages, rules, good, distinct)) is not None:
            rules_by_field[field] = rule

    def short(texts: list[str], most: int = 60) -> bool:
        return len(line_of(texts[0])) <= most

    titles = [*named(pages, "title|name", "h1"), "h1", "main h1", *metas("title"), "title"]
    keep("title", titles, lambda texts: True, distinct=len(pages) > 1)
    data = [
        {"css": f"[{name}]", "attribute": name} for name in ("data-sku", "data-product-id", "data-product")
    ]
    inputs = [f"input[name={name}]" for name in ("sku", "product_id", "add-to-cart")]
    numbers = [_number(pages, css) for css in named(pages, _NAMES["product_id"])]
    ids = [*numbers, *data, *inputs, *({"url": pattern} for pattern in url_keys(pages))]
    keep("product_id", ids, lambda texts: short(texts, 100), distinct=len(pages) > 1)
    if images := gallery(pages):
        rules_by_field["images"] = images
    old = re.compile(_NAMES["list_price"], re.I)
    asked = [css for css in named(pages, _NAMES["price"]) if not old.search(css)]
    keep("price", [*asked, *metas("price"), *price_texts(pages)], lambda texts: is_price(texts[0]))
    before = [css for css in named(pages, _NAMES["list_price"]) if css not in asked]
    reduced = [rule for rule in [*before, "del", "s"] if any(map(is_price, firsts(pages, rule)))]
    if reduced:
        rules_by_field["list_price"] = reduced[0]
    currencies = [*metas("currency"), *named(pages, "currency")]
    keep("currency", currencies, lambda texts: bool(currency_of(texts[0])))
    keep("description", [*named(pages, _NAMES["description"]), *metas("description")], lambda texts: True)
    keep("brand", [*named(pages, _NAMES["brand"]), *metas("brand")], short)
    for field in ("categories", "tags"):
        inside = [f"{css}{part}" for css in named(pages, _NAMES[field]) for part in (" li", " a", "")]
        keep(field, inside, short)
    if "categories" in rules_by_field and "title" in rules_by_field:
        rules_by_field["categories"] = _without_product(
            pages, rules_by_field["categories"], rules_by_field["title"]
        )
    for field in ("colour", "gender"):
        keep(field, [*named(pages, _NAMES[field]), *labelled(pages, _LABELS[field])], short)
    if stock := best(pages, named(pages, _NAMES["in_stock"]), short, False):
        rules_by_field["in_stock"] = {"css": stock, "text": _SOLD}
    return rules_by_field | ({"facts": facts} if (facts := fact_table(pages)) else {})


def _number(pages: Sequence[TextResponse], css: str) -> Any:
    """Make a rule for an article number: the element's text, or its last word where a label stands before."""
    alone = all(" " not in line_of(text) for text in firsts(pages, css))
    return css if alone else {"css": css, "regex": _LAST_WORD}


def _without_product(pages: Sequence[TextResponse], crumbs: str, title: Any) -> str:
    """Find the selector of a path whose last element is not the product itself."""
    shorter = f"{crumbs}:not(:last-child)"
    ends = [
        page
        for page in pages
        if (path := found_by(page, crumbs))
        and line_of(path[-1]) == line_of(next(iter(found_by(page, title)), ""))
        and found_by(page, shorter) == path[:-1]
    ]
    return shorter if len(ends) >= ENOUGH * len(pages) else crumbs


def _price_hints(prices: Sequence[str]) -> dict[str, str]:
    """Find the decimal sign where the cents show it, the currency where every price names the same one."""
    signs = {match[1] for text in prices if (match := re.search(r"([.,])\d\d(?!\d)", text))}
    codes = {currency_of(None, text) for text in prices}
    hints = {"decimal": signs.pop()} if len(signs) == 1 else {}
    return hints | ({"currency": code} if len(codes) == 1 and (code := codes.pop()) else {})
