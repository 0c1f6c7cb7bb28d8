"""Scrapy's item pipeline here: the one outcome that a spider yields per answer goes to `spider.recorder`.

Scrapy logs what a pipeline or a callback raises and crawls on. A full disk, a bug or too many
rejects must end the crawl instead: the error is kept as `spider.failure` for crawlers.run to
raise, and the spider is closed.
"""

import asyncio
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from crawlers.state.page_recorder import Page
from crawlers.state.recorder import Photo


class CrawlPipeline:
    """The pipeline of every spider that has `recorder` and `failure`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._closing: asyncio.Future[None] | None = None
        crawler.signals.connect(self.note_error, signals.spider_error)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "CrawlPipeline":
        """Scrapy's way to make one."""
        return cls(crawler)

    def process_item(self, item: Page | Photo) -> object:
        """Hand one outcome over; after a failure nothing more is."""
        spider: Any = self._crawler.spider
        if spider.failure is None:
            try:
                if isinstance(item, Photo):
                    spider.recorder.photo(item)
                else:
                    spider.pages.take(item)
            except Exception as error:
                self._end(error)
        return item

    def note_error(self, failure: Failure) -> None:
        """A callback raised: a crawl that lost a page must not look complete."""
        self._end(failure.value)

    def _end(self, error: BaseException | None) -> None:
        spider: Any = self._crawler.spider
        spider.failure = spider.failure or error
        if self._closing is None:  # closing waits for this very item, so it is not awaited here
            closing = self._crawler.engine.close_spider_async(reason="failed")
            self._closing = asyncio.ensure_future(closing)
