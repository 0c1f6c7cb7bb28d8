"""Runs the spiders one after the other: products first, then their photos, in one reactor.

A Twisted reactor runs once per process, so this is called once per process; see flows/crawl/crawl_process.py.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.statscollectors import StatsCollector
from scrapy.utils.reactor import install_reactor

from crawlers.discover.visit import Visit
from crawlers.fetch.guard import Guard, PinnedResolver
from crawlers.fetch.guard_middleware import guarded_spider
from crawlers.fetch.hosts import Hosts
from crawlers.fetch.settings import USUAL, Pace, settings
from crawlers.photos.photo_spider import PhotoSpider
from crawlers.platforms import Shop
from crawlers.reading_process import ReadingProcess
from crawlers.spider import ShopSpider
from crawlers.state.crawl_stage import StageCrawler
from crawlers.state.page_queue import PageQueue
from crawlers.state.page_recorder import PageRecorder
from crawlers.state.page_union import unite_pages
from crawlers.state.photo_queue import PhotoQueue
from crawlers.state.photo_recorder import PhotoRecorder
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import LIST
from crawlers.state.tables.frontier import DISCOVER, IMAGE, PAGE, Kind
from schemas.errors import CountError, FetchError


@dataclass
class Traffic:
    """What a crawl asked of the network: requests, bytes received, wall seconds by stage.

    The fields hold what is over; `so_far` adds what the running spider has asked.
    """

    requests: int = 0
    bytes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._running: StatsCollector | None = None

    def follow(self, stats: StatsCollector) -> None:
        """Count what a spider that was opened asks from now on."""
        self._running = stats

    def so_far(self) -> tuple[int, int]:
        """Return requests and bytes until now."""
        stats = self._running.get_stats() if self._running is not None else {}
        asked, received = stats.get("downloader/request_count", 0), stats.get("downloader/response_bytes", 0)
        return self.requests + asked, self.bytes + received

    def end_stage(self, stage: str, seconds: float) -> None:
        """Add the spider that was followed to what is over, and its seconds to its stage's."""
        self.requests, self.bytes = self.so_far()
        self._running = None
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


def crawl_shop(
    shop: Shop,
    contact: str,
    recorder: Recorder,
    traffic: Traffic,
    *,
    expected: str = "",
    language: str = "",
    only: Sequence[str] = (),
    again: Sequence[Visit] = (),
    pace: Pace = USUAL,
    process: ReadingProcess | None = None,
) -> None:
    """Read a shop's products, then the photos that they name. What is done already is not done again.

    expected     platform the previous crawl read it by
    language     asked for, or that of the previous crawl; empty for what the home page says
    only, again, process  see ShopSpider; `only` counts where the policy is to read a list
    traffic      is added to
    Raises InputError without a contact, FetchError for a shop that does not answer or has no
    products, RejectedError where too much was refused, and whatever the store raised.
    """
    guard, hosts, state = Guard([shop.url]), Hosts(), recorder.state

    async def both(runner: AsyncCrawlerRunner) -> None:
        if state.read_note("stage") is None:
            photos = PhotoQueue(recorder)
            pages = PageQueue(recorder, photos)
            crawler = StageCrawler(ShopSpider, runner.settings, pages, PageRecorder(recorder, pages))
            await run_spider(
                runner,
                traffic,
                PAGE,
                crawler,
                shop=shop,
                guard=guard,
                hosts=hosts,
                platform=state.read_note("platform") or expected,
                language=state.read_note("language") or language,
                only=only if recorder.policy.revisit == LIST else None,
                again=again,
                process=process,
            )
            recorder.report_progress(PAGE, now=True)
            unite_pages(recorder)
            _check_pages(shop.url, recorder)
            photos.add_all()
            state.write_note("stage", IMAGE)
            recorder.commit()
        await _fetch_photos(runner, recorder, traffic, guard, hosts, process)

    in_reactor(settings(shop.url, contact, pace), guard, both)


def fetch_photos(
    near: str, contact: str, recorder: Recorder, traffic: Traffic, process: ReadingProcess | None = None
) -> None:
    """Run only the second stage, for addresses from a product file; the host of `near` may be a private one."""
    guard = Guard([near])

    async def only(runner: AsyncCrawlerRunner) -> None:
        PhotoQueue(recorder).add_all()
        await _fetch_photos(runner, recorder, traffic, guard, Hosts(), process)

    in_reactor(settings(near, contact), guard, only)


