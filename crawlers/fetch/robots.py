"""robots.txt as RFC 9309 reads it, of every host before its first request, and the Crawl-delay it asks for.

Scrapy takes a robots.txt that fails for permission; the RFC takes it for a ban (2.3.1.4). It is asked for again for
a while (patience.py), then the ban stands for ten minutes. One that was read holds for 24 hours (2.4), and longer only
where the new one cannot be read.
"""

import math
from codecs import BOM_UTF8
from typing import Any

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.sitemap import sitemap_urls_from_robots
from twisted.internet.defer import Deferred

from crawlers.extract.page_url import joined
from crawlers.fetch.guard_middleware import guarded_spider
from crawlers.fetch.hosts import FAILURE_HOLDS_S, LONGEST_WAIT_S, ROBOTS_HOLD_S, host_of
from crawlers.fetch.patience import ROBOTS_SINCE

ROBOTS_BYTES = 512 << 10  # that are read of a robots.txt; RFC 9309, 2.5 asks for 500 KiB at least
_MANY = 1_000  # retries: how long a robots.txt is asked for is a matter of time


class RobotsForbid(IgnoreRequest):
    """robots.txt, or its absence by failure, forbids an address."""


class Robots(RobotsTxtMiddleware):
    """Scrapy's middleware, with what is known of the hosts kept for the whole crawl (crawlers.fetch.hosts)."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._hosts = guarded_spider(crawler).hosts
        self._parsers = self._hosts.parsers
        crawler.signals.connect(self.keep_delays, signals.spider_opened)
        crawler.signals.connect(self.note_delay, signals.robots_parsed)

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Raise RobotsForbid for what is forbidden, or what kept the host's robots.txt from being read."""
        if request.meta.get("dont_obey_robotstxt"):
            request.meta.setdefault(ROBOTS_SINCE, self._hosts.clock())
            request.meta["max_retry_times"] = _MANY
            self._place(request)
            return
        self._forget_what_is_old(netloc := urlparse_cached(request).netloc)
        try:
            await super().process_request(request)
        except IgnoreRequest as error:
            raise RobotsForbid("robots.txt forbids it") from error
        if failure := self._hosts.failures.get(netloc):
            raise failure[0]
        self._place(request)

    def keep_delays(self) -> None:
        """Tell a downloader that begins what the stage before it has learnt."""
        for host in self._hosts.delays:
            self._keep_delay(host)

    def note_delay(self, robotparser: RobotParser, request: Request) -> None:
        """Keep the Crawl-delay of a robots.txt that was read; of several ports the longest."""
        delay_s = float(robotparser.crawl_delay(self._robotstxt_useragent or "*") or 0)
        if not math.isfinite(delay_s):
            return
        host, netloc = host_of(request.url), urlparse_cached(request).netloc
        if delay_s > LONGEST_WAIT_S:
            why = f"robots.txt of {host} asks for {delay_s:,g} s between two requests, longer than a crawl waits"
            self._hosts.failures[netloc] = (
                RobotsForbid(why),
                self._hosts.clock() + max(delay_s, FAILURE_HOLDS_S),
            )
        elif delay_s > 0:
            self._hosts.delays[host] = max(self._hosts.delays.get(host, 0.0), delay_s)
            self._keep_delay(host)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            why = f"robots.txt answers {response.status}, which forbids everything until it is back"
            raise RobotsForbid(why)
        # Where there is none everything is allowed, whatever the error page says.
        body = b"" if response.status >= 400 else response.body[:ROBOTS_BYTES].removeprefix(BOM_UTF8)
        response = response.replace(body=body)
        named = (joined(response.url, url) for url in sitemap_urls_from_robots(body))
        self._hosts.sitemaps[netloc] = [url for url in named if url]
        self._hosts.read_at[netloc] = self._hosts.clock()
        self._hosts.failures.pop(netloc, None)
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        until = self._hosts.clock() + FAILURE_HOLDS_S
        old: Any = self._hosts.outdated.pop(netloc, None)
        if old is None:
            self._hosts.failures[netloc] = (exc, until)
            super()._robots_error(exc, netloc)
            return
        waiting, self._parsers[netloc] = self._parsers[netloc], old
        self._hosts.read_at[netloc] = until - ROBOTS_HOLD_S
        assert isinstance(waiting, Deferred)
        waiting.callback(old)

    def _forget_what_is_old(self, netloc: str) -> None:
        """Have a robots.txt asked for anew that was read long ago, or that could not be read some time ago."""
        hosts, now = self._hosts, self._hosts.clock()
        if isinstance(self._parsers.get(netloc), Deferred):
            return
        if netloc in hosts.failures and hosts.failures[netloc][1] <= now:
            del hosts.failures[netloc]
            self._parsers.pop(netloc, None)
        elif netloc in hosts.read_at and hosts.read_at[netloc] + ROBOTS_HOLD_S <= now:
            hosts.outdated[netloc] = self._parsers.pop(netloc, None)
            del hosts.read_at[netloc]

    def _keep_delay(self, host: str) -> None:
        """Make a delay the host's own, for its slot in the downloader and for every later one."""
        downloader = self.crawler.engine.downloader
        # Whoever crawls may ask for a longer one.
        delay_s = max(self._hosts.delays[host], self.crawler.settings.getfloat("DOWNLOAD_DELAY"))
        kept = {"delay": delay_s, "concurrency": 1, "jitter": 0.0}
        downloader.per_slot_settings[host] = kept
        if (slot := downloader.slots.get(host)) is not None:
            slot.delay, slot.concurrency, slot.jitter = delay_s, 1, 0.0

    def _place(self, request: Request) -> None:
        """Say whose slot a request goes through: one that was redirected, or is retried, remembers another's."""
        host = host_of(request.url)
        request.meta["download_slot"] = host
        request.meta["autothrottle_dont_adjust_delay"] = host in self._hosts.delays
