"""Scrapy's item pipeline here: the one answer that a spider yields per request goes to the stage's recorder.

Scrapy logs what a pipeline or a callback raises and crawls on. A full disk, a bug or too many
rejects must end the crawl instead: the error is kept as the spider's failure for crawlers.run to
raise, and the spider is closed.
"""

import asyncio

from scrapy import signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from crawlers.state.answers import Answer
from crawlers.state.crawl_stage import CrawlSpider, StageCrawler, stage_of


class CrawlPipeline:
    """The pipeline of every CrawlSpider."""

    def __init__(self, crawler: StageCrawler, spider: CrawlSpider) -> None:
        self._crawler, self._spider = crawler, spider
        self._recorder = crawler.recorder
        self._closing: asyncio.Future[None] | None = None
        crawler.signals.connect(self.note_error, signals.spider_error)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "CrawlPipeline":
        """Make one as Scrapy does."""
        return cls(*stage_of(crawler))

    def process_item(self, answer: Answer) -> Answer:
        """Record one answer; after a failure nothing more is."""
        if self._spider.failure is None:
            try:
                self._recorder.record(answer)
            except Exception as error:
                self._fail(error)
        return answer

    def note_error(self, failure: Failure) -> None:
        """End the crawl where a callback raised: one that lost a page must not look complete."""
        self._fail(failure.value)

    def _fail(self, error: BaseException | None) -> None:
        self._spider.failure = self._spider.failure or error
        if self._closing is None:  # closing waits for this very item, so it is not awaited here
            closing = self._crawler.engine.close_spider_async(reason="failed")
            self._closing = asyncio.ensure_future(closing)
