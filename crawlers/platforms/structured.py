"""Any shop that states its products in JSON-LD, microdata, RDFa or OpenGraph: found by sitemap, or by categories.

A profile that leaves the rest to the markup is read beside it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.http import TextResponse

from crawlers.discover.language_marks import LanguageChoice, mark_of, sitemaps_elsewhere
from crawlers.discover.links import is_page, looks_like_listing, looks_like_product, visits_from
from crawlers.discover.sitemap import CutError, Entry, entries, is_sitemap
from crawlers.discover.visit import Found, Visit
from crawlers.extract.page_url import host_of, is_web, joined
from crawlers.extract.product_page import products_on
from crawlers.extract.schema_org.jsonld import nodes_on
from crawlers.platforms import Fetch, Shop
from crawlers.profiles.profile_reading import reading_by
from crawlers.profiles.shop_profile import load
from schemas.product import Product
from schemas.reject import Reject

_USUAL = ("sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml", "sitemap.xml.gz")
_MOST_MARKS = 1_000  # of languages in one sitemap
_MOST_PROBES = 3  # of those that robots.txt names, until one answers
# What the names in an index say; a sitemap that says nothing is read.
_LISTS_PRODUCTS = re.compile(r"product|produkt|produit|prodotti|artikel|items?\b|pdp|sku|goods|catalog", re.I)
_SORTS_PRODUCTS = re.compile(r"product[_-]?(cat|tag|brand|type|attr|review)|taxonom", re.I)
_LISTS_OTHERS = re.compile(
    r"posts?\b|blog|news\b|pages?\b|author|categor|collection|tags?\b|video|attribute|pa_|brand|store-?locator|faq"
    r"|help|articles?\b",
    re.I,
)
_NUMBER = re.compile(r"page=\d+")


class Platform:
    """Sitemaps where there are any, else categories from the home page on; one product per page."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._host = host_of(shop.url)
        self._sitemaps: tuple[str, ...] = ()
        profile = load(shop.profile) if shop.profile else None
        self._profile = profile if profile is not None and profile.reads_markup else None

    async def detect(self, home: TextResponse, fetch: Fetch) -> float:
        """0.5 with a sitemap or JSON-LD on the home page, 0.1 for any other HTML: under any real platform."""
        addresses = (joined(self._shop.url, url.strip()) for url in self._shop.sitemaps)
        named = tuple(dict.fromkeys(filter(is_web, addresses)))
        for url in named[:_MOST_PROBES]:
            if await _answers(fetch, url):
                self._sitemaps = named
                return 0.5
        for url in dict.fromkeys(urljoin(folder, name) for folder in self._folders() for name in _USUAL):
            if url not in named and await _answers(fetch, url):
                self._sitemaps = (url,)
                return 0.5
        if nodes_on(home)[0]:
            return 0.5
        return 0.1 if home.xpath("//a/@href") else 0.0

    def start(self, home: TextResponse) -> Iterator[Visit]:
        """Name the sitemaps that robots.txt names, else the first usual one, else the home page as first category."""
        if self._sitemaps:
            yield from map(Visit, self._sitemaps)
        else:
            yield from self._links(home)

    def otherwise(self, home: TextResponse) -> Iterator[Visit]:
        """Name what the home page links to, for sitemaps that name nothing of the shop."""
        if self._sitemaps:
            yield from self._links(home)

    def listing(self, answer: TextResponse) -> Iterator[Found]:
        """Read addresses in a sitemap or on a category page; a page that turns out to be a product's is read as one."""
        if is_sitemap(answer.body):
            yield from self._sitemap(answer)
        elif _claims_to_be_sitemap(answer):
            raise ValueError("the sitemap is neither <urlset> nor <sitemapindex>")
        else:
            items = self._products(answer)
            yield from items
            if not any(isinstance(item, Product) for item in items):
                yield from self._links(answer)

    def product(self, answer: TextResponse) -> Iterator[Found]:
        """Read the page's product. A page that claims none is no product page and yields nothing."""
        yield from self._products(answer)

    def at(self, url: str) -> Visit:
        """Name the page itself."""
        return Visit(url, product=True)

    def _links(self, answer: TextResponse) -> Iterator[Visit]:
        """Say where a page leads, but for its links to the shop's other markets, which every page has."""
        market = self._shop.market
        for visit in visits_from(answer, nodes_on(answer)[0], self._host):
            if not market or mark_of(visit.url, any_code=True) in ("", market):
                yield visit

    def _products(self, answer: TextResponse) -> list[Product | Reject]:
        beside = [reading_by(self._profile, answer)] if self._profile else []
        return products_on(answer, self._shop.name, beside)

    def _folders(self) -> tuple[str, ...]:
        """Where sitemaps lie: in the shop's own folder, and at its host, where those of all its markets are."""
        return tuple(dict.fromkeys((*self._shop.folders, urljoin(self._shop.url, "/"))))

    def _sitemap(self, answer: TextResponse) -> Iterator[Found]:
        """Nothing is kept of an index but the sitemaps it names, and of a sitemap nothing at all."""
        names = _survey(answer)
        choice = LanguageChoice(self._shop.language, self._shop.market, names.marks)
        index: list[Visit] = []
        try:
            for entry in entries(answer.body):
                url = joined(answer.url, entry.url)
                if not is_web(url) or not self._may_name(url, entry, answer):
                    detail = f"{answer.url} names an address outside the shop"
                    yield Reject(
                        "discover", "address", url if is_web(url) else entry.url[:500], detail=detail
                    )
                elif entry.index:
                    index.append(Visit(url, lastmod=entry.lastmod))
                elif is_page(url):
                    is_list = names.only_lists and looks_like_listing(url)
                    yield from self._in_one_language(
                        Visit(url, not is_list, entry.lastmod), entry, answer, choice
                    )
        except CutError as error:
            yield Reject("discover", "page_unreadable", answer.url, detail=str(error))
        yield from self._worth_reading(index)

    def _in_one_language(
        self, visit: Visit, entry: Entry, answer: TextResponse, choice: LanguageChoice
    ) -> Iterator[Found]:
        """Name a page in the crawl's language: itself, or its twin; one in another language is refused."""
        twins = [(tag, joined(answer.url, url)) for tag, url in entry.alternates]
        url = choice.address(visit.url, [(tag, url) for tag, url in twins if host_of(url) == self._host])
        if url != visit.url:
            detail = "in another language or market than the crawl" + (f"; read at {url}" if url else "")
            yield Reject("discover", "language", visit.url, detail=detail)
        if url:
            yield replace(visit, url=url)

    def _worth_reading(self, index: list[Visit]) -> Iterator[Found]:
        """Sitemaps of products first; those of posts, pages and categories only where no sitemap is one of products."""
        elsewhere = sitemaps_elsewhere((visit.url for visit in index), self._shop.language)
        for visit in index:
            if visit.url in elsewhere:
                detail = "a sitemap of another language than the crawl's"
                yield Reject("discover", "language", visit.url, detail=detail)
        kinds = [(visit, _kind(visit)) for visit in index if visit.url not in elsewhere]
        has_products = any(kind == "products" for _, kind in kinds)
        yield from (visit for visit, kind in kinds if kind == "products")
        yield from (visit for visit, kind in kinds if kind == "" or (kind == "others" and not has_products))

    def _may_name(self, url: str, entry: Entry, answer: TextResponse) -> bool:
        """Whether a sitemap may name an address: pages of the shop, and sitemaps that lie where their index lies."""
        return host_of(url) == self._host or (entry.index and host_of(url) == host_of(answer.url))


