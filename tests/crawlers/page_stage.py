"""The page stage over a real state, as a crawl drives it, for tests of its queue and its recorder."""

from pathlib import Path
from typing import Any

from crawlers.discover.visit import Found, Visit
from crawlers.state.answers import NOT_MODIFIED, HomeAnswer, PageAnswer
from crawlers.state.page_queue import PageQueue
from crawlers.state.page_recorder import PageRecorder
from crawlers.state.photo_queue import PhotoQueue
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import RecrawlPolicy
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import READ, Kind, Task
from crawlers.state.tables.previous_crawl import Fate
from schemas.reject import Reject
from tests.crawlers.liststore import SHOP, ListStore, ledger_row, page, yesterday

LIST_URL = f"{SHOP}/sitemap.xml"
DATE = "2026-01-01"


class PageStage:
    """A crawl's state, the queue of its pages and the recorder of their answers."""

    def __init__(self, folder: Path, **policy: Any) -> None:
        self.state = CrawlState(folder / "state.db")
        self.recorder = Recorder(self.state, ListStore(), RecrawlPolicy(**policy))
        self.queue = PageQueue(self.recorder, PhotoQueue(self.recorder))
        self.pages = PageRecorder(self.recorder, self.queue)

    def load(self, count: int, **facts: Any) -> None:
        """Products of yesterday, each on a page of its own that a sitemap dates."""
        self.state.previous.load_products(yesterday(n) for n in range(count))
        usual = {"lastmod": DATE, "etag": '"1"'}
        rows = (ledger_row(page(n), product_ids=[f"acme:{n}"], **usual | facts) for n in range(count))
        self.state.previous.load_ledger(rows)

    def lead_to(self, *visits: Visit, linked: bool = False, probe_failed: bool = False) -> None:
        """What a home page names."""
        self.pages.record(HomeAnswer("structured", visits, probe_failed, linked))

    def next(self, kind: Kind = Kind.PRODUCT) -> Task:
        task = self.state.frontier.next_task(kind)
        assert task is not None
        return task

    def waiting(self) -> list[str]:
        urls = []
        while task := self.state.frontier.next_task(Kind.PRODUCT):
            urls.append(task.url)
        return urls

    def read(self, task: Task, *items: Found, **more: Any) -> None:
        self.pages.record(PageAnswer(task, READ, items, **more))

    def stay(self, task: Task) -> None:
        """The page says that it did not change."""
        self.pages.record(PageAnswer(task, NOT_MODIFIED))

    def fail(self, task: Task, reason: str, *, gone: bool = False) -> None:
        reject = Reject(task.kind.stage, reason, task.url)
        self.pages.record(PageAnswer(task, reason, (reject,), gone=gone))

    def rejects(self) -> list[tuple[str, str, str]]:
        return [(row["stage"], row["reason"], row["product_id"]) for row in self.state.collected.rejects()]

    def out(self, stage: str = "page") -> int:
        return self.recorder.tally(stage).out

    def fate(self, n: int) -> Fate:
        there = self.state.previous.product(f"acme:{n}")
        assert there is not None
        return there.fate


def named(n: int, lastmod: str = "") -> Visit:
    """The page of a product, as a sitemap names it."""
    return Visit(page(n), True, lastmod)
