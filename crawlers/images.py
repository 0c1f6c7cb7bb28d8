"""The second stage: fetches every distinct photo of the products found, keeps the bytes as served."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import scrapy
from scrapy import Request, signals
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.guard import Guard
from crawlers.photo import image_row, inspect
from crawlers.refusal import refusal_of
from crawlers.settings import PHOTO_BYTES
from crawlers.sink import Intake, Photo, refused
from schemas.errors import ImageError
from schemas.ids import image_id

ACCEPT = "image/jpeg,image/png,image/*;q=0.9,*/*;q=0.5"
AHEAD = 200  # requests queued before the spool is read on


class ImageSpider(scrapy.Spider):
    """Fetch photos.

    photos   (address, product_id), each address once; read as the crawl goes, so it may be long
    threads  photos inspected at the same time, beside the reactor
    """

    name = "images"
    custom_settings = {"DOWNLOAD_MAXSIZE": PHOTO_BYTES, "DEFAULT_REQUEST_HEADERS": {"Accept": ACCEPT}}  # noqa: RUF012

    def __init__(
        self, photos: Iterable[tuple[str, str]], intake: Intake, guard: Guard, threads: int = 2
    ) -> None:
        super().__init__()
        self.photos = photos
        self.intake = intake
        self.guard = guard
        self.failure: BaseException | None = None
        self.sitemaps: dict[str, list[str]] = {}
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="photo")

    async def start(self) -> AsyncIterator[Request | dict[str, Any]]:
        """One request per address, never more than AHEAD of them waiting."""
        for number, (url, product) in enumerate(self.photos, 1):
            try:
                request = Request(
                    url,
                    self.read_photo,
                    errback=self.lose_photo,
                    cb_kwargs={"address": url, "product": product},
                )
            except ValueError as error:  # "data:..." without a host, "/relative", ""
                yield refused("image", "address", url, product, str(error))
                continue
            yield request
            if number % AHEAD == 0:
                await self.crawler.signals.wait_for(signals.scheduler_empty)

    async def read_photo(
        self, answer: Response, address: str, product: str
    ) -> AsyncIterator[Photo | dict[str, Any]]:
        """Prove the bytes a photo, unless they are stored already."""
        loop = asyncio.get_running_loop()
        data = answer.body
        name = await loop.run_in_executor(self._threads, image_id, data)
        if data and self.intake.sink.has_image(name):
            yield Photo(address, name, None)
            return
        try:
            facts = await loop.run_in_executor(self._threads, inspect, data, address)
        except ImageError as error:
            yield refused("image", error.reason, address, product, error.detail)
            return
        row = image_row(name, data, facts, address, product, robots_of(answer))
        yield Photo(address, name, row)

    def lose_photo(self, failure: Failure) -> Iterator[dict[str, Any]]:
        """A photo that could not be fetched."""
        reason, detail = refusal_of(failure.value)
        asked = failure.request.cb_kwargs  # type: ignore[attr-defined]
        yield refused("image", reason, asked["address"], asked["product"], detail)

    def closed(self, reason: str) -> None:
        """Scrapy calls this at the end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def robots_of(answer: Response) -> dict[str, bool]:
    """What schemas.image.ROBOTS holds: it was allowed, and the AI opt-outs in its X-Robots-Tag headers."""
    words = b",".join(answer.headers.getlist("X-Robots-Tag")).decode("latin-1").lower()
    tags = {word.rpartition(":")[2].strip() for word in words.split(",")}
    return {"allowed": True, "noai": "noai" in tags, "noimageai": "noimageai" in tags}
