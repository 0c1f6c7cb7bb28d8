"""Any shop whose product pages carry JSON-LD: found through its sitemaps, or by walking its categories."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from scrapy.http import TextResponse
from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap

from crawlers.jsonld import nodes_on, of_type
from crawlers.platforms import Fetch, Found, Shop, Visit
from crawlers.productpage import PRODUCT_TYPES, product_of
from crawlers.settings import PAGE_BYTES
from crawlers.sink import refused

_PRODUCT_PATH = re.compile(r"/(products?|p|items?|dp|shop|artikel|produit|producto)/[^/]+", re.I)
_LISTING_PATH = re.compile(r"/(categor(y|ies)|collections?|catalog(ue)?|c|departments?|brands?)(/|$)", re.I)
_NOT_SHOP = re.compile(
    r"/(cart|basket|checkout|account|login|register|wishlist|search|compare)(/|$|\?)", re.I
)
_NOT_PAGE = re.compile(r"\.(jpe?g|png|webp|gif|avif|svg|css|js|pdf|zip|mp4|ico|txt|json)$", re.I)
_NAVIGATION = "//nav//a/@href | //*[@role='navigation']//a/@href"
_NEXT = "//a[contains(concat(' ', @rel, ' '), ' next ')]/@href | //link[@rel='next']/@href"
_CARDS = "//a[.//img][not(ancestor::nav or ancestor::header or ancestor::footer)]/@href"


class Platform:
    """Sitemaps where there are any, else categories from the home page on; one product per page."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._host = _host(shop.url)
        self._has_sitemap = bool(shop.sitemaps)

    async def detect(self, home: TextResponse, fetch: Fetch) -> float:
        """0.5 with a sitemap or JSON-LD on the home page, 0.1 for any other HTML: under any real platform."""
        if not self._has_sitemap:
            probe = await fetch(urljoin(self._shop.url, "sitemap.xml"))
            self._has_sitemap = probe is not None and b"<loc" in _body(probe)
        if self._has_sitemap or nodes_on(home)[0]:
            return 0.5
        return 0.1 if home.xpath("//a/@href") else 0.0

    def start(self, home: TextResponse) -> Iterator[Visit]:
        """The sitemaps that robots.txt names, else /sitemap.xml, else the home page as first category."""
        if self._shop.sitemaps:
            yield from (Visit(url) for url in self._shop.sitemaps)
        elif self._has_sitemap:
            yield Visit(urljoin(self._shop.url, "sitemap.xml"))
        else:
            yield from self._category(home)

    def listing(self, answer: TextResponse) -> Iterator[Found]:
        """Addresses in a sitemap or on a category page."""
        body = _body(answer)
        if b"<loc" in body[:4096] or b"<urlset" in body[:1024] or b"<sitemapindex" in body[:1024]:
            yield from self._sitemap(body, answer.url)
        elif self._has_sitemap and _is_xml(answer):
            raise ValueError("the sitemap is neither <urlset> nor <sitemapindex>")
        else:
            yield from self._category(answer)

    def product(self, answer: TextResponse) -> Iterator[Found]:
        """The page's JSON-LD product. A page that claims none is no product page and yields nothing."""
        nodes, broken = nodes_on(answer)
        if next(of_type(nodes, *PRODUCT_TYPES), None) is not None:
            yield product_of(nodes, answer, self._shop.name)
        elif any('"Product' in block for block in broken):
            yield refused("page", "page_unreadable", answer.url, detail="its JSON-LD Product is not JSON")

    def _sitemap(self, body: bytes, base: str) -> Iterator[Found]:
        sitemap = Sitemap(body)
        for entry in sitemap:
            url = urljoin(base, entry["loc"])
            if _host(url) != self._host:
                yield refused("discover", "address", url, detail=f"{base} names an address outside the shop")
            elif sitemap.type == "sitemapindex":
                yield Visit(url)
            elif not _NOT_PAGE.search(urlsplit(url).path):
                yield Visit(url, product=True)

    def _category(self, page: TextResponse) -> Iterator[Visit]:
        cards = page.xpath(_CARDS).getall()
        links = cards + page.xpath(_NAVIGATION).getall() + page.xpath("//a/@href").getall()
        following, carded = page.xpath(_NEXT).getall(), set(cards)
        for link in following:
            if url := self._within(page, link):
                yield Visit(url)
        for link in dict.fromkeys(links):
            url = self._within(page, link)
            path = urlsplit(url).path
            if not url or link in following or _NOT_SHOP.search(path) or _NOT_PAGE.search(path):
                continue
            if _LISTING_PATH.search(path) and not _PRODUCT_PATH.search(path):
                yield Visit(url)
            elif _PRODUCT_PATH.search(path) or link in carded:
                yield Visit(url, product=True)

    def _within(self, page: TextResponse, link: str) -> str:
        """The absolute address of a link that stays in the shop; empty otherwise."""
        try:
            url = urldefrag(urljoin(page.url, link.strip())).url
            return url if urlsplit(url).scheme in ("http", "https") and _host(url) == self._host else ""
        except ValueError:
            return ""


def _host(url: str) -> str:
    """Host and port; with or without `www.` is one shop."""
    try:
        return urlsplit(url).netloc.lower().removeprefix("www.")
    except ValueError:
        return ""


def _body(answer: Any) -> bytes:
    """A sitemap's XML; .xml.gz files are opened, to the size a page may have."""
    body: bytes = answer.body
    return gunzip(body, max_size=PAGE_BYTES) if body[:2] == b"\x1f\x8b" else body


def _is_xml(answer: TextResponse) -> bool:
    return urlsplit(answer.url).path.endswith((".xml", ".xml.gz")) or answer.body.lstrip()[:5] == b"<?xml"
