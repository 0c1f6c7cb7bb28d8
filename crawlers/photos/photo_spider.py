"""The spider of photos: asks each address once, keeps the bytes as served. Like crawlers/spider.py it only reads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.extract.headers import header_of
from crawlers.fetch.conditional_requests import conditional, validators_of
from crawlers.fetch.guard import Guard
from crawlers.fetch.hosts import Hosts
from crawlers.fetch.optout import opt_outs
from crawlers.fetch.reject_reasons import reject_reason_of
from crawlers.fetch.settings import PHOTO_BYTES
from crawlers.fetch.validators import Validators
from crawlers.photos.photo import PhotoFacts, image_row, inspect
from crawlers.state.answers import NOT_MODIFIED, PhotoAnswer
from crawlers.state.crawl_stage import CrawlSpider
from crawlers.state.scheduler import STAGE_SETTINGS
from crawlers.state.tables.frontier import IMAGE, Task
from schemas.errors import ImageError
from schemas.ids import image_id
from schemas.reject import Reject

ACCEPT = "image/avif,image/webp,image/jpeg,image/png,image/*;q=0.9,*/*;q=0.5"


class PhotoSpider(scrapy.Spider, CrawlSpider):
    """Fetch photos; up to `threads` are inspected at the same time, beside the reactor.

    hosts      what is known of the hosts already, from the pages
    is_stored  whether the photo of an id is stored already: then it is not inspected. Asked from the threads
    """

    name = "photos"
    custom_settings = STAGE_SETTINGS | {
        "DOWNLOAD_MAXSIZE": PHOTO_BYTES,
        "DEFAULT_REQUEST_HEADERS": {"Accept": ACCEPT},
    }

    def __init__(
        self, guard: Guard, is_stored: Callable[[str], bool], threads: int = 2, hosts: Hosts | None = None
    ) -> None:
        super().__init__()
        self.guard = guard
        self.hosts = hosts or Hosts()
        self.failure: BaseException | None = None
        self._is_stored = is_stored
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="photo")

    async def start(self) -> AsyncIterator[Request]:
        """Ask nothing of its own: the scheduler asks for the photos."""
        return
        yield  # what makes this an iterator

    def request(self, task: Task, validators: Validators) -> Request:
        """Make the request of a photo."""
        return Request(
            task.url,
            self.read_photo,
            errback=self.lose_photo,
            cb_kwargs={"task": task},
            dont_filter=True,
            **conditional(validators),
        )

    async def read_photo(self, answer: Response, task: Task) -> AsyncIterator[PhotoAnswer]:
        """Prove the bytes a photo, unless they are stored already."""
        if answer.status == 304:
            yield PhotoAnswer(task.url, NOT_MODIFIED, task=task)
            return
        words = opt_outs(answer.headers, None)
        if words.noai or words.noimageai:
            word = "noai" if words.noai else "noimageai"
            yield _refused(task, "opted_out", f"{word} in X-Robots-Tag")
            return
        data, validators = answer.body, validators_of(answer)
        loop = asyncio.get_running_loop()
        try:
            name, facts = await loop.run_in_executor(self._threads, self._inspect, data, task.url)
        except ImageError as error:
            yield _refused(task, error.reason, error.detail)
            return
        row = None
        if facts is not None:
            declared = header_of(answer, "Content-Type")
            robots = {"allowed": True, "noai": words.noai, "noimageai": words.noimageai}
            row = image_row(name, data, facts, task.url, task.product_id, robots, declared)
        yield PhotoAnswer(task.url, image_id=name, row=row, task=task, validators=validators)

    def lose_photo(self, failure: Failure) -> Iterator[PhotoAnswer]:
        """Refuse a photo that could not be fetched."""
        task: Task = failure.request.cb_kwargs["task"]  # type: ignore[attr-defined]
        yield _refused(task, *reject_reason_of(failure.value))

    def closed(self, reason: str) -> None:
        """Let go of the threads; Scrapy calls this at the end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _inspect(self, data: bytes, url: str) -> tuple[str, PhotoFacts | None]:
        """Return id and facts of a photo, in a thread; no facts where it is stored already. Raises ImageError."""
        name = image_id(data)
        is_stored = bool(data) and self._is_stored(name)
        return name, None if is_stored else inspect(data, url)


def _refused(task: Task, reason: str, detail: str) -> PhotoAnswer:
    reject = Reject(IMAGE, reason, task.url, task.product_id, detail)
    return PhotoAnswer(task.url, reason, task=task, reject=reject)
