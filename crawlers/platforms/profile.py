"""A shop with a profile (crawlers/profiles/shop_profile.py): read with its CSS selectors, or with its markup and these.

A profile that does not say which pages are products leaves it to the platform `structured` to find them.
"""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.discover.sitemap import CutError, entries, is_sitemap
from crawlers.discover.visit import Found, Visit
from crawlers.extract.merge import merged
from crawlers.extract.page_url import host_of, place_of, within
from crawlers.platforms import SURE, Fetch, Shop, structured
from crawlers.profiles.profile_reading import reading_by, selector_of
from crawlers.profiles.selection import hrefs_of
from crawlers.profiles.shop_profile import Profile, load
from schemas.reject import Reject


class Platform:
    """Links are sorted by the profile's patterns; a product page is read field by field."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._host = host_of(shop.url)
        self._profile: Profile | None = load(shop.profile) if shop.profile else None
        self._structured = structured.Platform(shop)

    @property
    def profile(self) -> Profile:
        """Give the shop's profile; only asked for once `detect` has found one."""
        assert self._profile is not None
        return self._profile

    async def detect(self, home: TextResponse, fetch: Fetch) -> float:
        """Whoever writes a profile wants it used."""
        if self._profile is None:
            return 0.0
        if not self._profile.finds_products:
            await self._structured.detect(home, fetch)  # where the sitemaps are
        return SURE

    def start(self, home: TextResponse) -> Iterator[Visit]:
        """Name the profile's own addresses, else what the home page links to and the sitemaps robots.txt names."""
        if not self.profile.finds_products:
            yield from self._structured.start(home)
            return
        for place in self.profile.start:
            if place:
                url = urljoin(self._shop.url, place)
                yield Visit(url, product=self._kind(url) == "product")
            else:
                yield from self._links(home)
                yield from (Visit(url) for url in self._shop.sitemaps)

    def otherwise(self, home: TextResponse) -> Iterator[Visit]:
        """Leave to the home page's links what a profile leaves to be found; a profile's own addresses are all."""
        if not self.profile.finds_products:
            yield from self._structured.otherwise(home)

    def listing(self, answer: TextResponse) -> Iterator[Found]:
        """Read the links of a category page, or the addresses of a sitemap."""
        if not self.profile.finds_products:
            yield from self._structured.listing(answer)
        elif is_sitemap(answer.body):
            yield from self._sitemap(answer)
        else:
            yield from self._links(answer)

    def at(self, url: str) -> Visit:
        """Name the page itself."""
        return Visit(url, product=True)

    def product(self, answer: TextResponse) -> Iterator[Found]:
        """Read the one product of a page; what lacks a title, an id or a photo is refused by name."""
        if not self.profile.reads_markup:
            reading = reading_by(self.profile, answer)
            yield from merged([reading], answer, shop=self._shop.name, url=answer.url)
            return
        items = list(self._structured.product(answer))
        yield from items
        if not items and self.profile.finds_products:
            detail = "the page's markup names no product, and the profile reads it only beside one"
            yield Reject("page", "page_incomplete", answer.url, detail=detail)

    def _kind(self, url: str) -> str:
        """`product`, `listing`, or empty for an address that is neither."""
        place, urls = place_of(url), self.profile.urls
        if any(re.search(pattern, place) for pattern in urls.never):
            return ""
        if any(re.search(pattern, place) for pattern in urls.product):
            return "product"
        return "listing" if any(re.search(pattern, place) for pattern in urls.listing) else ""

    def _links(self, answer: TextResponse) -> Iterator[Visit]:
        page, base = selector_of(answer), get_base_url(answer)
        chosen = [("product", self.profile.product_links), ("listing", self.profile.next)]
        for kind, css in chosen:
            for link in hrefs_of(page, css) if css else ():
                url = within(base, link, self._host)
                if url and not self._never(url):
                    yield Visit(url, product=kind == "product")
        for link in page.xpath("//a/@href").getall():
            if (url := within(base, link, self._host)) and (kind_of_url := self._kind(url)):
                yield Visit(url, product=kind_of_url == "product")

    def _never(self, url: str) -> bool:
        return any(re.search(pattern, place_of(url)) for pattern in self.profile.urls.never)

    def _sitemap(self, answer: TextResponse) -> Iterator[Found]:
        try:
            for entry in entries(answer.body):
                url = within(answer.url, entry.url, self._host)
                if not url:
                    detail = f"{answer.url} names an address outside the shop"
                    yield Reject("discover", "address", entry.url, detail=detail)
                elif entry.index:
                    yield Visit(url)
                elif self._kind(url) == "product":
                    yield Visit(url, product=True, lastmod=entry.lastmod)
        except CutError as error:
            yield Reject("discover", "page_unreadable", answer.url, detail=str(error))
