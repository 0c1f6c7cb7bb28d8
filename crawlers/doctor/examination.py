"""Looks at a shop in fewer than thirty requests: what a crawl would find, miss and cost.

Obeys what a crawl obeys: the guard, robots.txt, its delays. Reading is left to the platforms; what
the answers amount to is worked out in crawlers/doctor/diagnosis.py.
"""

import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy import Request
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import HtmlResponse, Response, TextResponse
from twisted.python.failure import Failure

from crawlers import platforms
from crawlers.discover.sitemap import CutError, entries
from crawlers.discover.visit import Found
from crawlers.doctor.diagnosis import diagnosis
from crawlers.doctor.observations import Listing, Observations
from crawlers.doctor.profile_draft import Draft, draft
from crawlers.doctor.request_budget import MOST_REQUESTS
from crawlers.doctor.shop_links import card_links, menu_links, plain_links
from crawlers.extract.page_language import main_language
from crawlers.fetch.guard import Guard
from crawlers.fetch.hosts import Hosts
from crawlers.fetch.reject_reasons import reject_reason_of
from crawlers.fetch.robots import RobotsForbid
from crawlers.fetch.settings import settings
from crawlers.fetch.shop_names import shop_name
from crawlers.platforms import Platform, Shop
from crawlers.profiles.shop_profile import find, load
from crawlers.run import Traffic, in_reactor, run_spider
from schemas.errors import FetchError
from schemas.product import Product
from schemas.reject import Reject

SAMPLED_PAGES = 12
SAMPLED_PHOTOS = 3
_KEPT_BACK = SAMPLED_PHOTOS + 2  # for photos, the robots.txt of their host, and one conditional request
_LISTINGS, _FEED_PAGES, _SITEMAPS = 6, 2, 4
_ROBOTS_PATIENCE_S = 8.0  # with a robots.txt that fails: every try costs a request
_PATIENCE = 4  # sampled pages without a product after which a platform is given up


def examine_shop(shop: str, url: str, contact: str, profile: str = "") -> dict[str, Any]:
    """Look at a shop and give its `diagnosis`. Blocks; runs the reactor, so once per process.

    profile  path of the shop's profile, crawlers/shops/<shop>.yaml by default where that exists
    Raises InputError without a contact or for a bad profile, FetchError for a shop that does not answer.
    """
    profile = find(shop, profile)
    options = settings(url, contact, load(profile).limits.pace) if profile else settings(url, contact)
    guard, traffic, begun = Guard([url]), Traffic(), time.monotonic()
    # Behind all that may hold a request back, before the body is unpacked.
    budget = {"crawlers.doctor.request_budget.RequestBudget": 585}
    options["DOWNLOADER_MIDDLEWARES"] = options["DOWNLOADER_MIDDLEWARES"] | budget
    # Nothing is stored, and the examination asks for itself: no frontier.
    options |= {"ITEM_PIPELINES": {}, "SCHEDULER": "scrapy.core.scheduler.Scheduler", "RETRY_TIMES": 1}
    options["VITRINE_ROBOTS_PATIENCE_S"] = min(options["VITRINE_ROBOTS_PATIENCE_S"], _ROBOTS_PATIENCE_S)
    findings = Observations(shop_name(shop), url, contact, profile, options)

    async def look(runner: AsyncCrawlerRunner) -> None:
        await run_spider(runner, traffic, "doctor", Examination, findings=findings, guard=guard)

    in_reactor(options, guard, look)
    findings.seconds, findings.received = time.monotonic() - begun, traffic.bytes
    return diagnosis(findings)


