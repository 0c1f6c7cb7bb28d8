"""The spider of photos: asks each address once, keeps the bytes as served. Like crawlers/spider.py it only reads."""

from collections.abc import AsyncIterator, Callable, Iterator

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
from crawlers.reading_process import ReadingProcess, UnreadableError
from crawlers.state.answers import NOT_MODIFIED, PhotoAnswer
from crawlers.state.crawl_stage import CrawlSpider
from crawlers.state.scheduler import STAGE_SETTINGS
from crawlers.state.tables.frontier import IMAGE, Task
from schemas.errors import ImageError
from schemas.ids import image_id
from schemas.reject import Reject

ACCEPT = "image/avif,image/webp,image/jpeg,image/png,image/*;q=0.9,*/*;q=0.5"


class PhotoSpider(scrapy.Spider, CrawlSpider):
    """Fetch photos and look at each.

    hosts      what is known of the hosts already, from the pages
    is_stored  whether the photo of an id is stored already: then it is not looked at
    process    looks at the photos; None: they are looked at here
    """

    name = "photos"
    custom_settings = STAGE_SETTINGS | {
        "DOWNLOAD_MAXSIZE": PHOTO_BYTES,
        "DEFAULT_REQUEST_HEADERS": {"Accept": ACCEPT},
    }

    def __init__(
        self,
        guard: Guard,
        is_stored: Callable[[str], bool],
        hosts: Hosts | None = None,
        process: ReadingProcess | None = None,
    ) -> None:
        super().__init__()
        self.guard = guard
        self.hosts = hosts or Hosts()
        self.failure: BaseException | None = None
        self._is_stored = is_stored
        self._process = process

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
        name, row = image_id(data), None
        if not data or not self._is_stored(name):
            try:
                facts = await self._inspect(data, task.url)
            except ImageError as error:
                yield _refused(task, error.reason, error.detail)
                return
            declared = header_of(answer, "Content-Type")
            robots = {"allowed": True, "noai": words.noai, "noimageai": words.noimageai}
            row = image_row(name, data, facts, task.url, task.product_id, robots, declared)
        yield PhotoAnswer(task.url, image_id=name, row=row, task=task, validators=validators)

    def lose_photo(self, failure: Failure) -> Iterator[PhotoAnswer]:
        """Refuse a photo that could not be fetched."""
        task: Task = failure.request.cb_kwargs["task"]  # type: ignore[attr-defined]
        yield _refused(task, *reject_reason_of(failure.value))

    async def _inspect(self, data: bytes, url: str) -> PhotoFacts:
        """Read the facts of a photo; raises ImageError for one that breaks who reads it, too."""
        if self._process is None:
            return inspect(data, url)
        try:
            return await self._process.call(inspect, data, url)
        except UnreadableError as error:
            raise ImageError(url, "corrupt", str(error)) from error


def _refused(task: Task, reason: str, detail: str) -> PhotoAnswer:
    reject = Reject(IMAGE, reason, task.url, task.product_id, detail)
    return PhotoAnswer(task.url, reason, task=task, reject=reject)
