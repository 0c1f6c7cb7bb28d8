"""The scheduler between Scrapy's engine, of which only the load is stood in for, and a real frontier."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.settings import Settings

from crawlers.fetch.guard import Guard
from crawlers.photos.photo_spider import PhotoSpider
from crawlers.state.crawl_stage import StageCrawler
from crawlers.state.photo_queue import PhotoQueue
from crawlers.state.photo_recorder import PhotoRecorder
from crawlers.state.recorder import Recorder
from crawlers.state.scheduler import MOST_UNREAD, FrontierScheduler
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import Kind
from tests.crawlers.liststore import ListStore

AT_ONCE = 3


@dataclass
class Engine:
    """A crawl's engine as far as a scheduler looks at it: what is under way, and what waits to be read."""

    active: set[Request] = field(default_factory=set)
    unread: set[Request] = field(default_factory=set)

    @property
    def downloader(self) -> Any:
        return SimpleNamespace(active=self.active)

    @property
    def scraper(self) -> Any:
        return SimpleNamespace(slot=SimpleNamespace(active=self.unread))


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


@pytest.fixture
def spider(state: CrawlState) -> PhotoSpider:
    return PhotoSpider(Guard(), ListStore().has_photo)


@pytest.fixture
def scheduler(engine: Engine, state: CrawlState, spider: PhotoSpider) -> FrontierScheduler:
    settings = Settings({"CONCURRENT_REQUESTS_PER_DOMAIN": AT_ONCE})
    recorder = Recorder(state, ListStore())
    crawler = StageCrawler(PhotoSpider, settings, PhotoQueue(recorder), PhotoRecorder(recorder))
    crawler.spider, crawler.engine = spider, engine  # type: ignore[assignment]
    return FrontierScheduler.from_crawler(crawler)


def add(state: CrawlState, host: str, count: int) -> None:
    for n in range(count):
        url = f"https://{host}/{n}.jpg"
        state.frontier.add(Kind.PHOTO, url, url)


def handed_out(scheduler: FrontierScheduler, engine: Engine) -> list[str]:
    """Everything that is handed out while nothing of it is answered."""
    urls = []
    while request := scheduler.next_request():
        engine.active.add(request)
        urls.append(request.url)
    return urls


def test_a_host_gets_as_many_requests_at_once_as_it_may_and_no_other_waits_for_it(
    scheduler: FrontierScheduler, engine: Engine, state: CrawlState
) -> None:
    add(state, "slow.example", 10)
    add(state, "fast.example", 2)

    first = handed_out(scheduler, engine)
    engine.active.pop()
    second = handed_out(scheduler, engine)

    assert sum("slow" in url for url in first) == AT_ONCE
    assert sum("fast" in url for url in first) == 2
    assert len(second) <= 1
    assert scheduler.has_pending_requests()


def test_redirects_and_retries_go_first_and_wait_for_nobody(
    scheduler: FrontierScheduler, engine: Engine, state: CrawlState
) -> None:
    add(state, "shop.example", 1)
    engine.unread = {Request(f"https://shop.example/{n}") for n in range(MOST_UNREAD)}
    again = Request("https://shop.example/again")
    scheduler.enqueue_request(again)

    assert scheduler.next_request() is again
    assert scheduler.next_request() is None


def test_nothing_more_is_asked_while_too_many_answers_wait_to_be_read(
    scheduler: FrontierScheduler, engine: Engine, state: CrawlState
) -> None:
    add(state, "shop.example", 1)
    engine.unread = {Request(f"https://shop.example/{n}") for n in range(MOST_UNREAD)}
    assert scheduler.next_request() is None
    assert scheduler.has_pending_requests(), "it is asked for again when one was read"

    engine.unread.pop()

    request = scheduler.next_request()
    assert request is not None and request.cb_kwargs["task"].url == request.url


def test_a_crawl_is_at_its_end_when_neither_frontier_nor_scrapy_has_anything_left(
    scheduler: FrontierScheduler, engine: Engine
) -> None:
    assert not scheduler.has_pending_requests()
    scheduler.enqueue_request(Request("https://shop.example/robots.txt"))
    assert scheduler.has_pending_requests()

    handed_out(scheduler, engine)

    assert not scheduler.has_pending_requests()
    assert scheduler.next_request() is None


def test_a_frontier_that_fails_ends_the_crawl_and_is_not_asked_again(
    scheduler: FrontierScheduler, state: CrawlState, spider: PhotoSpider
) -> None:
    add(state, "shop.example", 1)
    state.close()  # as on a disk that fails

    assert scheduler.next_request() is None
    failure = spider.failure
    assert isinstance(failure, sqlite3.Error)
    assert not scheduler.has_pending_requests()
    assert scheduler.next_request() is None
    assert spider.failure is failure


def test_of_a_host_that_wants_a_pause_between_requests_one_at_a_time_is_in_hand(
    engine: Engine, state: CrawlState, spider: PhotoSpider, scheduler: FrontierScheduler
) -> None:
    spider.hosts.delays["slow.example"] = 2.0
    spider.hosts.leave_alone("busy.example", 60.0)
    for host in ("slow.example", "busy.example:8443", "quick.example"):
        add(state, host, 5)

    urls = handed_out(scheduler, engine)

    assert sum("//slow." in url for url in urls) == 1
    assert sum("//busy." in url for url in urls) == 1
    assert sum("//quick." in url for url in urls) == AT_ONCE