async def _fetch_photos(
    runner: AsyncCrawlerRunner,
    recorder: Recorder,
    traffic: Traffic,
    guard: Guard,
    hosts: Hosts,
    process: ReadingProcess | None,
) -> None:
    photos = PhotoRecorder(recorder)
    crawler = StageCrawler(PhotoSpider, runner.settings, PhotoQueue(recorder), photos)
    stored = recorder.store.has_photo
    await run_spider(
        runner, traffic, IMAGE, crawler, guard=guard, is_stored=stored, hosts=hosts, process=process
    )
    for line in hosts.slow():
        recorder.tell(line)
    photos.flush()
    recorder.report_progress(IMAGE, now=True)
    _check_done(recorder, Kind.PHOTO)


def _check_pages(url: str, recorder: Recorder) -> None:
    """Raise where the first stage found no products or, unless a limit ended it, left an address without outcome."""
    pages = recorder.tally(PAGE)
    if recorder.policy.limit is None:
        _check_done(recorder, Kind.LISTING, Kind.PRODUCT)
    if not pages.out and recorder.policy.revisit != LIST:
        for wall, walled in recorder.state.collected.walls()[:1]:
            raise FetchError(url, f"no products found: {walled} product pages {wall}")
        reasons = pages.rejected + recorder.tally(DISCOVER).rejected
        mostly = f", mostly {reasons.most_common(1)[0][0]}" if reasons else ""
        draft = (
            f"; for a shop whose pages state none, `vitrine doctor {url} --write shop.yaml` drafts a profile"
        )
        refused = f"{pages.rejected.total()} product pages refused{mostly}"
        raise FetchError(url, f"no products found ({refused}){draft if 'no_product' in mostly else ''}")


def _check_done(recorder: Recorder, *kinds: Kind) -> None:
    """Raise CountError for an address left without an outcome: Scrapy's word that it has finished is not enough."""
    for kind in kinds:
        counts = recorder.state.frontier.outcome_counts(kind)
        if left := counts.get("", 0):
            total = sum(counts.values())
            raise CountError(kind.stage, total, total - left, 0)


async def run_spider(
    runner: AsyncCrawlerRunner, traffic: Traffic, stage: str, spider: type[Spider] | Crawler, **arguments: Any
) -> None:
    """Run one GuardedSpider, made with `arguments`, to its end; raises what ended it early."""
    begun = time.monotonic()
    crawler = runner.create_crawler(spider)
    crawler.signals.connect(lambda: traffic.follow(crawler.stats), signals.spider_opened, weak=False)
    try:
        await runner.crawl(crawler, **arguments)
    finally:
        traffic.end_stage(stage, time.monotonic() - begun)
    if (failure := guarded_spider(crawler).failure) is not None:
        raise failure


def in_reactor(
    options: dict[str, Any], guard: Guard, main: Callable[[AsyncCrawlerRunner], Awaitable[None]]
) -> None:
    """Run a coroutine with the reactor under it; what it raises is raised here."""
    install_reactor(options["TWISTED_REACTOR"])
    import twisted.internet.reactor  # only now: the import decides which reactor there is

    reactor: Any = twisted.internet.reactor
    for name in (
        "scrapy",
        "twisted",
        "asyncio",
    ):  # a refused request would be a traceback; rejects say it better
        logging.getLogger(name).setLevel(logging.CRITICAL)
    gc.collect()
    gc.freeze()  # the imports stay for good; looking at them at every full pass costs a seventh of a crawl
    raised: list[BaseException] = []

    async def until_done() -> None:
        try:
            await main(AsyncCrawlerRunner(options))
        except BaseException as error:
            raised.append(error)
        finally:
            reactor.stop()

    running: list[asyncio.Future[None]] = []  # the loop itself holds tasks only weakly
    reactor.installNameResolver(PinnedResolver(guard))
    reactor.callWhenRunning(lambda: running.append(asyncio.ensure_future(until_done())))
    reactor.run(installSignalHandlers=False)
    if raised:
        raise raised[0]
