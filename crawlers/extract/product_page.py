"""A page -> its product: each markup is read once, on the tree Scrapy has built, and the readings are merged.

Of RDFa what shops write is read, Lite 1.1; microformats and Dublin Core are not: they cost more than all the rest, and
shops do not state products in them.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.extract import opengraph
from crawlers.extract.main_product import main_product, twins_of
from crawlers.extract.merge import merged
from crawlers.extract.page_url import address_of, key_of
from crawlers.extract.photos.page_photos import photos_on
from crawlers.extract.reading import KEYS, Reading
from crawlers.extract.schema_org import jsonld, microdata
from crawlers.extract.schema_org.jsonld import Node, line_in, of_type
from crawlers.extract.schema_org.page_nodes import nodes_of
from crawlers.extract.schema_org.schemaorg import PRODUCT_TYPES, reading_of
from schemas.product import Product
from schemas.reject import Reject

_CLAIMED = re.compile(r"Product(?:Group|Model)?[\"'&\\]")
_AFTER_NAME = re.compile(r"\s[|·–—-]\s")  # what parts a title from the shop's name
_WORD = re.compile(r"\w+")
_LONGEST_NAME = 1_000  # characters of a title that are compared
_DEEPEST = 2_000  # libxml2 reads no element below 2,048 others


def products_on(page: TextResponse, shop: str, beside: Sequence[Reading] = ()) -> list[Product | Reject]:
    """Read the product a page is about, or the refusal that says why it cannot be read; nothing if it has none.

    beside  what else is known of the product a page is about, if it is about one: a profile's reading
    Raises ValueError for a page that nests so deep that its parser gave up, when what was read shows no product.
    """
    url, base = address_of(page), get_base_url(page)
    nodes, broken = jsonld.nodes_on(page)
    readings = _read(nodes, "json-ld", page, url, base)
    wanted = ("Product",) if any(r.categories for r in readings) else ("Product", "BreadcrumbList")
    for names in (microdata.MICRODATA, microdata.RDFA):
        readings += _read(_items(page, names, wanted), names.source, page, url, base)
    if tagged := opengraph.reading_on(page):
        readings.append(tagged)
    first = next((reading for reading in readings if reading.product), None)
    if first is not None:
        ours = [
            *beside,
            *_with_shown([reading for reading in readings if _is_of(first, reading)], page, beside),
        ]
        ours = _without_own_name(ours)
        return merged(ours, page, shop=shop, url=url, page=page.url, address_key=key_of(url))
    if any(_CLAIMED.search(block) for block in broken):
        return [Reject("page", "page_unreadable", page.url, detail="its JSON-LD Product is not JSON")]
    if _is_cut(page):
        raise ValueError("the page nests deeper than it can be read")
    return []


def products_named_on(page: TextResponse) -> int:
    """Count the products that a page's markups name: for the words about a page of which none is the product."""
    nodes = [*jsonld.nodes_on(page)[0], *_items(page, microdata.MICRODATA, ("Product",))]
    return len({name for node in of_type(nodes, *PRODUCT_TYPES) if (name := line_in(node.get("name")))})


def _is_cut(page: TextResponse) -> bool:
    """Whether the last element is so deep that the parser read nothing after it."""
    last = page.selector.root.xpath("(//*)[last()]")
    return bool(last) and sum(1 for _ in last[0].iterancestors()) >= _DEEPEST


def _items(page: TextResponse, names: microdata.Names, wanted: tuple[str, ...]) -> list[Node]:
    return list(jsonld.opened(microdata.nodes_on(page, names, of=wanted)))


def _read(nodes: list[Node], source: str, page: TextResponse, url: str, base: str) -> list[Reading]:
    """Make a reading of each node that one markup has of the page's product; none where it says nothing of any."""
    if not nodes:
        return []
    found = nodes_of(nodes, base, (url, page.url))
    node = main_product(found, page)
    reading = reading_of(node, found, source)
    if node is None:
        return [reading] if reading.categories else []
    return [reading, *(reading_of(twin, found, source) for twin in twins_of(node, found))]


def _is_of(first: Reading, other: Reading) -> bool:
    """Whether another reading is of the same product: a page may have a neighbour's microdata only.

    OpenGraph tags are about the page, and breadcrumbs are its own.
    """
    if other is first or not other.product or other.source == "opengraph":
        return True
    if any(first.keys.get(kind) and first.keys[kind] == other.keys.get(kind) for kind in KEYS):
        return True
    one, two = first.title.casefold(), other.title.casefold()
    return not one or not two or one in two or two in one


def _without_own_name(readings: list[Reading]) -> list[Reading]:
    """Drop the product itself from the end of categories that a markup without a product names.

    That markup cannot know the title, which another one states: as it is, or with the shop's name behind it.
    """
    titles = [reading.title for reading in readings if reading.product]
    names = {
        words
        for title in titles
        for name in (title, _AFTER_NAME.split(title, 1)[0])
        if (words := _words(name))
    }
    return [
        replace(reading, categories=reading.categories[:-1])
        if not reading.product and reading.categories and _words(reading.categories[-1]) in names
        else reading
        for reading in readings
    ]


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text[:_LONGEST_NAME].casefold()))


def _with_shown(readings: list[Reading], page: TextResponse, beside: Sequence[Reading]) -> list[Reading]:
    """Give each reading what the page shows of its photos: larger files, more views; a profile's photos come first."""
    if any(reading.photos for reading in beside):
        return readings
    shown = photos_on(page, (address for reading in readings for address in reading.photos))
    return [
        replace(reading, photos=shown.added_to(reading.photos), unread_photos=shown.unread)
        if reading.photos
        else reading
        for reading in readings
    ]
