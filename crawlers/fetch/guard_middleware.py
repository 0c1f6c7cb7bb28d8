"""The guard at work: before every request of a spider, and what every spider must have for it and for robots.txt."""

from typing import Protocol, runtime_checkable

from scrapy import Request
from scrapy.crawler import Crawler

from crawlers.fetch.guard import Guard
from crawlers.fetch.hosts import Hosts


@runtime_checkable
class GuardedSpider(Protocol):
    """What asking an address needs of a spider, whichever it is.

    guard    judges every address before it is asked
    hosts    what robots.txt and Retry-After of the hosts say
    failure  what ended the crawl before its time, for crawlers.run to raise
    """

    guard: Guard
    hosts: Hosts
    failure: BaseException | None


def guarded_spider(crawler: Crawler) -> GuardedSpider:
    """Return a crawler's spider, which Scrapy makes before any middleware. Raises TypeError for one without a guard."""
    if not isinstance(crawler.spider, GuardedSpider):
        raise TypeError(f"{crawler.spider!r} is no GuardedSpider")
    return crawler.spider


class GuardMiddleware:
    """Before every request, also those that follow a redirect, the spider's guard judges its address."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "GuardMiddleware":
        """Make one as Scrapy does."""
        return cls(guarded_spider(crawler).guard)

    async def process_request(self, request: Request) -> None:
        """Raise AddressRefused for what may not be dialled, which the spider's errback turns into a reject."""
        await self._guard.check(request.url)
