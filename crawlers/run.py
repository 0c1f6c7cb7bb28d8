"""Runs the spiders one after the other: products first, then their photos, in one reactor.

A Twisted reactor runs once per process, so this is called once per process; see flows/crawl_process.py.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.utils.reactor import install_reactor

from crawlers.guard import Guard, PinnedResolver
from crawlers.images import ImageSpider
from crawlers.settings import settings
from crawlers.sink import Intake
from crawlers.spider import ShopSpider
from schemas.errors import FetchError

Photos = Callable[[], Iterable[tuple[str, str]]]


@dataclass
class Traffic:
    """What a crawl asked of the network: requests, bytes received, wall seconds by stage."""

    requests: int = 0
    bytes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def crawl_shop(
    shop: str, url: str, contact: str, intake: Intake, photos: Photos, *, limit: int | None = None
) -> Traffic:
    """Read a shop's products, then the photos that `photos` names once the products are known.

    Raises InputError without a contact, FetchError for a shop that does not answer or has no
    products, RejectedError where too much was refused, and whatever the sink raised.
    """
    options = settings(url, contact)
    guard, traffic = Guard([url]), Traffic()

    async def both(runner: AsyncCrawlerRunner) -> None:
        await _spider(
            runner, traffic, "page", ShopSpider, shop=shop, url=url, intake=intake, guard=guard, limit=limit
        )
        pages = intake.tally("page")
        intake.tell("page", now=True)
        if not pages.out:
            reasons = pages.rejected + intake.tally("discover").rejected
            mostly = f", mostly {reasons.most_common(1)[0][0]}" if reasons else ""
            raise FetchError(
                url, f"no products found ({pages.rejected.total()} product pages refused{mostly})"
            )
        await _spider(runner, traffic, "image", ImageSpider, photos=photos(), intake=intake, guard=guard)
        intake.tell("image", now=True)

    _in_reactor(options, guard, both)
    return traffic


def fetch_photos(photos: Iterable[tuple[str, str]], near: str, contact: str, intake: Intake) -> Traffic:
    """Only the second stage, for addresses from a catalogue; the host of `near` may be a private one."""
    options = settings(near, contact)
    guard, traffic = Guard([near]), Traffic()

    async def only(runner: AsyncCrawlerRunner) -> None:
        await _spider(runner, traffic, "image", ImageSpider, photos=photos, intake=intake, guard=guard)
        intake.tell("image", now=True)

    _in_reactor(options, guard, only)
    return traffic


async def _spider(
    runner: AsyncCrawlerRunner, traffic: Traffic, stage: str, spider: type, **arguments: Any
) -> None:
    """One spider to its end; raises what ended it early."""
    begun = time.monotonic()
    crawler = runner.create_crawler(spider)
    try:
        await runner.crawl(crawler, **arguments)
    finally:
        traffic.seconds[stage] = time.monotonic() - begun
    traffic.requests += crawler.stats.get_value("downloader/request_count", 0)
    traffic.bytes += crawler.stats.get_value("downloader/response_bytes", 0)
    failure = getattr(crawler.spider, "failure", None)
    if failure is not None:
        raise failure


def _in_reactor(options: dict[str, Any], guard: Guard, main: Callable[[AsyncCrawlerRunner], Any]) -> None:
    """Run a coroutine with the reactor under it; what it raises is raised here."""
    install_reactor(options["TWISTED_REACTOR"])
    import twisted.internet.reactor  # only now: the import decides which reactor there is

    reactor: Any = twisted.internet.reactor
    for name in (
        "scrapy",
        "twisted",
        "asyncio",
    ):  # every refused request would be a traceback; rejects say it better
        logging.getLogger(name).setLevel(logging.CRITICAL)
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
