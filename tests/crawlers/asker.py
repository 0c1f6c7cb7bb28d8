"""Asks addresses with the crawl's own settings and guard, in a process of its own; for test_network.py.

    echo '{"urls": [...], "named": [...], "options": {...}}' | python -m tests.crawlers.asker

Prints one JSON object: per address its reason ("" where it answered) and detail, and how much memory and how many
seconds that took.
"""

import json
import resource
import sys
import time
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerRunner

from crawlers.fetch.guard import Guard
from crawlers.fetch.hosts import Hosts
from crawlers.fetch.reject_reasons import reject_reason_of
from crawlers.fetch.settings import settings
from crawlers.run import Traffic, in_reactor, run_spider


class Asker(scrapy.Spider):
    name = "asker"

    def __init__(self, urls: list[str], guard: Guard, found: dict[str, tuple[str, str]]) -> None:
        super().__init__()
        self.urls, self.guard, self.found = urls, guard, found
        self.failure: BaseException | None = None
        self.hosts = Hosts()

    async def start(self):  # type: ignore[no-untyped-def]
        for url in self.urls:
            yield scrapy.Request(
                url, self.read, errback=self.lose, cb_kwargs={"asked": url}, dont_filter=True
            )

    def read(self, answer: Any, asked: str) -> None:
        self.found[asked] = "", f"{len(answer.body)} bytes"

    def lose(self, failure: Any) -> None:
        self.found[failure.request.cb_kwargs["asked"]] = reject_reason_of(failure.value)


def main() -> None:
    said = json.load(sys.stdin)
    guard = Guard(said["named"])
    found: dict[str, tuple[str, str]] = {}
    plain = {"SCHEDULER": "scrapy.core.scheduler.Scheduler", "ITEM_PIPELINES": {}}
    options = settings(said["named"][0], "") | plain | said["options"]

    async def ask(runner: AsyncCrawlerRunner) -> None:
        await run_spider(runner, Traffic(), "page", Asker, urls=said["urls"], guard=guard, found=found)

    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    in_reactor(options, guard, ask)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"found": found, "grown_mb": grown / 1024, "seconds": time.monotonic() - begun}))


if __name__ == "__main__":
    main()
