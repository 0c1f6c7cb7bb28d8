"""The one spider of pages: reads any shop through the platform it runs on.

It only reads: every answer becomes one `Answer` (crawlers/state/answers.py): what was found there, that it did not
change, or a reject row. What to ask next, and what becomes of an answer, is no matter of its own
(crawlers/state/crawl_stage.py).
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import scrapy
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers import platforms
from crawlers.discover.visit import Found, Visit
from crawlers.extract.opted_out import without_opted_out
from crawlers.fetch.conditional_requests import conditional, validators_of
from crawlers.fetch.guard import Guard
from crawlers.fetch.hosts import Hosts
from crawlers.fetch.optout import opt_outs
from crawlers.fetch.reject_reasons import reject_reason_of
from crawlers.fetch.settings import LISTING_BYTES
from crawlers.fetch.validators import Validators
from crawlers.platforms import Platform, Shop
from crawlers.state.answers import NOT_MODIFIED, HomeAnswer, PageAnswer
from crawlers.state.crawl_stage import CrawlSpider
from crawlers.state.frontier import READ, TRANSIENT, Kind, Task
from crawlers.state.scheduler import STAGE_SETTINGS
from schemas.errors import FetchError
from schemas.reject import Reject

_GONE = (404, 410)
_BUSY = (429, 500, 502, 503, 504)  # what passes by itself (RFC 9110 15.6, RFC 6585 4)


class ShopSpider(scrapy.Spider, CrawlSpider):
    """Walk one shop from its home page.

    shop      where it is, and the first half of every product_id
    guard     judges every address before it is asked
    platform  the one that has read this shop so far, empty for a first crawl: it is not left for another, since a
              feed that fails today would otherwise turn every product into a new one
    only      products to read and nothing else, by the address of their page; None to begin where the platform does
    again     beside `only`, addresses that are asked once more
    hosts     what is known of the hosts already
    """

    name = "shop"
    custom_settings = STAGE_SETTINGS

    def __init__(
        self,
        shop: Shop,
        guard: Guard,
        platform: str = "",
        only: Sequence[str] | None = None,
        again: Sequence[Visit] = (),
        hosts: Hosts | None = None,
    ) -> None:
        super().__init__()
        self.shop = shop
        self.guard = guard
        self.hosts = hosts or Hosts()
        self.failure: BaseException | None = None
        self._only, self._again = only, again
        self._settled_platform = platform
        self._platform: Platform
        self._probe_failed = False

    async def start(self) -> AsyncIterator[Request]:
        """Ask the home page; everything else follows from it."""
        yield Request(self.shop.url, self.read_home, errback=self.lose_home)

    async def read_home(self, home: Response) -> AsyncIterator[HomeAnswer]:
        """Recognise the platform and begin where it says. Raises FetchError for no shop that can be read."""
        sitemaps = tuple(self.hosts.sitemaps.get(urlsplit(home.url).netloc, ()))
        shop = replace(self.shop, url=home.url, sitemaps=sitemaps)
        if not isinstance(home, TextResponse):
            why = "; ".join(["no products found: its home page is no page", *home.flags])
            raise FetchError(self.shop.url, why)
        name = await self._recognise(shop, home)
        if self._only is not None:
            yield HomeAnswer(name, (*map(self._platform.at, self._only), *self._again))
        else:
            yield HomeAnswer(name, tuple(self._platform.start(home)), self._probe_failed, linked=True)

    def lose_home(self, failure: Failure) -> None:
        """End the crawl: without a home page there is none. Raises FetchError."""
        error = failure.value
        reason, detail = reject_reason_of(error)
        if isinstance(error, HttpError):
            busy = error.response.status in _BUSY
            raise FetchError(self.shop.url, f"answers its home page with {detail}", transient=busy)
        if reason in ("robots", "address"):
            raise FetchError(self.shop.url, detail)
        raise FetchError(self.shop.url, f"does not answer ({detail})", transient=True)

    def request(self, task: Task, validators: Validators) -> Request:
        """Make the request of a listing or product page."""
        arguments = conditional(validators)
        if task.kind == Kind.LISTING:
            arguments.setdefault("meta", {})["download_maxsize"] = LISTING_BYTES
        return Request(
            task.url,
            self.read_page,
            errback=self.lose_page,
            cb_kwargs={"task": task},
            dont_filter=True,
            **arguments,
        )

    def read_page(self, answer: Response, task: Task) -> Iterator[PageAnswer]:
        """Read a listing or product page; one that cannot be read is refused, whatever it did to a parser."""
        if answer.status == 304:
            yield PageAnswer(task, NOT_MODIFIED)
            return
        try:
            read = self._platform.product if task.kind == Kind.PRODUCT else self._platform.listing
            items = self._without_opted_out(list(read(answer)), answer)  # type: ignore[arg-type]
        except Exception as error:  # foreign bytes may break any parser, and must not break the crawl
            detail = f"{type(error).__name__}: {error}"
            reject = Reject(task.kind.stage, "page_unreadable", answer.url, detail=detail)
            yield PageAnswer(task, reject.reason, (reject,))
            return
        linked = isinstance(answer, HtmlResponse)
        yield PageAnswer(task, READ, tuple(items), validators_of(answer), linked=linked)

    def lose_page(self, failure: Failure) -> Iterator[PageAnswer]:
        """Refuse a page that could not be fetched."""
        request = failure.request  # type: ignore[attr-defined]
        task: Task = request.cb_kwargs["task"]
        reason, detail = reject_reason_of(failure.value)
        gone = isinstance(failure.value, HttpError) and failure.value.response.status in _GONE
        # What is asked once more is found by its own address, not by where it led (Recorder.resume).
        url = task.url if reason in TRANSIENT else request.url
        yield PageAnswer(task, reason, (Reject(task.kind.stage, reason, url, detail=detail),), gone=gone)

    def _without_opted_out(self, items: list[Found], answer: Response) -> list[Found]:
        words = opt_outs(answer.headers, answer.selector if isinstance(answer, TextResponse) else None)
        return without_opted_out(items, noai=words.noai, noimageai=words.noimageai)

    async def _recognise(self, shop: Shop, home: TextResponse) -> str:
        """Find what reads the shop and return its name. Raises FetchError where nothing does."""
        best, name = 0.0, ""
        settled = self._settled_platform
        for candidate in [settled] if settled else platforms.names():
            platform = platforms.load(candidate, shop)
            score = await platform.detect(home, self._probe)
            if score > best:
                best, name, self._platform = score, candidate, platform
            if best >= platforms.SURE:
                break
        if settled and not name:
            why = f"was read as {settled} before and does not answer like that now; "
            raise FetchError(self.shop.url, why + "if it has moved, crawl it with --revisit full")
        if not name:
            why = "; ".join(["no products found: its home page shows no shop that can be read", *home.flags])
            raise FetchError(self.shop.url, why)
        return name

    async def _probe(self, url: str) -> TextResponse | None:
        """Ask what may fail: a failure says that it is not this platform. Obeys robots.txt and the guard."""
        try:
            answer = await self.crawler.engine.download_async(Request(url))
        except Exception as error:
            self._probe_failed |= reject_reason_of(error)[0] in TRANSIENT
            return None
        self._probe_failed |= answer.status >= 500 or answer.status == 429
        return answer if answer.status == 200 else None  # type: ignore[return-value]
