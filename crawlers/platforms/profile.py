"""A shop without structured data, read with the CSS selectors of its profile (crawlers/profiles/shop_profile.py)."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urldefrag, urljoin, urlsplit

from parsel import Selector
from scrapy.http import HtmlResponse, TextResponse
from scrapy.utils.response import get_base_url

from crawlers.discover.json_pages import header_of
from crawlers.discover.sitemap import CutError, entries, is_sitemap
from crawlers.discover.visit import Found, Visit
from crawlers.extract.page_url import host_of
from crawlers.extract.price import currency_of, price_of
from crawlers.extract.text import line_of, text_of, words_listed
from crawlers.platforms import SURE, Fetch, Shop
from crawlers.profiles.selection import (
    categories_of,
    facts_of,
    hrefs_of,
    photos_of,
    stock_of,
    tags_of,
    values,
)
from crawlers.profiles.shop_profile import Profile, Rule, load
from schemas.ids import product_id
from schemas.product import Product
from schemas.reject import Reject


class Platform:
    """Links are sorted by the profile's patterns; a product page is read field by field."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._profile: Profile | None = load(shop.profile) if shop.profile else None

    @property
    def profile(self) -> Profile:
        """The shop's profile; only asked for once `detect` has found one."""
        assert self._profile is not None
        return self._profile

    async def detect(self, home: TextResponse, fetch: Fetch) -> float:
        """Whoever writes a profile wants it used."""
        return SURE if self._profile else 0.0

    def start(self, home: TextResponse) -> Iterator[Visit]:
        """The profile's own addresses, else what the home page links to and the sitemaps robots.txt names."""
        for place in self.profile.start:
            if place:
                url = urljoin(self._shop.url, place)
                yield Visit(url, product=self._kind(url) == "product")
            else:
                yield from self._links(home)
                yield from (Visit(url) for url in self._shop.sitemaps)

    def listing(self, answer: TextResponse) -> Iterator[Found]:
        """The links of a category page, or the addresses of a sitemap."""
        if is_sitemap(answer.body):
            yield from self._sitemap(answer)
        else:
            yield from self._links(answer)

    def at(self, url: str) -> Visit:
        """The page itself."""
        return Visit(url, product=True)

    def product(self, answer: TextResponse) -> Iterator[Found]:
        """The one product of a page; what lacks a title, an id or a photo is refused by name."""
        page, base, fields = _selector_of(answer), get_base_url(answer), self.profile.fields

        def one(rules: Iterable[Rule] | None) -> str:
            return line_of(next(iter(values(page, answer.url, rules)), ""))

        title, key = one(fields.title), one(fields.product_id)
        if not title or not key:
            missing = "title" if not title else "product_id"
            detail = f"fields.{missing} of the profile finds nothing here"
            yield Reject("page", "page_incomplete", answer.url, detail=detail)
            return
        name = product_id(self._shop.name, key)
        photos = photos_of(page, base, answer.url, fields.images)
        if not photos:
            detail = "fields.images of the profile finds nothing here"
            yield Reject("page", "no_image", answer.url, name, detail)
            return
        for address in photos_of(page, base, answer.url, fields.customer_images):
            photos.setdefault(address, "customer")
        price, currency = self._price(values(page, answer.url, fields.price))
        before, _ = self._price(values(page, answer.url, fields.list_price))
        yield Product(
            product_id=name,
            shop=self._shop.name,
            title=title,
            source="profile",
            fetched_at=datetime.now(UTC),
            url=answer.url,
            description=text_of("\n".join(values(page, answer.url, fields.description))),
            brand=one(fields.brand),
            categories=categories_of(values(page, answer.url, fields.categories)),
            tags=tags_of(values(page, answer.url, fields.tags)),
            colour=", ".join(words_listed(values(page, answer.url, fields.colour))),
            gender=one(fields.gender),
            price=price,
            currency=currency_of(one(fields.currency)) or self.profile.prices.currency or currency,
            list_price=before if before is not None and (price is None or before > price) else None,
            in_stock=stock_of(page, fields.in_stock),
            attributes={
                **facts_of(page, fields.facts),
                **{
                    label: found
                    for label, rules in fields.attributes.items()
                    if (found := ", ".join(words_listed(values(page, answer.url, rules))))
                },
            },
            image_urls=tuple(photos),
            image_views=tuple(photos.values()),
            etag=header_of(answer, "ETag"),
            last_modified=header_of(answer, "Last-Modified"),
        )

    def _price(self, stated: list[str]) -> tuple[Decimal | None, str]:
        """The first amount among some texts, and the currency its sign means."""
        for text in map(line_of, stated):
            amount = price_of(text, self.profile.prices.decimal or "")
            if amount is not None:
                return amount, currency_of(None, text)
        return None, ""

    def _kind(self, url: str) -> str:
        """`product`, `listing`, or empty for an address that is neither."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return ""
        place, urls = parts.path + (f"?{parts.query}" if parts.query else ""), self.profile.urls
        if any(re.search(pattern, place) for pattern in urls.never):
            return ""
        if any(re.search(pattern, place) for pattern in urls.product):
            return "product"
        return "listing" if any(re.search(pattern, place) for pattern in urls.listing) else ""

    def _links(self, answer: TextResponse) -> Iterator[Visit]:
        page, base = _selector_of(answer), get_base_url(answer)
        chosen = [("product", self.profile.product_links), ("listing", self.profile.next)]
        for kind, css in chosen:
            for link in hrefs_of(page, css) if css else ():
                url = self._within(base, link)
                if url and not self._never(url):
                    yield Visit(url, product=kind == "product")
        for link in page.xpath("//a/@href").getall():
            if (url := self._within(base, link)) and (found := self._kind(url)):
                yield Visit(url, product=found == "product")

    def _never(self, url: str) -> bool:
        place = url.partition("://")[2].partition("/")[2]
        return any(re.search(pattern, f"/{place}") for pattern in self.profile.urls.never)

    def _sitemap(self, answer: TextResponse) -> Iterator[Found]:
        try:
            for entry in entries(answer.body):
                url = self._within(answer.url, entry.url)
                if not url:
                    detail = f"{answer.url} names an address outside the shop"
                    yield Reject("discover", "address", entry.url, detail=detail)
                elif entry.index:
                    yield Visit(url)
                elif self._kind(url) == "product":
                    yield Visit(url, product=True, lastmod=entry.lastmod)
        except CutError as error:
            yield Reject("discover", "page_unreadable", answer.url, detail=str(error))

    def _within(self, base: str, link: str) -> str:
        """The absolute address of a link that stays in the shop; empty otherwise."""
        try:
            url = urldefrag(urljoin(base, link.strip())).url
            inside = urlsplit(url).scheme in ("http", "https") and host_of(url) == host_of(self._shop.url)
        except ValueError:
            return ""
        return url if inside else ""


def _selector_of(answer: TextResponse) -> Selector:
    return answer.selector if isinstance(answer, HtmlResponse) else Selector(text=answer.text, type="html")
