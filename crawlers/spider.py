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
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers import platforms
from crawlers.discover.visit import Visit
from crawlers.discover.walls import wall_on
from crawlers.extract.language import best_alternate, speaks
from crawlers.extract.page_language import alternates_of, main_language
from crawlers.extract.page_url import host_of
from crawlers.fetch.conditional_requests import conditional
from crawlers.fetch.guard import Guard
from crawlers.fetch.hosts import Hosts
from crawlers.fetch.reject_reasons import reject_reason_of
from crawlers.fetch.settings import LISTING_BYTES
from crawlers.fetch.validators import Validators
from crawlers.page_reader import PageReader
from crawlers.platforms import Platform, Shop
from crawlers.reading_process import ReadingProcess
from crawlers.state.answers import NOT_MODIFIED, HomeAnswer, PageAnswer
from crawlers.state.crawl_stage import CrawlSpider
from crawlers.state.scheduler import STAGE_SETTINGS
from crawlers.state.tables.frontier import TRANSIENT, Kind, Task
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
    language  of the crawl, asked for or that of the shop's earlier ones; empty for what the home page says
    only      products to read and nothing else, by the address of their page; None to begin where the platform does
    again     beside `only`, addresses that are asked once more
    hosts     what is known of the hosts already
    process   reads the pages; None: they are read here
    """

    name = "shop"
    custom_settings = STAGE_SETTINGS

    def __init__(
        self,
        shop: Shop,
        guard: Guard,
        platform: str = "",
        language: str = "",
        only: Sequence[str] | None = None,
        again: Sequence[Visit] = (),
        hosts: Hosts | None = None,
        process: ReadingProcess | None = None,
    ) -> None:
        super().__init__()
        self.shop = shop
        self.guard = guard
        self.hosts = hosts or Hosts()
        self.failure: BaseException | None = None
        self._only, self._again = only, again
        self._settled_platform, self._language = platform, language
        self._platform: Platform
        self._process = process
        self._probe_failed = False

    async def start(self) -> AsyncIterator[Request]:
        """Ask the home page; everything else follows from it."""
        yield Request(self.shop.url, self.read_home, errback=self.lose_home)

    async def read_home(self, home: Response) -> AsyncIterator[HomeAnswer]:
        """Recognise the platform and begin where it says. Raises FetchError for no shop that can be read."""
        if not isinstance(home, TextResponse):
            why = "; ".join(["no products found: its home page is no page", *home.flags])
            raise FetchError(self.shop.url, why)
        home = await self._in_language(home)
        sitemaps = tuple(self.hosts.sitemaps.get(urlsplit(home.url).netloc, ()))
        language = self._language or main_language(home)
        shop = replace(self.shop, url=home.url, sitemaps=sitemaps, language=language)
        name = await self._recognise(shop, home)
        self._reader = PageReader(self._platform)
        market = urlsplit(shop.folders[0]).path if shop.market else "/"
        if self._only is not None:
            visits = (*map(self._platform.at, self._only), *self._again)
            yield HomeAnswer(name, visits, language=language, market=market)
            return
        yield HomeAnswer(
            name,
            tuple(self._platform.start(home)),
            self._probe_failed,
            linked=True,
            language=language,
            market=market,
            otherwise=tuple(self._platform.otherwise(home)),
        )

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

    async def read_page(self, answer: Response, task: Task) -> AsyncIterator[PageAnswer]:
        """Read a listing or product page."""
        if answer.status == 304:
            yield PageAnswer(task, NOT_MODIFIED)
        elif self._process is None:
            yield self._reader.read(answer, task)
        else:
            yield await self._reader.read_there(self._process, answer, task)

    def lose_page(self, failure: Failure) -> Iterator[PageAnswer]:
        """Refuse a page that could not be fetched."""
        request = failure.request  # type: ignore[attr-defined]
        task: Task = request.cb_kwargs["task"]
        reason, detail = reject_reason_of(failure.value)
        gone = isinstance(failure.value, HttpError) and failure.value.response.status in _GONE
        if isinstance(failure.value, HttpError) and not gone:
            wall = wall_on(failure.value.response, task.url)
            reason, detail = ("consent_wall", wall) if wall else (reason, detail)
        # A page is refused, and asked once more, by its own address (Recorder.resume), wherever it led.
        if request.url != task.url:
            detail = f"it leads to {request.url}: {detail}"
        yield PageAnswer(task, reason, (Reject(task.kind.stage, reason, task.url, detail=detail),), gone=gone)

    async def _in_language(self, home: TextResponse) -> TextResponse:
        """Go on from the home page in the crawl's language, where this one is in another and names it."""
        if not self._language or speaks(self._language, main_language(home)):
            return home
        host = host_of(home.url)
        alternates = [(tag, url) for tag, url in alternates_of(home) if host_of(url) == host]
        url = best_alternate(alternates, self._language)
        answer = await self._probe(url) if url else None
        return answer if isinstance(answer, TextResponse) else home

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
            if settled == "profile" and not shop.profile:
                raise FetchError(
                    self.shop.url, "was read with a profile before; give it again, --profile FILE"
                )
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
