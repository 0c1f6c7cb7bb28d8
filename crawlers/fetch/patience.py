"""Waiting: Retry-After (RFC 9110, 10.2.3) and Crawl-delay, of every host and on the server's side of the wire.

Scrapy counts a delay from the moment it lets a request go, and asks a busy server again at once. Here a delay counts
from the answer, so that no request reaches the server too early however long the one before was on its way; and a
server that says Retry-After is left alone for that long, all of its pages.
"""

import asyncio
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawlers.fetch.guard_middleware import guarded_spider
from crawlers.fetch.hosts import LONGEST_WAIT_S, host_of

# In a request's meta: since when (s of the clock) its robots.txt is asked for; such a request is retried for longer.
ROBOTS_SINCE = "robots_since"
_BUSY = frozenset([429, 500, 502, 503, 504, 522, 524])
_LONGEST_BACKOFF_S = 30.0
_UNREACHABLE_SHARE = 0.25  # of the patience with a robots.txt: nobody may be there at all


_SOME_DELAY_S = 0.001
_LOOK_EVERY_S = 1.0  # whether the crawl, which waits for every request, has ended


class HostBusy(IgnoreRequest):
    """A host that asked to be left alone for longer than a crawl waits."""


class Patience:
    """The middleware nearest to the network: it sees every answer, and the last moment before every request."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._spider = guarded_spider(crawler)
        self._hosts = self._spider.hosts
        self._backoff_s = crawler.settings.getfloat("VITRINE_BACKOFF_S")
        self._robots_patience_s = crawler.settings.getfloat("VITRINE_ROBOTS_PATIENCE_S")
        crawler.signals.connect(self.hear, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Patience":
        """Make one as Scrapy does."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Wait until the host may be asked again; raises HostBusy where that is too long."""
        host = host_of(request.url)
        while (rest := self._hosts.wait_s(host)) > 0:
            if rest > LONGEST_WAIT_S:
                raise _busy(host, rest)
            if self._spider.failure is not None:
                raise IgnoreRequest("the crawl has ended")
            await asyncio.sleep(min(rest, _LOOK_EVERY_S))

    def hear(self, response: Response, request: Request) -> None:
        """Count the host's delay from now on, and leave it alone for as long as it says.

        Scrapy sends this before it looks for the next request of the host, and calls `process_response` after.
        """
        self._note_answer(request)
        wait_s = retry_after_of(response) if response.status >= 300 else None
        if wait_s is None and response.status in _BUSY:
            wait_s = self._backoff(request)
        if wait_s:
            self._leave_alone(host_of(request.url), wait_s)

    def process_response(self, request: Request, response: Response) -> Response:
        """End the retries where the host wants to be left alone for too long."""
        is_too_long = self._hosts.wait_s(host_of(request.url)) > LONGEST_WAIT_S
        if is_too_long or self._has_waited(request, self._robots_patience_s):
            request.meta["dont_retry"] = True
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count the delay also from a request that failed, and wait before a robots.txt is asked for again."""
        if isinstance(exception, IgnoreRequest):  # it was not sent
            return
        self._note_answer(request)
        if ROBOTS_SINCE not in request.meta:
            return
        self._leave_alone(host_of(request.url), self._backoff(request))
        is_lookup = isinstance(exception, OSError)
        if is_lookup or self._has_waited(request, self._robots_patience_s * _UNREACHABLE_SHARE):
            request.meta["dont_retry"] = True

    def _note_answer(self, request: Request) -> None:
        host = host_of(request.url)
        self._hosts.note_answer(host)
        slot = self._slot(host)
        if slot is not None and host in self._hosts.delays:
            slot.lastseen = max(slot.lastseen, time.monotonic())

    def _leave_alone(self, host: str, wait_s: float) -> None:
        """Hold back those, too, that wait in the host's slot already."""
        self._hosts.leave_alone(host, wait_s)
        if (slot := self._slot(host)) is None:
            return
        slot.delay = slot.delay or _SOME_DELAY_S  # a slot without any looks at no clock
        slot.lastseen = max(slot.lastseen, time.monotonic() + min(wait_s, LONGEST_WAIT_S))
        while wait_s > LONGEST_WAIT_S and slot.queue:
            _, waiting = slot.queue.popleft()
            waiting.errback(_busy(host, wait_s))

    def _slot(self, host: str) -> Slot | None:
        slot: Slot | None = self._crawler.engine.downloader.slots.get(host)
        return slot

    def _backoff(self, request: Request) -> float:
        return float(min(self._backoff_s * 2 ** request.meta.get("retry_times", 0), _LONGEST_BACKOFF_S))

    def _has_waited(self, request: Request, patience_s: float) -> bool:
        since = request.meta.get(ROBOTS_SINCE)
        return since is not None and self._hosts.clock() - since > patience_s


def _busy(host: str, wait_s: float) -> HostBusy:
    return HostBusy(f"{host} asks to be left alone for {wait_s:,.0f} s")


def retry_after_of(response: Response) -> float | None:
    """Return the seconds that an answer asks to wait; a date counts from the server's own clock where it tells it."""
    header = response.headers.get("Retry-After")
    if not header:
        return None
    date = response.headers.get("Date")
    now = _moment(date.decode("latin-1")) if date else None
    return retry_after_s(header.decode("latin-1"), now)


def retry_after_s(value: str, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or a date; None for neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    moment = _moment(text)
    return None if moment is None else max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text[:100])
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