class Examination(scrapy.Spider):
    """One look: the home page, what it runs on, a few listings, a few products, a few photos."""

    name = "doctor"

    def __init__(self, findings: Observations, guard: Guard) -> None:
        super().__init__()
        self.findings = findings
        self.guard = guard
        self.failure: BaseException | None = None
        self.hosts = Hosts()

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the home page; everything else follows from it."""
        yield Request(self.findings.url, self.read_home, errback=self.lose_home)

    async def read_home(self, home: Response) -> None:
        """Run all of the examination, one request after the other."""
        try:
            await self._examine(home)
        except Exception as error:
            self.failure = error

    def lose_home(self, failure: Failure) -> None:
        """Note that a shop forbids us, which is an answer; fail for one that does not answer."""
        reason, detail = reject_reason_of(failure.value)
        if isinstance(failure.value, RobotsForbid):
            self.findings.forbidden = detail
        else:
            answers = "answers its home page with" if reason.startswith("http") else "does not answer:"
            self.failure = FetchError(self.findings.url, f"{answers} {detail}")

    async def _examine(self, home: Response) -> None:
        findings = self.findings
        if not isinstance(home, TextResponse):
            raise FetchError(findings.url, "its home page is no text")
        findings.home = home
        findings.opted_out(home)
        sitemaps = tuple(self.hosts.sitemaps.get(urlsplit(home.url).netloc, ()))
        shop = Shop(findings.shop, home.url, sitemaps, findings.profile, main_language(home))
        platform: Platform | None = None
        for name in platforms.names():
            candidate = platforms.load(name, shop)
            score = await candidate.detect(home, self._fetch)
            if score > max([0.0, *findings.scores.values()]):
                platform, findings.platform = candidate, name
            findings.scores[name] = score
        if platform is not None:
            await self._walk(platform, home)
            findings.products += [product for listing in findings.listings for product in listing.products]
            await self._sample(platform)
        if findings.products and not findings.exact:
            await self._count(shop)
        if not findings.products and findings.platform != "profile":
            await self._draft(home)
        await self._photos()
        await self._ask_again()

    async def _walk(self, platform: Platform, home: TextResponse) -> None:
        """Read a few listings, those first that seem to be about products."""
        waiting: deque[str] = deque()
        seen = {home.url}

        def take(found: Iterable[Found], listing: Listing) -> None:
            for item in found:
                if isinstance(item, Product):
                    listing.products.append(item)
                elif isinstance(item, Reject):
                    self.findings.rejects.append(item)
                elif item.product:
                    listing.pages.append(item.url)
                elif item.url not in seen:
                    seen.add(item.url)
                    listing.listings.append(item.url)
                    first = "product" in item.url.rpartition("/")[2]
                    waiting.appendleft(item.url) if first else waiting.append(item.url)

        begin = Listing(home.url, home)
        take(_safely(platform.start, home, self.findings), begin)
        if begin.pages:
            self.findings.listings.append(begin)
        feeds = 0
        while waiting and len(self.findings.listings) < _LISTINGS and feeds < _FEED_PAGES:
            url = waiting.popleft()
            answer = await self._fetch(url, Response)  # a packed sitemap is no text
            if answer is not None:
                listing = Listing(url, answer)
                take(_safely(platform.listing, answer, self.findings), listing)
                self.findings.listings.append(listing)
                feeds += bool(listing.products)
        self.findings.unread = list(waiting)

    async def _sample(self, platform: Platform) -> None:
        """Product pages from all over what was listed; none where a feed said it all."""
        findings = self.findings
        if findings.products:
            return
        for url in _spread(findings.product_pages(), SAMPLED_PAGES):
            if len(findings.pages) >= _PATIENCE and not findings.products:
                return
            if self._left() <= 0:
                return
            answer = await self._fetch(url)
            if answer is None:
                continue
            findings.pages.append(answer)
            for item in _safely(platform.product, answer, findings):
                if isinstance(item, Product):
                    findings.products.append(item)
                elif isinstance(item, Reject):
                    findings.rejects.append(item)

    async def _count(self, shop: Shop) -> None:
        """Count in sitemaps how far a feed goes on beyond what was read."""
        findings = self.findings
        waiting = deque(shop.sitemaps or [urljoin(shop.url, "/sitemap.xml")])
        if not findings.is_feed:
            return
        for _ in range(_SITEMAPS):
            if not waiting or self._left() <= 0:
                break
            answer = await self._fetch(waiting.popleft(), Response)
            if answer is None:
                continue
            with suppress(CutError):
                named = [entry for entry in entries(answer.body) if "product" in entry.url]
                waiting.extend(urljoin(answer.url, entry.url) for entry in named if entry.index)
                if pages := sum(not entry.index for entry in named):
                    findings.sitemapped.append(pages)
        findings.sitemaps_unread = len(waiting)

    async def _draft(self, home: TextResponse) -> None:
        """Draft a profile for a shop that no platform can read, from pages that look like its products."""
        findings = self.findings
        read = [listing.answer for listing in findings.listings if isinstance(listing.answer, HtmlResponse)]
        lists: list[TextResponse] = list({page.url: page for page in [home, *read]}.values())
        for url in menu_links(home):
            if len(lists) > 3 or self._left() < 6:
                break
            if url not in {page.url for page in lists} and isinstance(
                answer := await self._fetch(url), HtmlResponse
            ):
                lists.append(answer)
        cards = card_links(lists) or plain_links(lists)
        pages = [page for page in findings.pages if page.url in cards]
        for url in _spread([url for url in cards if url not in {page.url for page in pages}], 6):
            if self._left() <= 0:
                break
            if (answer := await self._fetch(url)) is not None:
                pages.append(answer)
        findings.cards, findings.lists = cards, lists
        try:
            drafted = draft(findings.shop, home.url, lists, pages)
            if isinstance(drafted, Draft):
                findings.draft = drafted
            else:
                findings.undrafted = drafted
        except Exception as error:  # foreign bytes may break any parser
            findings.unreadable.append(f"{home.url}: {type(error).__name__}: {error}"[:300])
        findings.products += findings.draft.products if findings.draft else []
        findings.pages = pages or findings.pages

    async def _photos(self) -> None:
        """Ask for a few photos, of different products."""
        firsts = [product.image_urls[0] for product in self.findings.products if product.image_urls]
        for url in _spread(list(dict.fromkeys(firsts)), SAMPLED_PHOTOS):
            answer = await self._ask(Request(url, headers={"Accept": "image/*,*/*;q=0.5"}))
            if answer is not None and answer.status == 200:
                self.findings.photos.append(answer)

    async def _ask_again(self) -> None:
        """Ask for the same page with its own validators, and note whether the shop says 304."""
        feeds = [listing.answer for listing in self.findings.listings if listing.products]
        for page in [*self.findings.pages, *feeds]:
            etag, since = page.headers.get("ETag"), page.headers.get("Last-Modified")
            headers = {"If-None-Match": etag} if etag else {"If-Modified-Since": since} if since else None
            if headers:
                answer = await self._ask(Request(page.url, headers=headers))
                self.findings.says_304 = answer is not None and answer.status == 304
                return

    def _left(self) -> int:
        return MOST_REQUESTS - _KEPT_BACK - self.findings.requests

    async def _fetch(self, url: str, kind: type[Any] = TextResponse) -> Any:
        """Ask for a page; give None where that fails: its failure is an answer too."""
        if self._left() <= 0:
            return None
        answer = await self._ask(url)
        return answer if answer is not None and answer.status == 200 and isinstance(answer, kind) else None

    async def _ask(self, request: Request | str) -> Response | None:
        try:
            request = Request(request) if isinstance(request, str) else request
            answer: Response = await self.crawler.engine.download_async(request)
        except Exception as error:
            if isinstance(error, RobotsForbid) and isinstance(request, Request):
                self.findings.disallowed.append(request.url)
            return None
        self.findings.latencies.append(answer.meta.get("download_latency", 0.0) if answer.request else 0.0)
        self.findings.opted_out(answer)
        return answer


def _safely(read: Any, answer: Response, findings: Observations) -> list[Found]:
    try:
        return list(read(answer))
    except Exception as error:  # foreign bytes may break any parser
        findings.unreadable.append(f"{answer.url}: {type(error).__name__}: {error}"[:300])
        return []


def _spread(items: list[str], wanted: int) -> list[str]:
    """Choose at most `wanted` of some items, from all over the list: neighbours are alike."""
    step = max(1.0, len(items) / wanted)
    return [items[int(n * step)] for n in range(min(wanted, len(items)))]
