"""Manners beyond Scrapy's own: robots.txt as RFC 9309 reads it, Crawl-delay, and waiting when told to.

Scrapy takes a robots.txt that fails for permission; the RFC takes it for a ban. Scrapy retries a
busy server at once; a server that says Retry-After is left alone for that long, all of its pages.
"""

import asyncio
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.sitemap import sitemap_urls_from_robots

from crawlers.fetch.guard_middleware import guarded_spider

LONGEST_WAIT_S = 120.0
_BUSY = frozenset([429, 500, 502, 503, 504])


class RobotsForbid(IgnoreRequest):
    """robots.txt, or its absence by failure, forbids an address."""


class Robots(RobotsTxtMiddleware):
    """One robots.txt per host, before its first request; sitemaps it names go to `spider.sitemaps`."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._sitemaps = guarded_spider(crawler).sitemaps
        self._failed: dict[str, Exception] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Raise RobotsForbid for what is forbidden, or what kept the host's robots.txt from being read."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        try:
            await super().process_request(request)
        except IgnoreRequest as error:
            raise RobotsForbid("robots.txt forbids it") from error
        if failure := self._failed.get(urlsplit(request.url).netloc):
            raise failure

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            why = f"robots.txt answers {response.status}, which forbids everything until it is back"
            raise RobotsForbid(why)
        if response.status >= 400:  # none there: everything is allowed, whatever the error page says
            response = response.replace(body=b"")
        self._sitemaps[netloc] = list(sitemap_urls_from_robots(response.body, response.url))
        await super()._parse_robots(response, netloc, request)
        parser = self._parsers[netloc]
        if isinstance(parser, RobotParser):
            self._keep_distance(netloc, parser.crawl_delay(self._robotstxt_useragent or "*"))

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._failed[netloc] = exc
        super()._robots_error(exc, netloc)

    def _keep_distance(self, netloc: str, delay_s: float | None) -> None:
        """Make Crawl-delay the least delay of the host's slot; AutoThrottle may still raise it."""
        slots = self.crawler.engine.downloader.slots
        slot = slots.get(urlsplit(f"//{netloc}").hostname or netloc)
        if slot is not None and delay_s:
            slot.delay = max(slot.delay, min(delay_s, 30.0))
            slot.concurrency = 1


class Patience:
    """Leaves a busy host alone for as long as it asks, or a little longer at each failure."""

    def __init__(self, backoff_s: float) -> None:
        self._backoff_s = backoff_s
        self._until: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Patience":
        """Make one as Scrapy does."""
        return cls(crawler.settings.getfloat("VITRINE_BACKOFF_S"))

    async def process_request(self, request: Request) -> None:
        """Wait until the host may be asked again."""
        while (rest := self._until.get(urlsplit(request.url).netloc, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(rest)

    def process_response(self, request: Request, response: Response) -> Response:
        """Note how long a busy host wants to be left alone; too long a wait ends the retries."""
        if response.status in _BUSY:
            header = response.headers.get("Retry-After")
            wait_s = retry_after_s(header.decode("latin-1")) if header else None
            if wait_s is None:
                wait_s = self._backoff_s * 2 ** request.meta.get("retry_times", 0)
            if wait_s > LONGEST_WAIT_S:
                request.meta["dont_retry"] = True
            else:
                self._until[urlsplit(request.url).netloc] = time.monotonic() + wait_s
        return response


def retry_after_s(value: str, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or a date; None for neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
