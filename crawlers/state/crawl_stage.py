"""The contract between a crawl's state and Scrapy, for one stage: pages, or photos.

    scheduler  -- next_task -->  queue        what to ask next (page_queue.py, photo_queue.py)
    scheduler  -- request   -->  spider       how to ask it; then Scrapy fetches
    spider     -- Answer    -->  pipeline     what was read (answers.py)
    pipeline   -- record    -->  recorder     what becomes of it (page_recorder.py, photo_recorder.py)

The spider knows neither queue nor recorder. `StageCrawler` carries both to the scheduler and the pipeline, which
Scrapy makes from the crawler.
"""

from collections.abc import Set
from typing import Protocol, runtime_checkable

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from crawlers.fetch.guard_middleware import GuardedSpider
from crawlers.fetch.validators import Validators
from crawlers.state.answers import Answer
from crawlers.state.tables.frontier import Task


class TaskQueue(Protocol):
    """What is to be asked in one stage."""

    def has_waiting(self) -> bool:
        """Whether anything waits that was not handed out yet."""

    def next_task(self, busy: Set[str]) -> Task | None:
        """Hand out the next address of a host that is not `busy`; None where none waits."""

    def validators(self, task: Task) -> Validators:
        """Return what to ask an address with, so that it answers 304 while nothing changed."""


class AnswerRecorder(Protocol):
    """What becomes of the answers of one stage."""

    def record(self, answer: Answer) -> None:
        """Write an answer's consequences. Whatever this raises ends the crawl."""


@runtime_checkable
class CrawlSpider(GuardedSpider, Protocol):
    """What the scheduler and the pipeline need of a spider. Its callbacks yield one Answer for each request."""

    def request(self, task: Task, validators: Validators) -> Request:
        """Make the request of a task, with `task` among its callback's arguments."""


class StageCrawler(Crawler):
    """Scrapy's crawler of one stage."""

    def __init__(
        self, spider: type[Spider], settings: Settings, queue: TaskQueue, recorder: AnswerRecorder
    ) -> None:
        super().__init__(spider, settings)
        self.queue, self.recorder = queue, recorder


def stage_of(crawler: Crawler) -> tuple[StageCrawler, CrawlSpider]:
    """Return a crawler and its spider as what they are here. Raises TypeError for others."""
    if not isinstance(crawler, StageCrawler) or not isinstance(crawler.spider, CrawlSpider):
        raise TypeError(f"{crawler.spider!r} is no spider of a crawl's stage")
    return crawler, crawler.spider
