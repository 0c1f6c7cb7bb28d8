"""Pages are read in a process of their own as they are here; one that breaks the process is refused, and it alone."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, TextResponse

from crawlers.discover.visit import Found, Visit
from crawlers.page_reader import PageReader
from crawlers.platforms import Shop, load
from crawlers.reading_process import ReadingProcess
from crawlers.state.answers import PageAnswer
from crawlers.state.tables.frontier import READ, Kind, Task
from schemas.product import Product

PRODUCT = b"""<html lang="en"><title>Coat</title><script type="application/ld+json">{"@type": "Product", "sku": "7",
"name": "Coat", "image": "/coat.jpg", "offers": {"price": "19.90", "priceCurrency": "EUR"}}</script></html>"""


class Dangerous:
    """Reads a page as its own words say: `die`, `hang`, or the pid of who reads it."""

    def product(self, answer: TextResponse) -> Iterator[Found]:
        if b"die" in answer.body:
            os.kill(os.getpid(), signal.SIGKILL)
        while b"hang" in answer.body:
            pass
        yield Visit(f"http://shop.example/{os.getpid()}")

    listing = product


def task(url: str) -> Task:
    return Task(1, Kind.PRODUCT, url, url, "shop.example")


def read(process: ReadingProcess, reader: PageReader, bodies: list[bytes]) -> list[PageAnswer]:
    async def all_of_them() -> list[PageAnswer]:
        asked = []
        for number, body in enumerate(bodies):
            url = f"http://shop.example/{number}"
            page = HtmlResponse(url, headers={"ETag": '"1"', "X-Robots-Tag": "all"}, body=body)
            asked.append(reader.read_there(process, page, task(url)))
        return list(await asyncio.gather(*asked))

    return asyncio.run(all_of_them())


def test_a_page_is_read_there_as_it_is_here() -> None:
    reader = PageReader(load("structured", Shop("shop", "http://shop.example/")))
    page = HtmlResponse("http://shop.example/0", headers={"ETag": '"1"', "X-Robots-Tag": "all"}, body=PRODUCT)
    here = reader.read(page, task(page.url))
    with ReadingProcess(int) as process:
        (there,) = read(process, reader, [PRODUCT])
    (product,) = here.items
    (read_there,) = there.items
    assert isinstance(product, Product) and isinstance(read_there, Product) and here.language == "en"
    assert replace(read_there, fetched_at=product.fetched_at) == product
    assert replace(there, items=here.items) == here


def test_it_is_another_process() -> None:
    with ReadingProcess(int) as process:
        answers = read(process, PageReader(Dangerous()), [b"a page"] * 9)  # type: ignore[arg-type]
    (item,) = {item for answer in answers for item in answer.items}
    assert isinstance(item, Visit) and item.url != f"http://shop.example/{os.getpid()}"


@pytest.mark.parametrize(
    ("word", "why"),
    [(b"die", "the process that read it died of it"), (b"hang", "it was not read in 2 s")],
)
def test_a_page_that_breaks_the_process_is_refused_alone(word: bytes, why: str) -> None:
    """Those that lay there with it are read, and those that come after it, in a process that began anew."""
    bodies = [b"a page"] * 12
    bodies[5] = word
    with ReadingProcess(int, most_s=2.0) as process:
        answers = read(process, PageReader(Dangerous()), bodies)  # type: ignore[arg-type]
    assert [answer.outcome for answer in answers] == [READ] * 5 + ["page_unreadable"] + [READ] * 6
    (reject,) = answers[5].items
    assert getattr(reject, "detail", "") == why


def test_several_that_break_it_are_refused_each() -> None:
    bodies = [b"die" if number % 3 == 1 else b"a page" for number in range(12)]
    with ReadingProcess(int) as process:
        answers = read(process, PageReader(Dangerous()), bodies)  # type: ignore[arg-type]
    assert [answer.outcome != READ for answer in answers] == [body == b"die" for body in bodies]


def test_it_ends_with_whoever_began_it() -> None:
    """Also where that was killed: nobody is left to end it."""
    lines = (
        "import os, time",
        "from functools import partial",
        "from crawlers.reading_process import ReadingProcess",
        "from flows.child_processes import end_with_parent",
        "with ReadingProcess(partial(end_with_parent, os.getpid())) as process:",
        "    print(process.pid, flush=True)",
        "    time.sleep(600)",
    )
    parent = subprocess.Popen([sys.executable, "-c", "\n".join(lines)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 60
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
