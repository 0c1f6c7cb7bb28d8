"""The one spider: reads any shop through the platform it runs on, each product once.

Every address ends in exactly one outcome: a product, a listing that led on, or a reject row.
"""

import hashlib
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from urllib.parse import urldefrag, urlsplit

import scrapy
from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers import platforms
from crawlers.guard import Guard
from crawlers.platforms import Found, Platform, Shop, Visit
from crawlers.refusal import refusal_of
from crawlers.sink import Intake, refused
from schemas.errors import FetchError
from schemas.product import Product

Output = Product | dict[str, Any] | Request


class ShopSpider(scrapy.Spider):
    """Walk one shop from its home page.

    shop    its name, the first half of every product_id
    url     where it is
    limit   products to read at most, None for all
    failure what ended the crawl before its time, for crawlers.run to raise
    """

    name = "shop"

    def __init__(self, shop: str, url: str, intake: Intake, guard: Guard, limit: int | None = None) -> None:
        super().__init__()
        self.shop = shop
        self.url = url
        self.intake = intake
        self.guard = guard
        self.limit = limit
        self.failure: BaseException | None = None
        self.sitemaps: dict[str, list[str]] = {}  # by host, filled by crawlers.politeness.Robots
        self.platform: Platform
        self.platform_name = ""
        self._seen: set[bytes] = set()
        self._waiting: deque[Visit] = deque()  # product pages held back by a limit
        self._in_flight = 0
        self._accepted = 0

    async def start(self) -> AsyncIterator[Request]:
        """The home page; everything else follows from it."""
        yield Request(self.url, self.read_home, errback=self.lose_home)

    async def read_home(self, home: Response) -> AsyncIterator[Output]:
        """Recognise the platform and begin where it says."""
        host = urlsplit(home.url).netloc
        shop = Shop(self.shop, home.url, tuple(self.sitemaps.get(host, ())))
        if not isinstance(home, TextResponse) or not await self._recognise(shop, home):
            raise self._end("no products found: its home page shows no shop that can be read")
        self._seen.add(_digest(home.url))
        for output in self._outputs(self.platform.start(home)):
            yield output

    def lose_home(self, failure: Failure) -> None:
        """Without a home page there is no crawl."""
        error = failure.value
        reason, detail = refusal_of(error)
        if isinstance(error, HttpError):
            raise self._end(f"answers its home page with {detail}")
        raise self._end(detail if reason in ("robots", "address") else f"does not answer ({detail})")

    def read_listing(self, answer: Response) -> Iterator[Output]:
        """A feed, sitemap or category page: its products, and where it leads."""
        try:
            yield from self._outputs(self.platform.listing(answer))  # type: ignore[arg-type]
        except Exception as error:  # foreign bytes may break any parser, and must not break the crawl
            yield refused("discover", "page_unreadable", answer.url, detail=_words(error))
        else:
            self.intake.passed("discover")

    def read_product(self, answer: Response) -> Iterator[Output]:
        """A product page; a page that turns out to be none counts as a listing that led nowhere."""
        self._in_flight -= 1
        found: list[Found] = []
        try:
            found = list(self.platform.product(answer))  # type: ignore[arg-type]
        except Exception as error:
            found = [refused("page", "page_unreadable", answer.url, detail=_words(error))]
        if not found:
            self.intake.passed("discover")
        yield from self._outputs(found)

    def lose_listing(self, failure: Failure) -> Iterator[Output]:
        """A listing that could not be fetched."""
        yield self._lost("discover", failure)

    def lose_product(self, failure: Failure) -> Iterator[Output]:
        """A product page that could not be fetched."""
        self._in_flight -= 1
        yield self._lost("page", failure)
        yield from self._released()

    async def _recognise(self, shop: Shop, home: TextResponse) -> bool:
        best = 0.0
        for name in platforms.names():
            platform = platforms.load(name, shop)
            score = await platform.detect(home, self._probe)
            if score > best:
                best, self.platform, self.platform_name = score, platform, name
            if best >= platforms.SURE:
                break
        return best > 0

    async def _probe(self, url: str) -> TextResponse | None:
        """A question whose failure is an answer: not this platform. It obeys robots.txt and the guard."""
        try:
            answer = await self.crawler.engine.download_async(Request(url))
        except Exception:
            return None
        return answer if answer.status == 200 and isinstance(answer, TextResponse) else None

    def _outputs(self, found: Iterable[Found]) -> Iterator[Output]:
        for item in found:
            if isinstance(item, Visit):
                yield from self._visit(item)
            elif isinstance(item, dict):
                yield item
            elif not self._full:
                self._accepted += 1
                yield item
        yield from self._released()

    def _visit(self, visit: Visit) -> Iterator[Output]:
        url = urldefrag(visit.url).url
        if (key := _digest(url)) in self._seen:
            return
        self._seen.add(key)
        if visit.product and self.limit is not None:
            self._waiting.append(visit)
        elif visit.product or not self._full:
            yield self._request(visit)

    def _released(self) -> Iterator[Output]:
        """Held back pages, as many as may still be needed; a refused page makes room for another."""
        while self._waiting and self.limit is not None and self._accepted + self._in_flight < self.limit:
            yield self._request(self._waiting.popleft())

    def _request(self, visit: Visit) -> Output:
        try:
            if visit.product:
                request = Request(visit.url, self.read_product, errback=self.lose_product)
                self._in_flight += 1
                return request
            # Listings wait for the pages already found, so that a large shop does not pile up in memory.
            return Request(visit.url, self.read_listing, errback=self.lose_listing, priority=-10)
        except ValueError as error:  # an address that is none, such as "http:///"
            return refused("page" if visit.product else "discover", "address", visit.url, detail=str(error))

    def _lost(self, stage: str, failure: Failure) -> dict[str, Any]:
        reason, detail = refusal_of(failure.value)
        return refused(stage, reason, failure.request.url, detail=detail)  # type: ignore[attr-defined]

    @property
    def _full(self) -> bool:
        return self.limit is not None and self._accepted >= self.limit

    def _end(self, why: str) -> CloseSpider:
        self.failure = FetchError(self.url, why)
        return CloseSpider("no shop")


def _digest(url: str) -> bytes:
    return hashlib.blake2b(url.encode(), digest_size=8).digest()


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
