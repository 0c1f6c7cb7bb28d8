"""The product that several pages show, as the union of what they say: pure, and the same in whichever order they came.

Shops give each colour a page of its own, which states the same group (schema.org `ProductGroup`, Google's "multi-page"
product variants), or show one product in several categories. The caller sorts the pages, the most trusted first:

| field                                         | of several pages                                            |
|-----------------------------------------------|-------------------------------------------------------------|
| colour, tags, attributes                      | all values, each once, in the order of the pages            |
| price, currency, list_price                   | the lowest price in the currency of the first page with one |
| in_stock                                      | whether any page can sell it                                |
| photos                                        | all, each once and in its largest file (photo_sizes.py)     |
| title, description and every other field      | the first page that says it                                 |
"""

from dataclasses import fields, replace
from typing import Any

from crawlers.extract.merge import MOST_PHOTOS
from crawlers.extract.photos.photo_sizes import sized
from crawlers.extract.reading import LONGEST, LONGEST_FACT, MOST_VALUES
from crawlers.extract.text import words_listed
from schemas.product import Product

_OF_THE_PAGE = (
    "product_id shop url source fetched_at sources etag last_modified unread_photos unread_price".split()
)
_JOINED = "colour tags attributes price currency list_price in_stock image_urls image_views".split()
_FIRST = [each.name for each in fields(Product) if each.name not in (*_OF_THE_PAGE, *_JOINED)]
_LONGEST_WORD = 60  # characters of one value of a list; a sentence is no value that another page adds to


def united(first: Product, further: Product) -> Product:
    """Take what a further page of one product says into what the more trusted pages say of it.

    Returns `first` itself where the further page adds nothing.
    """
    facts: dict[str, Any] = {name: getattr(first, name) or getattr(further, name) for name in _FIRST}
    facts["colour"] = _listed(first.colour, further.colour, LONGEST["colour"])
    facts["tags"] = tuple(dict.fromkeys((*first.tags, *further.tags)))[:MOST_VALUES]
    facts["attributes"] = _attributes(first.attributes, further.attributes)
    facts["in_stock"] = _in_stock(first.in_stock, further.in_stock)
    facts |= _money(first, further) | _photos(first, further)
    if all(getattr(first, name) == value for name, value in facts.items()):
        return first
    return replace(
        first, **facts, sources=_sources(first, further), fetched_at=max(first.fetched_at, further.fetched_at)
    )


def _attributes(first: dict[str, str], further: dict[str, str]) -> dict[str, str]:
    facts = dict(first)
    for name, said in further.items():
        if name in facts:
            facts[name] = _listed(facts[name], said, LONGEST_FACT)
        elif len(facts) < MOST_VALUES:
            facts[name] = said
    return facts


def _listed(first: str, further: str, longest: int) -> str:
    """Join two lists of values, each once whatever its case; a sentence stays, and what would be too long."""
    if not first or not further or first == further:
        return first or further
    words = (*words_listed(first), *words_listed(further))
    if any(len(word) > _LONGEST_WORD for word in words):
        return first
    once: dict[str, str] = {}
    for word in words:
        once.setdefault(word.casefold(), word)
    more = ", ".join(once.values())
    return (
        more
        if len(once) > len({word.casefold() for word in words_listed(first)}) and len(more) <= longest
        else first
    )


def _in_stock(first: bool | None, further: bool | None) -> bool | None:
    return further if first is None or further else first


def _money(first: Product, further: Product) -> dict[str, Any]:
    """Give price, currency and list price of the page that asks less; of another currency nothing is taken."""
    theirs = {name: getattr(further, name) for name in ("price", "currency", "list_price")}
    if first.price is None and (not first.currency or first.currency == further.currency):
        return theirs if further.price is not None else {}
    is_less = further.price is not None and first.price is not None and further.price < first.price
    return theirs if is_less and first.currency == further.currency else {}


def _photos(first: Product, further: Product) -> dict[str, Any]:
    photos = dict(zip(first.image_urls, first.image_views, strict=True))
    there = {sized(url).photo: url for url in reversed(first.image_urls)}
    larger: dict[str, str] = {}
    for url, view in zip(further.image_urls, further.image_views, strict=True):
        if (known := there.get(sized(url).photo)) is not None:
            photos[known] = photos[known] or view
            if sized(url).pixels > sized(larger.get(known, known)).pixels:
                larger[known] = url
        elif len(photos) < MOST_PHOTOS:
            photos[url] = view
            there[sized(url).photo] = url
    return {
        "image_urls": tuple(larger.get(url, url) for url in photos),
        "image_views": tuple(photos.values()),
    }


def _sources(first: Product, further: Product) -> dict[str, str]:
    """Say where each field comes from, as crawlers.extract.merge does; a list is credited to the first page."""
    by = {name: first.sources.get(name, first.source) for name in (*first.sources, "title")}
    for name in _FIRST:
        if not getattr(first, name) and getattr(further, name):
            by[name] = further.sources.get(name, further.source)
    return {} if set(by.values()) == {first.source} else dict(sorted(by.items()))
