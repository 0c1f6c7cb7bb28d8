"""Where the pages of a shop lead, when no sitemap tells: product cards, categories, and the next page of a list."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.discover.visit import Visit
from crawlers.extract.money.price import shows_price
from crawlers.extract.page_url import within
from crawlers.extract.schema_org.jsonld import Node, of_type, parts

_PRODUCT = re.compile(
    r"/(products?|p|items?|dp|pd|prod|artikel|artikal|produkte?|produits?|productos?|prodotti?)/[^/?]+"
    r"|[?&/](product_?id|pid|sku|id_product)=\w",
    re.I,
)
_SHOP_ITEM = re.compile(r"/shop/[^/?]+", re.I)
_LISTING = re.compile(
    r"/(categor(y|ies)|kategorie|categorie|collections?|catalog(ue)?|c|departments?|brands?|product-category)(/|$)"
    r"|[?&](cat|category|category_?id|cpath|id_category)=\w|route=product/category",
    re.I,
)
_NOT_SHOP = re.compile(
    r"/(cart|basket|checkout|account|login|log-?in|register|sign-?(in|up)|wishlist|search|compare|blog|news|press"
    r"|about(-us)?|contact(-us)?|faqs?|help|terms|privacy|shipping|returns?|legal|imprint|impressum|agb|datenschutz"
    r"|careers?|jobs|cookies?|stores?|store-locator|newsletter|feed|rss|wp-(admin|login|json)|cdn-cgi)"
    r"([-_.][\w-]+)?(\.\w+)?(/|$|\?)",
    re.I,
)
_NOT_PAGE = re.compile(
    r"\.(jpe?g|png|webp|gif|avif|svg|css|m?js|pdf|zip|mp4|webm|ico|txt|json|xml|gz|woff2?)$", re.I
)
# The same list again, in another order or in part: their combinations never end.
_FACET = re.compile(
    r"sort(_?by)?|order(_?by)?|dir|direction|limit|per_?page|view|mode|display|q|query|s|filter.*|f|price.*|min.*|max.*"
    r"|colou?r|size|brand|rating|date|month|year|day|session.*|sid|add.to.cart|.*\[.*",
    re.I,
)
_PAGE = re.compile(r"page|p|pg|paged|pagenumber|page_?no|seite|pagina|start|offset", re.I)
_PAGE_PATH = re.compile(r"/page[/-]?(\d{1,6})/?$", re.I)
_NAVIGATION = "//nav//a/@href | //*[@role='navigation']//a/@href"
_NEXT = "//a[contains(concat(' ', @rel, ' '), ' next ')]/@href | //link[@rel='next']/@href"
_PICTURED = "//a[@href][.//img][not(ancestor::nav or ancestor::header or ancestor::footer)]/@href"
_FIGURES = (
    "//body//text()[contains(translate(., '123456789', '000000000'), '0')]"
    "[not(parent::script or parent::style or ancestor::nav or ancestor::header or ancestor::footer)]"
)
_MOST_FIGURES = 2_000
_HIGHEST = 6  # elements from a price up to its card


def looks_like_product(url: str) -> bool:
    """Whether an address alone says that it is a product's page."""
    return bool(_PRODUCT.search(url) or (_SHOP_ITEM.search(url) and not _LISTING.search(url)))


def looks_like_listing(url: str) -> bool:
    """Whether an address alone says that it is a category."""
    return bool(_LISTING.search(url)) and not _PRODUCT.search(url)


def is_page(url: str) -> bool:
    """Whether an address may be a page at all, and not a picture or a script."""
    return not _NOT_PAGE.search(urlsplit(url).path)