async def _answers(fetch: Fetch, url: str) -> bool:
    answer = await fetch(url)
    return answer is not None and is_sitemap(answer.body)


def _claims_to_be_sitemap(answer: Any) -> bool:
    """Whether an answer that is no sitemap was asked for, or is written, as one."""
    named = urlsplit(answer.url).path.endswith((".xml", ".xml.gz", ".gz"))
    head = answer.body[:1024].lstrip().lower()
    return named or (head[:5] == b"<?xml" and b"<html" not in head)


@dataclass
class _Survey:
    """What the addresses of a sitemap say together.

    only_lists  it names categories and no product, so that the categories must be walked
    marks       languages that its addresses are marked with
    """

    only_lists: bool = False
    marks: set[str] = field(default_factory=set)


def _survey(answer: TextResponse) -> _Survey:
    survey, products = _Survey(), False
    try:
        for entry in entries(answer.body):
            products = products or looks_like_product(entry.url)
            survey.only_lists = survey.only_lists or looks_like_listing(entry.url)
            if len(survey.marks) < _MOST_MARKS:
                survey.marks.add(mark_of(entry.url))
    except CutError:
        pass
    survey.only_lists &= not products
    return survey


def _kind(visit: Visit) -> str:
    """Name what the address of a sitemap says that it lists: products, others, or nothing."""
    parts = urlsplit(visit.url)
    name = f"{parts.path}?{_NUMBER.sub('', parts.query)}"
    if _LISTS_PRODUCTS.search(name) and not _SORTS_PRODUCTS.search(name):
        return "products"
    return "others" if _SORTS_PRODUCTS.search(name) or _LISTS_OTHERS.search(name) else ""
