"""Scrapy's scheduler over the crawl's own frontier: what is asked next is read from the state's file.

Redirects and retries of a request in flight stay in memory: their address is not done until its last
answer is, so a killed crawl begins them again.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

# Settings of a spider that is asked for its requests: its callbacks yield outcomes and none. What Scrapy would do
# to requests they yield is a generator each around every answer, and its search for a misplaced `return` parses
# the source of a callback whenever that is called.
PULLED: dict[str, Any] = {
    "SPIDER_MIDDLEWARES": {
        "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
        "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
        "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
        "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
    },
    "WARN_ON_GENERATOR_RETURN_VALUE": False,
}

# Answers that wait to be looked at. Photos from a near server come faster than they are inspected; they would pile
# up in memory, and a kill would cost all of them.
MOST_UNREAD = 32


class FrontierScheduler(BaseScheduler):
    """Hands out `spider.next_request(busy)`; `busy` are the hosts that have as much to do as they may.

    One slow host thus fills its own share of the downloader and no other's.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._own: deque[Request] = deque()
        self._most = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._spider: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "FrontierScheduler":
        """Scrapy's way to make one."""
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        """Scrapy says which spider it is."""
        self._spider = spider

    def has_pending_requests(self) -> bool:
        """Whether anything is left to ask."""
        return self._spider.failure is None and (bool(self._own) or bool(self._ask(self._spider.has_waiting)))

    def enqueue_request(self, request: Request) -> bool:
        """A request of Scrapy's own: the home page, a redirect, a retry."""
        self._own.append(request)
        return True

    def next_request(self) -> Request | None:
        """The next request, or None where every host with work is busy or nothing is left."""
        if self._own:
            return self._own.popleft()
        if self._spider.failure is not None or self._unread() >= MOST_UNREAD:
            return None
        request: Request | None = self._ask(lambda: self._spider.next_request(self._busy()))
        return request

    def _ask(self, question: Callable[[], Any]) -> Any:
        """What the frontier says; where it fails, nothing is left to ask: Scrapy would ask again for ever."""
        try:
            return question()
        except Exception as error:
            self._spider.failure = error
            return None

    def _unread(self) -> int:
        engine = self._crawler.engine
        assert engine is not None and engine.scraper.slot is not None
        return len(engine.scraper.slot.active)

    def _busy(self) -> set[str]:
        engine = self._crawler.engine
        assert engine is not None
        load = Counter[str]()
        for request in engine.downloader.active:
            if task := request.cb_kwargs.get("task"):
                load[task.host] += 1
        return {host for host, number in load.items() if number >= self._most}