def visits_from(page: TextResponse, nodes: list[Node], host: str) -> Iterator[Visit]:
    """Find what a page of a shop without sitemap leads to; `nodes` are its JSON-LD.

    A card with a price, an address like a product's and an entry of an ItemList are product pages. What is
    in the navigation, has a picture but no price, or has an address like a category's is a list, or turns
    out to be a product when it is read. Further pages are followed from pages that show products only.
    """
    base = get_base_url(page)
    products = [link for link in [*_in_lists(nodes), *_priced(page)] if link]
    pictured, navigation = page.xpath(_PICTURED).getall(), page.xpath(_NAVIGATION).getall()
    everything = page.xpath("//a/@href").getall()
    further = {url for link in page.xpath(_NEXT).getall() if (url := within(base, link, host))}
    certain = {url for link in products if (url := within(base, link, host))}
    is_product_by_url: dict[str, bool] = {}
    for links, walked in ((products, True), (pictured, True), (navigation, True), (everything, False)):
        for link in links:
            url = within(base, link, host)
            if (
                not url
                or url in is_product_by_url
                or url in further
                or _NOT_SHOP.search(url)
                or not is_page(url)
            ):
                continue
            if url in certain or looks_like_product(url):
                is_product_by_url[url] = True
            elif (
                not _is_facet(url)
                and not _is_list_again(url, page.url)
                and (walked or looks_like_listing(url))
            ):
                is_product_by_url[url] = False
    if any(is_product_by_url.values()) or pictured:
        addresses = (url for link in everything if (url := within(base, link, host)))
        further |= {url for url in addresses if _is_further_page(url, page.url)}
        yield from (Visit(url) for url in sorted(further))
    yield from (Visit(url, product) for url, product in is_product_by_url.items() if url not in further)


def _in_lists(nodes: list[Node]) -> Iterator[str]:
    """Read addresses of the products in a page's JSON-LD ItemLists."""
    for entry in (e for listing in of_type(nodes, "ItemList") for e in parts(listing.get("itemListElement"))):
        item = entry.get("item")
        for url in (entry.get("url"), item.get("url") if isinstance(item, dict) else item):
            if isinstance(url, str) and url.strip():
                yield url
                break


def _priced(page: TextResponse) -> Iterator[str]:
    """Find the link of each product card: of the elements that look alike, hold a price, and lead to one place."""
    cards: dict[tuple[str, str], dict[str, None]] = {}
    links_in: dict[Any, list[str]] = {}
    for figure in page.selector.root.xpath(_FIGURES)[:_MOST_FIGURES]:
        if shows_price(figure) and (around := _card_around(figure.getparent(), links_in)):
            card, link = around
            cards.setdefault((str(card.tag), card.get("class", "")), {})[link] = None
    for alike in cards.values():
        if len(alike) > 1:
            yield from alike


def _card_around(element: Any, links_in: dict[Any, list[str]]) -> tuple[Any, str] | None:
    """Find the nearest element around a price that has a link, unless it has so many that it is no card.

    links_in  the first links in each element that was looked at, for the prices that stand in it too
    """
    for _ in range(_HIGHEST):
        if element is None or element.tag in ("body", "html"):
            return None
        if element not in links_in:
            links_in[element] = _first_links(element)
        if links := links_in[element]:
            return (element, links[0]) if len(links) <= 3 else None
        element = element.getparent()
    return None


def _first_links(element: Any) -> list[str]:
    """Read where the first eight links in an element lead, each place once; of a link, where it leads itself."""
    links = [element] if element.tag == "a" else element.iter("a")
    hrefs = (href for link in links if (href := link.get("href")) is not None)
    return [href for href in dict.fromkeys(islice(hrefs, 8)) if href]


def _is_facet(url: str) -> bool:
    """Whether an address shows a list again that is reached without its parameters."""
    return any(_FACET.fullmatch(name) for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _is_list_again(url: str, here: str) -> bool:
    """Whether an address is this list, on whichever page: only higher ones are followed, and those elsewhere."""
    return _paged(url)[0] == _paged(here)[0]


def _is_further_page(url: str, here: str) -> bool:
    """Whether an address is this list with a higher page number."""
    (path, number), (path_here, number_here) = _paged(url), _paged(here)
    return path == path_here and number > max(number_here, 1)


def _paged(url: str) -> tuple[str, int]:
    """Take the page number out of an address, give both; 0 where it has none, -1 where it has a facet."""
    parts_of = urlsplit(url)
    pairs = parse_qsl(parts_of.query, keep_blank_values=True)
    if _is_facet(url):
        return url, -1
    numbers = [
        int(value) for name, value in pairs if _PAGE.fullmatch(name) and re.fullmatch(r"[0-9]{1,6}", value)
    ]
    others = [pair for pair in pairs if not _PAGE.fullmatch(pair[0])]
    path = parts_of.path
    if in_path := _PAGE_PATH.search(path):
        numbers.append(int(in_path[1]))
        path = path[: in_path.start()]
    return f"{path.rstrip('/')}?{sorted(others)}", max(numbers, default=0)
