"""Runs the spiders one after the other: products first, then their photos, in one reactor.

A Twisted reactor runs once per process, so this is called once per process; see flows/crawl/crawl_process.py.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.utils.reactor import install_reactor

from crawlers.discover.visit import Visit
from crawlers.fetch.guard import Guard, PinnedResolver
from crawlers.fetch.settings import USUAL, Pace, settings
from crawlers.photos.photo_spider import ImageSpider
from crawlers.platforms import Shop
from crawlers.spider import ShopSpider
from crawlers.state.frontier import LISTING, PHOTO, PRODUCT
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import LIST
from schemas.errors import CountError, FetchError


@dataclass
class Traffic:
    """What a crawl asked of the network: requests, bytes received, wall seconds by stage."""

    requests: int = 0
    bytes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def crawl_shop(
    shop: Shop,
    contact: str,
    recorder: Recorder,
    traffic: Traffic,
    *,
    expected: str = "",
    only: Sequence[str] = (),
    again: Sequence[Visit] = (),
    pace: Pace = USUAL,
) -> None:
    """Read a shop's products, then the photos that they name. What is done already is not done again.

    expected     platform the previous crawl read it by
    only, again  see ShopSpider
    traffic      is added to
    Raises InputError without a contact, FetchError for a shop that does not answer or has no
    products, RejectedError where too much was refused, and whatever the sink raised.
    """
    options = settings(shop.url, contact, pace)
    guard = Guard([shop.url])
    state = recorder.state

    async def both(runner: AsyncCrawlerRunner) -> None:
        if state.note("stage") is None:
            await run_spider(
                runner, traffic, "page", ShopSpider, shop=shop, recorder=recorder, guard=guard, expected=expected,
                only=only, again=again,
            )  # fmt: skip
            recorder.tell("page", now=True)
            _check_pages(shop.url, recorder)
            recorder.want_photos()
            state.remember("stage", "image")
            recorder.keep()
            state.commit()
        await run_spider(runner, traffic, "image", ImageSpider, recorder=recorder, guard=guard)
        recorder.land()
        recorder.tell("image", now=True)
        _check_done(recorder, (PHOTO,))

    in_reactor(options, guard, both)


def fetch_photos(near: str, contact: str, recorder: Recorder, traffic: Traffic) -> None:
    """Only the second stage, for addresses from a catalogue; the host of `near` may be a private one."""
    guard = Guard([near])

    async def only(runner: AsyncCrawlerRunner) -> None:
        recorder.want_photos()
        await run_spider(runner, traffic, "image", ImageSpider, recorder=recorder, guard=guard)
        recorder.land()
        recorder.tell("image", now=True)
        _check_done(recorder, (PHOTO,))

    in_reactor(settings(near, contact), guard, only)


def _check_pages(url: str, recorder: Recorder) -> None:
    """The first stage must have found products and, unless a limit ended it, asked everything."""
    pages = recorder.tally("page")
    if recorder.rules.limit is None:
        _check_done(recorder, (LISTING, PRODUCT))
    if not pages.out and recorder.rules.revisit != LIST:
        reasons = pages.rejected + recorder.tally("discover").rejected
        mostly = f", mostly {reasons.most_common(1)[0][0]}" if reasons else ""
        raise FetchError(url, f"no products found ({pages.rejected.total()} product pages refused{mostly})")


def _check_done(recorder: Recorder, kinds: Sequence[int]) -> None:
    """Scrapy's word that it has finished is not enough: no address may be left without an outcome."""
    for kind in kinds:
        counts = recorder.state.frontier.counts(kind)
        if left := counts.get("", 0):
            total = sum(counts.values())
            raise CountError(("discover", "page", "image")[kind], total, total - left, 0)


async def run_spider(
    runner: AsyncCrawlerRunner, traffic: Traffic, stage: str, spider: type, **arguments: Any
) -> None:
    """One spider to its end; raises what ended it early."""
    begun = time.monotonic()
    crawler = runner.create_crawler(spider)
    before = traffic.requests, traffic.bytes

    def so_far() -> tuple[int, int]:
        stats = crawler.stats.get_stats() if crawler.stats else {}
        asked, received = stats.get("downloader/request_count", 0), stats.get("downloader/response_bytes", 0)
        return before[0] + asked, before[1] + received

    if recorder := arguments.get("recorder"):
        recorder.traffic = so_far
    try:
        await runner.crawl(crawler, **arguments)
    finally:
        traffic.seconds[stage] = traffic.seconds.get(stage, 0.0) + time.monotonic() - begun
        traffic.requests, traffic.bytes = so_far()
    failure = getattr(crawler.spider, "failure", None)
    if failure is not None:
        raise failure


def in_reactor(options: dict[str, Any], guard: Guard, main: Callable[[AsyncCrawlerRunner], Any]) -> None:
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
