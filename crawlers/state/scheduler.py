"""Scrapy's scheduler over the crawl's own frontier: what is asked next is read from the state's file.

Redirects and retries of a request in flight stay in memory: their address is not done until its last
answer is, so a killed crawl begins them again.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, TypeVar

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

from crawlers.state.crawl_stage import CrawlSpider, StageCrawler, stage_of
from crawlers.state.tables.frontier import Task

T = TypeVar("T")

# Settings of a spider whose requests come from here: its callbacks yield answers and none. What Scrapy would do
# to requests they yield is a generator each around every answer, and its search for a misplaced `return` parses
# the source of a callback whenever that is called.
STAGE_SETTINGS: dict[str, Any] = {
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
    """Hands out what the stage's queue says is next, passing over hosts that have as much to do as they may.

    One slow host thus fills its own share of the downloader and no other's.
    """

    def __init__(self, crawler: StageCrawler, spider: CrawlSpider) -> None:
        self._crawler, self._spider = crawler, spider
        self._queue = crawler.queue
        self._own: deque[Request] = deque()
        self._most = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "FrontierScheduler":
        """Make one as Scrapy does."""
        return cls(*stage_of(crawler))

    def has_pending_requests(self) -> bool:
        """Whether anything is left to ask."""
        return self._spider.failure is None and (bool(self._own) or bool(self._ask(self._queue.has_waiting)))

    def enqueue_request(self, request: Request) -> bool:
        """Take a request of Scrapy's own: the home page, a redirect, a retry."""
        self._own.append(request)
        return True

    def next_request(self) -> Request | None:
        """Hand out the next request; None where every host with work is busy or nothing is left."""
        if self._own:
            return self._own.popleft()
        if self._spider.failure is not None or self._unread() >= MOST_UNREAD:
            return None
        return self._ask(self._next_of_queue)

    def _next_of_queue(self) -> Request | None:
        task = self._queue.next_task(self._busy_hosts())
        return None if task is None else self._spider.request(task, self._queue.validators(task))

    def _ask(self, question: Callable[[], T]) -> T | None:
        """Answer what only the state knows; where it fails, nothing is left to ask: Scrapy would ask again for ever."""
        try:
            return question()
        except Exception as error:
            self._spider.failure = error
            return None

    def _unread(self) -> int:
        slot = self._crawler.engine.scraper.slot
        assert slot is not None
        return len(slot.active)

    def _busy_hosts(self) -> set[str]:
        load = Counter[str]()
        for request in self._crawler.engine.downloader.active:
            task = request.cb_kwargs.get("task")
            if isinstance(task, Task):
                load[task.host] += 1
        most = self._spider.hosts.most_at_once
        return {host for host, number in load.items() if number >= most(host, self._most)}
