"""What the answer of a listing or product page is: what stands there, or why nothing is to be read.

It knows neither network nor state, and may be sent to another process (reading_process.py).
"""

import pickle
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from scrapy.http import Headers, HtmlResponse, Response, TextResponse

from crawlers.discover.visit import Found, Visit
from crawlers.discover.walls import landing, led_to, wall_on
from crawlers.extract.opted_out import without_opted_out
from crawlers.extract.page_language import language_of
from crawlers.extract.product_page import products_named_on
from crawlers.fetch.conditional_requests import validators_of
from crawlers.fetch.optout import opt_outs
from crawlers.platforms import Platform
from crawlers.reading_process import ReadingProcess, UnreadableError
from crawlers.state.answers import PageAnswer
from crawlers.state.tables.frontier import READ, Kind, Task
from schemas.product import Product
from schemas.reject import Reject


@dataclass(frozen=True)
class PageReader:
    """Reads the pages of one shop through the platform it runs on."""

    platform: Platform

    def read(self, answer: Response, task: Task) -> PageAnswer:
        """Read one page; one that cannot be read is refused, whatever it did to a parser."""
        try:
            return self._read(answer, task)
        except Exception as error:  # foreign bytes may break any parser, and must not break the crawl
            return _unreadable(task, f"{type(error).__name__}: {error}")

    async def read_there(self, process: ReadingProcess, answer: Response, task: Task) -> PageAnswer:
        """Read one page in another process; one that breaks it is refused, too."""
        sent = _Sent(type(answer), answer.url, answer.status, answer.headers, answer.body)
        try:
            return await process.call(_read, self._pickled, sent, task)
        except UnreadableError as error:
            return _unreadable(task, str(error))

    @cached_property
    def _pickled(self) -> bytes:
        return pickle.dumps(self)

    def _read(self, answer: Response, task: Task) -> PageAnswer:
        read = self.platform.product if task.kind == Kind.PRODUCT else self.platform.listing
        items = _without_opted_out(list(read(answer)), answer)  # type: ignore[arg-type]
        page = PageAnswer(
            task, READ, tuple(items), validators_of(answer), linked=isinstance(answer, HtmlResponse)
        )
        if items:
            states = isinstance(answer, HtmlResponse) and any(isinstance(item, Product) for item in items)
            return replace(page, language=language_of(answer)) if states else page  # type: ignore[arg-type]
        wall = wall_on(answer, task.url)
        if task.kind == Kind.LISTING:
            reject = Reject(task.kind.stage, "consent_wall", task.url, detail=wall)
            return PageAnswer(task, reject.reason, (reject,)) if wall else page
        reason, detail = ("consent_wall", wall) if wall else ("no_product", self._instead(answer, task))
        return replace(page, no_product=Reject(task.kind.stage, reason, task.url, detail=detail))

    def _instead(self, answer: Response, task: Task) -> str:
        """Say what a product's address shows instead of a product."""
        place = landing(answer, task.url)
        if not place:
            named = products_named_on(answer) if isinstance(answer, HtmlResponse) else 0
            several = f"it names {named:,} products, and nothing says which of them it is about"
            return several if named > 1 else "it shows no product"
        if place == "/":
            return "led to the home page"
        found = self.platform.listing(answer) if isinstance(answer, HtmlResponse) else ()
        is_list = any(isinstance(item, Visit) and item.product for item in found)
        return f"led to {place}, a list of products" if is_list else led_to(place)


@dataclass(frozen=True)
class _Sent:
    """What of an answer is read, without its request, which knows the spider."""

    kind: type[Response]
    url: str
    status: int
    headers: Headers
    body: bytes

    def answer(self) -> Response:
        return self.kind(self.url, status=self.status, headers=self.headers, body=self.body)


def _read(reader: bytes, sent: _Sent, task: Task) -> PageAnswer:
    return _reader_of(reader).read(sent.answer(), task)


@lru_cache(1)
def _reader_of(pickled: bytes) -> PageReader:
    reader: PageReader = pickle.loads(pickled)
    return reader


def _unreadable(task: Task, detail: str) -> PageAnswer:
    """Refuse a page that cannot be read."""
    reject = Reject(task.kind.stage, "page_unreadable", task.url, detail=detail)
    return PageAnswer(task, reject.reason, (reject,))


def _without_opted_out(items: list[Found], answer: Response) -> list[Found]:
    words = opt_outs(answer.headers, answer.selector if isinstance(answer, TextResponse) else None)
    return without_opted_out(items, noai=words.noai, noimageai=words.noimageai)
