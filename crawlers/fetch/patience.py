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


class HostBusy(IgnoreRequest):
    """A host that asked to be left alone for longer than a crawl waits."""


class Patience:
    """The middleware nearest to the network: it sees every answer, and the last moment before every request."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._hosts = guarded_spider(crawler).hosts
        self._backoff_s = crawler.settings.getfloat("VITRINE_BACKOFF_S")
        self._robots_patience_s = crawler.settings.getfloat("VITRINE_ROBOTS_PATIENCE_S")
        crawler.signals.connect(self.note_answer, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Patience":
        """Make one as Scrapy does."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Wait until the host may be asked again; raises HostBusy where that is too long."""
        host = host_of(request.url)
        while (rest := self._hosts.wait_s(host)) > 0:
            if rest > LONGEST_WAIT_S:
                raise HostBusy(f"{host} asks to be left alone for {rest:,.0f} s more")
            await asyncio.sleep(rest)

    def process_response(self, request: Request, response: Response) -> Response:
        """Note how long the host wants to be left alone; too long a wait ends the retries."""
        wait_s = retry_after_of(response) if response.status >= 300 else None
        if wait_s is None and response.status in _BUSY:
            wait_s = self._backoff(request)
        if wait_s is not None:
            self._hosts.leave_alone(host_of(request.url), wait_s)
            if wait_s > LONGEST_WAIT_S or self._has_waited(request, self._robots_patience_s):
                request.meta["dont_retry"] = True
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count the delay also from a request that failed, and wait before a robots.txt is asked for again."""
        if isinstance(exception, IgnoreRequest):  # it was not sent
            return
        self.note_answer(request)
        if ROBOTS_SINCE not in request.meta:
            return
        self._hosts.leave_alone(host_of(request.url), self._backoff(request))
        is_lookup = isinstance(exception, OSError)
        if is_lookup or self._has_waited(request, self._robots_patience_s * _UNREACHABLE_SHARE):
            request.meta["dont_retry"] = True

    def note_answer(self, request: Request) -> None:
        """Count the delay of a host from now on. Scrapy sends it before it looks for the next request."""
        host = host_of(request.url)
        self._hosts.note_answer(host)
        slot = self._crawler.engine.downloader.slots.get(host)
        if slot is not None and host in self._hosts.delays:
            slot.lastseen = time.monotonic()

    def _backoff(self, request: Request) -> float:
        return float(min(self._backoff_s * 2 ** request.meta.get("retry_times", 0), _LONGEST_BACKOFF_S))

    def _has_waited(self, request: Request, patience_s: float) -> bool:
        since = request.meta.get(ROBOTS_SINCE)
        return since is not None and self._hosts.clock() - since > patience_s


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
