"""crawlers/fetch/hosts.py and robots.py: what is remembered of a host, for how long, by a clock that stands still."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawlers.fetch.guard import Guard
from crawlers.fetch.hosts import Hosts
from crawlers.fetch.robots import Robots, RobotsForbid
from crawlers.photos.photo_spider import PhotoSpider

URL = "https://shop.example/coat"
HOUR = 3_600.0


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Shop:
    """A robots.txt that answers as told, and the middleware that asks for it."""

    def __init__(self, body: bytes = b"", status: int = 200, **settings: Any) -> None:
        self.body, self.status = body, status
        self.error: Exception | None = None
        self.asked = 0
        self.clock = Clock()
        self.hosts = Hosts(self.clock)
        crawler = get_crawler(
            PhotoSpider, {"ROBOTSTXT_OBEY": True, "ROBOTSTXT_USER_AGENT": "vitrine"} | settings
        )
        crawler.spider = PhotoSpider(Guard(), set().__contains__, hosts=self.hosts)
        self.downloader: Any = SimpleNamespace(slots={}, per_slot_settings={})
        crawler.engine = SimpleNamespace(downloader=self.downloader, download_async=self._download)  # type: ignore[assignment]
        self.robots = Robots.from_crawler(crawler)

    async def _download(self, request: Request) -> Response:
        await self.robots.process_request(request)
        self.asked += 1
        if self.error is not None:
            raise self.error
        return Response(request.url, self.status, body=self.body)

    def ask(self, url: str = URL) -> Request:
        request = Request(url)
        asyncio.run(self.robots.process_request(request))
        return request

    def allows(self, url: str = URL) -> bool:
        try:
            self.ask(url)
        except RobotsForbid:
            return False
        return True


@pytest.mark.parametrize("status", [200, 204, 401, 403, 404, 410, 429, 500, 502, 503, 599])
def test_where_there_is_no_robots_txt_all_is_allowed_and_where_it_fails_nothing(status: int) -> None:
    shop = Shop(b"User-agent: *\nDisallow: /coat\n" if status >= 400 else b"", status)

    assert shop.allows() is (status < 500 and status != 429)


def test_what_was_read_holds_for_a_day_and_is_then_read_anew() -> None:
    shop = Shop(b"User-agent: *\nDisallow: /private/\n")
    assert shop.allows() and not shop.allows("https://shop.example/private/a")
    shop.body = b"User-agent: *\nDisallow: /coat\n"

    shop.clock.now += 23.9 * HOUR
    assert shop.allows() and shop.asked == 1
    shop.clock.now += 0.2 * HOUR
    assert not shop.allows() and shop.asked == 2


def test_one_that_cannot_be_read_anew_stands_as_it_was_and_is_asked_for_again_in_ten_minutes() -> None:
    shop = Shop(b"User-agent: *\nDisallow: /private/\n")
    assert shop.allows()
    shop.status, shop.body = 503, b"User-agent: *\nDisallow: /\n"

    shop.clock.now += 25 * HOUR
    assert shop.allows() and not shop.allows("https://shop.example/private/a")
    assert shop.asked == 2
    shop.clock.now += 599
    assert shop.allows() and shop.asked == 2
    shop.status = 200
    shop.clock.now += 2
    assert not shop.allows() and shop.asked == 3


def test_a_ban_by_failure_stands_for_ten_minutes_and_is_its_own_reason() -> None:
    shop = Shop(status=503)
    with pytest.raises(RobotsForbid, match="answers 503"):
        shop.ask()
    shop.status = 200
    assert not shop.allows() and shop.asked == 1

    shop.clock.now += 601
    assert shop.allows() and shop.asked == 2

    shop.error = TimeoutError("no answer")
    with pytest.raises(TimeoutError, match="no answer"):
        shop.ask("https://photos.example/1.jpg")


def test_a_byte_order_mark_and_addresses_that_are_none_change_nothing() -> None:
    body = "\ufeffSitemap: /map.xml\nSitemap: http://[x\nUser-agent: *\nDisallow: /coat\nCrawl-delay: 3\n".encode()
    shop = Shop(body)

    assert not shop.allows()
    assert shop.hosts.sitemaps["shop.example"] == ["https://shop.example/map.xml", "http://[x"]
    assert shop.hosts.delays == {"shop.example": 3.0}


def test_a_delay_is_the_hosts_own_in_every_slot_and_no_throttle_changes_it() -> None:
    shop = Shop(b"User-agent: *\nCrawl-delay: 40\n")
    shop.downloader.slots["shop.example"] = slot = SimpleNamespace(delay=0.5, concurrency=4, jitter=0.5)

    request = shop.ask()

    kept = {"delay": 40.0, "concurrency": 1, "jitter": 0.0}
    assert vars(slot) == kept
    assert shop.downloader.per_slot_settings == {"shop.example": kept}
    assert request.meta["autothrottle_dont_adjust_delay"] is True
    assert shop.hosts.slow() == [
        "robots.txt of shop.example asks for 40 s between two requests; they are kept"
    ]


def test_the_pause_that_a_profile_asks_for_is_not_shortened_by_a_crawl_delay() -> None:
    shop = Shop(b"User-agent: *\nCrawl-delay: 2\n", DOWNLOAD_DELAY=5.0)
    shop.downloader.slots["shop.example"] = slot = SimpleNamespace(delay=5.0, concurrency=4, jitter=0.0)

    shop.ask()

    assert (slot.delay, slot.concurrency) == (5.0, 1)


def test_a_redirected_request_goes_through_the_slot_of_the_host_it_leads_to() -> None:
    shop = Shop(b"User-agent: *\nCrawl-delay: 2\n")
    first = shop.ask()
    shop.body = b""

    second = Request("https://photos.example/1.jpg", meta=first.meta)
    asyncio.run(shop.robots.process_request(second))

    assert first.meta["download_slot"] == "shop.example"
    assert second.meta["download_slot"] == "photos.example"
    assert second.meta["autothrottle_dont_adjust_delay"] is False


@pytest.mark.parametrize("delay", ["nan", "inf", "-3", "soon", "", "1e999"])
def test_a_delay_that_is_no_number_is_none(delay: str) -> None:
    shop = Shop(f"User-agent: *\nCrawl-delay: {delay}\n".encode())

    assert shop.allows()
    assert shop.hosts.delays == {}


def test_two_ports_of_one_host_keep_the_longer_delay() -> None:
    shop = Shop(b"User-agent: *\nCrawl-delay: 5\n")
    shop.ask()
    shop.body = b"User-agent: *\nCrawl-delay: 2\n"
    shop.ask("https://shop.example:8443/")

    assert shop.hosts.delays == {"shop.example": 5.0}
    assert shop.downloader.per_slot_settings["shop.example"]["delay"] == 5.0


def test_a_host_rests_from_its_answer_on_and_as_long_as_it_says() -> None:
    hosts = Hosts(clock := Clock())
    assert hosts.wait_s("shop.example") <= 0
    hosts.delays["shop.example"] = 2.0
    hosts.note_answer("shop.example")
    assert hosts.wait_s("shop.example") == 2.0
    hosts.leave_alone("shop.example", 7.0)
    hosts.leave_alone("shop.example", 1.0)
    assert hosts.wait_s("shop.example") == 7.0
    assert hosts.wait_s("photos.example") <= 0
    clock.now += 7.0
    assert hosts.wait_s("shop.example") <= 0
