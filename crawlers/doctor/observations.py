"""Everything that an examination of a shop saw; filled by examination.py, read by diagnosis.py."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import HtmlResponse, Response, TextResponse

from crawlers.discover.sitemap import is_sitemap
from crawlers.doctor.profile_draft import Draft
from crawlers.fetch.optout import opt_outs
from schemas.product import Product
from schemas.reject import Reject


@dataclass
class Listing:
    """A feed page, sitemap or category page, and what a platform found in it."""

    url: str
    answer: Response
    products: list[Product] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    listings: list[str] = field(default_factory=list)

    @property
    def is_sitemap(self) -> bool:
        """Whether it is XML for robots."""
        return is_sitemap(self.answer.body)


@dataclass
class Observations:
    """Of one shop.

    profile   path of its profile, empty without
    options   Scrapy's settings, for the pace
    listings  what was read by the platform; `unread` those it named besides
    lists     category pages that a draft was drawn from; `cards` the products they link to
    undrafted why there is no draft, where one was tried
    """

    shop: str
    url: str
    contact: str
    profile: str
    options: dict[str, Any]
    requests: int = 0
    received: int = 0
    seconds: float = 0.0
    home: TextResponse | None = None
    forbidden: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    platform: str = ""
    robots: dict[str, bytes] = field(default_factory=dict)
    listings: list[Listing] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    pages: list[TextResponse] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    photos: list[Response] = field(default_factory=list)
    sitemapped: list[int] = field(default_factory=list)
    sitemaps_unread: int = 0
    cards: list[str] = field(default_factory=list)
    lists: list[TextResponse] = field(default_factory=list)
    draft: Draft | None = None
    undrafted: str = ""
    says_304: bool | None = None
    disallowed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    opt_outs: dict[str, set[str]] = field(default_factory=lambda: {"noai": set(), "noimageai": set()})

    @property
    def is_feed(self) -> bool:
        """Whether listings state the products themselves, so that no product page is needed."""
        return any(listing.products for listing in self.listings)

    @property
    def exact(self) -> bool:
        """Whether the number of products is known and not estimated."""
        return self.stated is not None or (self.is_feed and not self.unread)

    @property
    def stated(self) -> int | None:
        """Read the number of products that an API itself states."""
        for listing in self.listings:
            value = listing.answer.headers.get("X-WP-Total")
            if value and value.strip().isdigit() and len(value) < 10:
                return int(value)
        return None

    def product_pages(self) -> list[str]:
        """List addresses of product pages, from sitemaps about products alone where there are such."""
        chosen = self.listings
        if named := [listing for listing in chosen if listing.is_sitemap and about_products(listing.url)]:
            chosen = named
        return list(dict.fromkeys(url for listing in chosen for url in listing.pages))

    def opted_out(self, answer: Response) -> None:
        """Note where an answer keeps itself from AI."""
        words = opt_outs(answer.headers, answer.selector if isinstance(answer, HtmlResponse) else None)
        for name in ("noai", "noimageai"):
            if getattr(words, name):
                self.opt_outs[name].add(answer.url)


def about_products(url: str) -> bool:
    """Whether the last part of an address says that it lists products: sitemap_products_1.xml."""
    return "product" in urlsplit(url).path.rpartition("/")[2].lower()
