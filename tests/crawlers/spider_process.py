"""Spiders over the wire, without a crawl's state, in one process for all tests of them: a reactor runs once.

    answers, failure = spiders.run(SpiderRun(url, [Asked("/product/1")]))

The process asks the addresses of a list and keeps the spider's answers in a list: what a queue and a recorder of a
crawl's stage must do (crawlers/state/crawl_stage.py) and no more. One line of JSON in, one out.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings

from crawlers.fetch.guard import Guard
from crawlers.fetch.settings import settings
from crawlers.fetch.validators import Validators
from crawlers.photos.photo_spider import PhotoSpider
from crawlers.platforms import Shop
from crawlers.run import Traffic, in_reactor, run_spider
from crawlers.spider import ShopSpider
from crawlers.state.answers import Answer, HomeAnswer
from crawlers.state.crawl_stage import StageCrawler
from crawlers.state.tables.frontier import Kind, Task

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Asked:
    """One address of the list; `etag` is what it is asked with."""

    path: str
    kind: str = "product"
    etag: str = ""


@dataclass
class SpiderRun:
    """One spider to run.

    asked        addresses in order, asked when the home page was read; kind "photo" for the spider of photos
    platform     the one that read the shop before
    only         see ShopSpider
    stored       ids of photos that are stored already
    raise_after  answers after which recording one fails
    options      Scrapy's settings beside those of a crawl
    """

    url: str
    asked: list[Asked] = field(default_factory=list)
    platform: str = ""
    only: list[str] | None = None
    stored: list[str] = field(default_factory=list)
    raise_after: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


class Spiders:
    """The process, from the side of the tests."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, spider: SpiderRun) -> tuple[list[dict[str, Any]], str]:
        """Answers as dictionaries with their `type`, and what ended the spider early, "" for nothing."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(spider)) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        return said["answers"], said["failure"]


@contextmanager
def spider_process() -> Iterator[Spiders]:
    """Start the process; it ends with its input."""
    command = [sys.executable, "-m", "tests.crawlers.spider_process"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Spiders(process)


class ListedStage:
    """A queue and a recorder that are a list each."""

    def __init__(self, spider: SpiderRun) -> None:
        self._asked, self._raise_after = spider.asked, spider.raise_after
        host = urlsplit(spider.url).netloc
        self._tasks = [
            Task(n, Kind.of(each.kind), each.path, spider.url + each.path, host, product_id="acme:1")
            for n, each in enumerate(spider.asked)
        ]
        self.is_of_photos = any(each.kind == "photo" for each in spider.asked)
        self._open = self.is_of_photos
        self.answers: list[dict[str, Any]] = []

    def has_waiting(self) -> bool:
        return self._open and bool(self._tasks)

    def next_task(self, busy: Set[str]) -> Task | None:
        return self._tasks.pop(0) if self.has_waiting() and self._tasks[0].host not in busy else None

    def validators(self, task: Task) -> Validators:
        return Validators(self._asked[task.n].etag)

    def record(self, answer: Answer) -> None:
        if len(self.answers) == self._raise_after:
            raise OSError("no space left")
        self.answers.append({"type": type(answer).__name__} | asdict(answer))
        self._open |= isinstance(answer, HomeAnswer)


async def _run(spider: SpiderRun, runner: AsyncCrawlerRunner, guard: Guard) -> dict[str, Any]:
    """Run one spider as a crawl does; `guard` is the reactor's, which must know what the spider's has judged."""
    stage, mine, options = (
        ListedStage(spider),
        Guard([spider.url]),
        Settings(settings(spider.url, "") | spider.options),
    )
    mine.pinned = guard.pinned
    guard.named |= mine.named
    arguments: dict[str, Any] = {"guard": mine}
    if stage.is_of_photos:
        crawler = StageCrawler(PhotoSpider, options, stage, stage)
        arguments |= {"is_stored": set(spider.stored).__contains__}
    else:
        crawler = StageCrawler(ShopSpider, options, stage, stage)
        arguments |= {"shop": Shop("acme", spider.url), "platform": spider.platform, "only": spider.only}
    failure = ""
    try:
        await run_spider(runner, Traffic(), "page", crawler, **arguments)
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    return {"answers": stage.answers, "failure": failure}


def main() -> None:
    """Be the process."""
    guard = Guard()

    async def serve(runner: AsyncCrawlerRunner) -> None:
        while line := await asyncio.to_thread(sys.stdin.readline):
            told = json.loads(line)
            asked = [Asked(**each) for each in told.pop("asked")]
            print(
                json.dumps(await _run(SpiderRun(asked=asked, **told), runner, guard), default=_text),
                flush=True,
            )

    in_reactor(settings("http://127.0.0.1", ""), guard, serve)


def _text(value: object) -> object:
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()
