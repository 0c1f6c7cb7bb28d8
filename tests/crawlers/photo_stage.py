"""The queue of the photo stage over a real state: what yesterday knew of a photo, and what is asked today."""

from pathlib import Path
from typing import Any

from crawlers.state.photo_queue import PhotoQueue
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import RecrawlPolicy
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import Task
from tests.crawlers.liststore import ListStore, ledger_row, product


class PhotoStage:
    """`part` photos make a part of the store; the policy says what is asked again."""

    def __init__(self, path: Path, part: int = 1000, **policy: Any) -> None:
        self.store = ListStore(part)
        self.state = CrawlState(path)
        self.recorder = Recorder(self.state, self.store, RecrawlPolicy(**policy))
        self.queue = PhotoQueue(self.recorder)

    def load(self, url: str, **facts: Any) -> None:
        """What the previous crawl knew of a photo address."""
        self.state.previous.load_ledger([ledger_row(url, "photo", **({"image_id": "aa"} | facts))])

    def added(self, *urls: str) -> list[Task]:
        """Tasks of the addresses of one product."""
        self.state.collected.add_product(product(0, photos=urls))
        self.queue.add_all()
        return self.waiting()

    def waiting(self) -> list[Task]:
        tasks = []
        while task := self.queue.next_task(frozenset()):
            tasks.append(task)
        return tasks
