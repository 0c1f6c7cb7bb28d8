"""A rule for every field of a profile that the pages of a shop bear out."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from scrapy.http import TextResponse

from crawlers.doctor.gallery_guesses import gallery
from crawlers.doctor.price_guesses import price_rules
from crawlers.doctor.selector_guesses import (
    ENOUGH,
    best,
    fact_table,
    firsts,
    found_by,
    labelled,
    metas,
    named,
    url_keys,
)
from crawlers.extract.money.price import currency_of, shows_price
from crawlers.extract.text import line_of

_NAMES = {  # what shops call the elements, in any of class, id and itemprop
    "brand": r"brand|marke\b|vendor|manufacturer|hersteller|designer",
    "description": r"descri|beschreibung|\bdesc\b|\bdetails\b|product-?text",
    "categories": r"crumb",
    "tags": r"\btags?\b|keyword",
    "colour": r"colou?r|farbe|couleur",
    "gender": r"gender|geschlecht",
    "product_id": r"sku|product-?(id|code|number)|item-?(no|id|number)|art(icle|ikel)?-?(no|nr|number|nummer)",
    "in_stock": r"stock|availab|verfueg|lieferbar",
}
_LABELS = {"colour": ["Colour", "Color", "Farbe", "Couleur"], "gender": ["Gender", "Geschlecht"]}
_SOLD = r"^(?!.*(sold out|out of stock|unavailable|not available|ausverkauft|nicht|épuisé|agotado))"
_LONGEST_WORD = 60  # characters of a colour, a brand, a category
_LAST_WORD = r"([A-Za-z0-9][\w./-]{0,99})\s*$"  # bounded, or a long text without an end costs its square


def field_rules(pages: Sequence[TextResponse]) -> dict[str, Any]:
    """Find rules by field, as the file of a profile writes them; no rule for what the pages do not show alike."""
    rules_by_field: dict[str, Any] = {}

    def keep(
        field: str, rules: Iterable[Any], good: Callable[[list[str]], bool], *, distinct: bool = False
    ) -> None:
        if (rule := best(pages, rules, good, distinct)) is not None:
            rules_by_field[field] = rule

    titles = [*named(pages, "title|name", "h1"), "h1", "main h1", *metas("title"), "title"]
    keep("title", titles, lambda texts: True, distinct=len(pages) > 1)
    data = [
        {"css": f"[{name}]", "attribute": name} for name in ("data-sku", "data-product-id", "data-product")
    ]
    inputs = [f"input[name={name}]" for name in ("sku", "product_id", "add-to-cart")]
    numbers = [_number(pages, css) for css in named(pages, _NAMES["product_id"])]
    ids = [*numbers, *data, *inputs, *({"url": pattern} for pattern in url_keys(pages))]
    keep("product_id", ids, lambda texts: len(line_of(texts[0])) <= 100, distinct=len(pages) > 1)
    if images := gallery(pages):
        rules_by_field["images"] = images
    rules_by_field |= price_rules(pages)
    currencies = [*metas("currency"), *named(pages, "currency")]
    keep("currency", currencies, lambda texts: bool(currency_of(texts[0])))
    keep("description", [*named(pages, _NAMES["description"]), *metas("description")], lambda texts: True)
    keep("brand", [*named(pages, _NAMES["brand"]), *metas("brand")], _is_word)
    for field in ("categories", "tags"):
        inside = [f"{css}{part}" for css in named(pages, _NAMES[field]) for part in (" li", " a", "")]
        keep(field, inside, _is_word)
    if "categories" in rules_by_field and "title" in rules_by_field:
        rules_by_field["categories"] = _without_product(
            pages, rules_by_field["categories"], rules_by_field["title"]
        )
    for field in ("colour", "gender"):
        keep(field, [*named(pages, _NAMES[field]), *labelled(pages, _LABELS[field])], _is_word)
    if stock := best(pages, named(pages, _NAMES["in_stock"]), _is_word, False):
        rules_by_field["in_stock"] = {"css": stock, "text": _SOLD}
    return rules_by_field | ({"facts": facts} if (facts := fact_table(pages)) else {})


def _is_word(texts: list[str]) -> bool:
    """Whether a rule finds a word or a few: `.price_color` is named like a colour, and shows a price."""
    line = line_of(texts[0])
    return len(line) <= _LONGEST_WORD and any(map(str.isalpha, line)) and not shows_price(line)


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
