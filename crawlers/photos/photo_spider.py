"""The second stage: asks every photo address of the frontier once, keeps the bytes as served."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.extract.headers import header_of
from crawlers.fetch.conditional_requests import conditional, validators_of
from crawlers.fetch.guard import Guard
from crawlers.fetch.optout import opt_outs
from crawlers.fetch.reject_reasons import reject_reason_of
from crawlers.fetch.settings import PHOTO_BYTES
from crawlers.photos.photo import PhotoFacts, image_row, inspect
from crawlers.state.frontier import PHOTO, Task
from crawlers.state.recorder import Photo, Recorder
from crawlers.state.scheduler import PULLED
from schemas.errors import ImageError
from schemas.ids import image_id
from schemas.reject import Reject

ACCEPT = "image/avif,image/webp,image/jpeg,image/png,image/*;q=0.9,*/*;q=0.5"


class ImageSpider(scrapy.Spider):
    """Fetch photos; up to `threads` are inspected at the same time, beside the reactor."""

    name = "images"
    custom_settings = PULLED | {
        "DOWNLOAD_MAXSIZE": PHOTO_BYTES,
        "DEFAULT_REQUEST_HEADERS": {"Accept": ACCEPT},
    }

    def __init__(self, recorder: Recorder, guard: Guard, threads: int = 2) -> None:
        super().__init__()
        self.recorder = recorder
        self.guard = guard
        self.failure: BaseException | None = None
        self.sitemaps: dict[str, list[str]] = {}
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="photo")

    async def start(self) -> AsyncIterator[Photo]:
        """Nothing: the scheduler asks for the photos."""
        return
        yield  # what makes this an iterator

    def has_waiting(self) -> bool:
        """Whether a photo address waits."""
        return self.recorder.state.frontier.waiting(PHOTO)

    def next_request(self, busy: set[str]) -> Request | None:
        """The next photo of a host that is not busy."""
        task = self.recorder.state.frontier.next(PHOTO, busy)
        if task is None:
            return None
        asked = conditional(self.recorder.conditions(task))
        return Request(
            task.url,
            self.read_photo,
            errback=self.lose_photo,
            cb_kwargs={"task": task},
            dont_filter=True,
            **asked,
        )

    async def read_photo(self, answer: Response, task: Task) -> AsyncIterator[Photo]:
        """Prove the bytes a photo, unless they are stored already."""
        if answer.status == 304 and (known := self.recorder.state.previous.photo(task.url)) is not None:
            yield Photo(task.url, known.image_id, task=task, validators=known.validators)
            return
        said = opt_outs(answer.headers, None)
        if said.noai or said.noimageai:
            word = "noai" if said.noai else "noimageai"
            yield self._refused(task, "opted_out", f"{word} in X-Robots-Tag")
            return
        data, validators = answer.body, validators_of(answer)
        loop = asyncio.get_running_loop()
        try:
            name, facts = await loop.run_in_executor(self._threads, self._prove, data, task.url)
        except ImageError as error:
            yield self._refused(task, error.reason, error.detail)
            return
        if facts is None:
            yield Photo(task.url, name, task=task, validators=validators)
            return
        declared = header_of(answer, "Content-Type")
        robots = {"allowed": True, "noai": said.noai, "noimageai": said.noimageai}
        row = image_row(name, data, facts, task.url, task.product_id, robots, declared)
        yield Photo(task.url, name, row, task, validators)

    def lose_photo(self, failure: Failure) -> Iterator[Photo]:
        """A photo that could not be fetched."""
        task: Task = failure.request.cb_kwargs["task"]  # type: ignore[attr-defined]
        yield self._refused(task, *reject_reason_of(failure.value))

    def _prove(self, data: bytes, url: str) -> tuple[str, PhotoFacts | None]:
        """Id and facts of a photo, in a thread; no facts where its bytes are stored already. Raises ImageError."""
        name = image_id(data)
        known = bool(data) and self.recorder.sink.has_image(name)
        return name, None if known else inspect(data, url)

    def closed(self, reason: str) -> None:
        """Scrapy calls this at the end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _refused(self, task: Task, reason: str, detail: str) -> Photo:
        return Photo(task.url, task=task, refusal=Reject("image", reason, task.url, task.product_id, detail))
