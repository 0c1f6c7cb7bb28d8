"""The one spider: reads any shop through the platform it runs on, each product once.

Every address ends in exactly one outcome: what was found there, that it did not change, or a reject
row. Outcomes leave as one `recorder.Page` per answer; what to ask next comes from the frontier.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import scrapy
from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers import platforms
from crawlers.discover.visit import Found, Visit
from crawlers.extract.canonical_url import canonical
from crawlers.extract.opted_out import without_opted_out
from crawlers.fetch.conditional_requests import conditional, validators_of
from crawlers.fetch.guard import Guard
from crawlers.fetch.optout import opt_outs
from crawlers.fetch.reject_reasons import reject_reason_of
from crawlers.fetch.settings import LISTING_BYTES
from crawlers.platforms import Platform, Shop
from crawlers.state.frontier import LISTING, PRODUCT, READ, TRANSIENT, Task
from crawlers.state.page_recorder import UNCHANGED, Page, Pages
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import LIST
from crawlers.state.scheduler import PULLED
from schemas.errors import FetchError
from schemas.product import Product
from schemas.reject import Reject

_GONE = (404, 410)


class ShopSpider(scrapy.Spider):
    """Walk one shop from its home page.

    shop      where it is, and the first half of every product_id
    only      for a list of addresses: products by the address of their page
    again     and pages that are asked once more
    expected  platform the previous crawl read it by, empty for a first crawl
    failure   what ended the crawl before its time, for crawlers.run to raise
    """

    name = "shop"
    custom_settings = PULLED

    def __init__(
        self,
        shop: Shop,
        recorder: Recorder,
        guard: Guard,
        expected: str = "",
        only: Sequence[str] = (),
        again: Sequence[Visit] = (),
    ) -> None:
        super().__init__()
        self.only, self.again = only, again
        self.shop = shop
        self.recorder = recorder
        self.pages = Pages(recorder)
        self.guard = guard
        self.expected = expected
        self.failure: BaseException | None = None
        self.sitemaps: dict[str, list[str]] = {}  # by host, filled by crawlers.fetch.robots.Robots
        self.platform: Platform
        self.platform_name = ""
        self._products_in_flight = 0
        self._probe_failed = False  # by a fault of the moment: what was asked for may be there all the same

    async def start(self) -> AsyncIterator[Request]:
        """The home page; everything else follows from it."""
        yield Request(self.shop.url, self.read_home, errback=self.lose_home)

    async def read_home(self, home: Response) -> AsyncIterator[Page]:
        """Recognise the platform and begin where it says."""
        named = tuple(self.sitemaps.get(urlsplit(home.url).netloc, ()))
        shop = replace(self.shop, url=home.url, sitemaps=named)
        if not isinstance(home, TextResponse):
            raise self._end("no products found: its home page is no page")
        await self._recognise(shop, home)
        if self.recorder.rules.revisit == LIST:
            yield Page(None, READ, (*map(self.platform.at, self.only), *self.again))
        else:
            begin = tuple(self.platform.start(home))
            self.recorder.state.remember("begun_elsewhere", self._probe_failed and not self._knows(begin))
            yield Page(None, READ, begin, linked=True)

    def lose_home(self, failure: Failure) -> None:
        """Without a home page there is no crawl."""
        error = failure.value
        reason, detail = reject_reason_of(error)
        if isinstance(error, HttpError):
            raise self._end(f"answers its home page with {detail}")
        raise self._end(detail if reason in ("robots", "address") else f"does not answer ({detail})")

    def has_waiting(self) -> bool:
        """Whether an address waits that this crawl still wants."""
        frontier = self.recorder.state.frontier
        return bool(self.platform_name) and not self._full and any(map(frontier.waiting, (PRODUCT, LISTING)))

    def next_request(self, busy: set[str]) -> Request | None:
        """The next product page, or a listing where none waits, so that a large shop's pages do not pile up."""
        if not self.platform_name or self._full:
            return None
        task = self._next_task(busy)
        while task is not None and not self.pages.wants(task):
            task = self._next_task(busy)
        if task is None:
            return None
        self._products_in_flight += task.kind == PRODUCT
        asked = conditional(self.pages.conditions(task))
        if task.kind == LISTING:
            asked.setdefault("meta", {})["download_maxsize"] = LISTING_BYTES
        return Request(
            task.url,
            self.read_page,
            errback=self.lose_page,
            cb_kwargs={"task": task},
            dont_filter=True,
            **asked,
        )

    def _next_task(self, busy: set[str]) -> Task | None:
        limit, frontier = self.recorder.rules.limit, self.recorder.state.frontier
        task = None
        if limit is None or self.recorder.accepted + self._products_in_flight < limit:
            task = frontier.next(PRODUCT, busy)
        return task or (None if limit and self._products_in_flight else frontier.next(LISTING, busy))

    def read_page(self, answer: Response, task: Task) -> Iterator[Page]:
        """A listing or product page; one that cannot be read is refused, whatever it did to a parser."""
        self._products_in_flight -= task.kind == PRODUCT
        if answer.status == 304:
            yield Page(task, UNCHANGED)
            return
        found: list[Found]
        try:
            read = self.platform.product if task.kind == PRODUCT else self.platform.listing
            found = self._without_opted_out(list(read(answer)), answer)  # type: ignore[arg-type]
        except Exception as error:  # foreign bytes may break any parser, and must not break the crawl
            stage = "page" if task.kind == PRODUCT else "discover"
            detail = f"{type(error).__name__}: {error}"
            row = Reject(stage, "page_unreadable", answer.url, detail=detail)
            yield Page(task, "page_unreadable", (row,))
            return
        linked = isinstance(answer, HtmlResponse)
        yield Page(task, READ, self._within_limit(found), validators_of(answer), linked=linked)

    def lose_page(self, failure: Failure) -> Iterator[Page]:
        """A page that could not be fetched."""
        asked = failure.request  # type: ignore[attr-defined]
        task: Task = asked.cb_kwargs["task"]
        self._products_in_flight -= task.kind == PRODUCT
        reason, detail = reject_reason_of(failure.value)
        gone = isinstance(failure.value, HttpError) and failure.value.response.status in _GONE
        stage = "page" if task.kind == PRODUCT else "discover"
        # What is asked once more is pardoned by its own address, not by where it led (Recorder.go_on).
        url = task.url if reason in TRANSIENT else asked.url
        yield Page(task, reason, (Reject(stage, reason, url, detail=detail),), gone=gone)

    def _without_opted_out(self, items: list[Found], answer: Response) -> list[Found]:
        words = opt_outs(answer.headers, answer.selector if isinstance(answer, TextResponse) else None)
        return without_opted_out(items, noai=words.noai, noimageai=words.noimageai)

    def _within_limit(self, found: list[Found]) -> tuple[Found, ...]:
        limit = self.recorder.rules.limit
        if limit is None:
            return tuple(found)
        room = limit - self.recorder.accepted
        kept: list[Found] = []
        for item in found:
            if isinstance(item, Product):
                room -= 1
                if room < 0:
                    continue
            kept.append(item)
        return tuple(kept)

    async def _recognise(self, shop: Shop, home: TextResponse) -> None:
        """Find the platform. The one of the crawl that goes on, or of the previous crawl, is not left for another:
        a feed that fails today would otherwise turn every product into a new one.
        """
        settled = self.recorder.state.note("platform") or self.expected
        best, name = 0.0, ""
        for candidate in [settled] if settled else platforms.names():
            platform = platforms.load(candidate, shop)
            score = await platform.detect(home, self._probe)
            if score > best:
                best, name, self.platform = score, candidate, platform
            if best >= platforms.SURE:
                break
        if settled and not name:
            raise self._end(
                f"was read as {settled} before and does not answer like that now; "
                f"if it has moved, crawl it with --revisit full"
            )
        if not name:
            raise self._end("no products found: its home page shows no shop that can be read")
        self.platform_name = name
        self.recorder.state.remember("platform", name)

    async def _probe(self, url: str) -> TextResponse | None:
        """A question whose failure is an answer: not this platform. It obeys robots.txt and the guard."""
        assert self.crawler.engine is not None
        try:
            answer = await self.crawler.engine.download_async(Request(url))
        except Exception as error:
            self._probe_failed |= reject_reason_of(error)[0] in TRANSIENT
            return None
        self._probe_failed |= answer.status >= 500 or answer.status == 429
        return answer if answer.status == 200 else None  # type: ignore[return-value]

    def _knows(self, visits: Sequence[Visit]) -> bool:
        """Whether the previous crawl, if there was one, read all of these listings."""
        memory = self.recorder.state.previous
        keys = (canonical(visit.url) for visit in visits)
        return not memory.count() or all(memory.page(LISTING, key) for key in keys)

    @property
    def _full(self) -> bool:
        return self.recorder.rules.limit is not None and self.recorder.accepted >= self.recorder.rules.limit

    def _end(self, why: str) -> CloseSpider:
        self.failure = FetchError(self.shop.url, why)
        return CloseSpider("no shop")
