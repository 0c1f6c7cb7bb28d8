"""Crawls in processes of their own, killed at a moment, and the tables they leave in a form that can be compared."""

import asyncio
import json
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from schemas.manifest import Manifest
from tests.crawlers.forks import FORKS
from tests.crawlers.shopserver import StructuredShop
from tests.flows.processes import children_of, is_running, wait_until

FLOOR = 0.5  # faults in a small shop are a large share


RESTLESS = ("fetched_at", "first_seen", "at", "etag", "last_modified", "fresh_until")


PORTED = ("content_hash", "bytes", "thumbnail")  # the hash is over addresses, where the port is another one


TABLES = ("products", "images", "rejects", "ledger")


def command(name: str, url: str, lake: str) -> None:
    """The command, in a process of its own."""
    crawl_to_its_end(name, url, lake)


def crawl_to_its_end(name: str, url: str, lake: str) -> dict[str, Any]:
    """The task without Prefect around it."""
    result: dict[str, Any] = crawl_shop.fn(name, url, CrawlParameters(urls=(url,), lake=lake, floor=FLOOR))
    return result


def begun(name: str, url: str, lake: Lake) -> BaseProcess:
    process = FORKS.Process(target=command, args=(name, url, lake.uri))
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    """SIGKILL, and wait until the process that crawls is gone, too."""
    children = children_of(process.pid or 0)
    process.kill()
    process.join()
    wait_until(lambda: not any(map(is_running, children)))


def tables(lake: Lake, crawl: Manifest, *places: str) -> dict[str, list[str]]:
    """Every table as sorted rows of text, without what differs between two crawls; `places` are hosts with ports."""
    found = {}
    for table in TABLES:
        rows = lake.table(crawl, table).to_pylist()
        kept = [{k: v for k, v in row.items() if k not in (*RESTLESS, *PORTED)} for row in rows]
        texts = [json.dumps(row, sort_keys=True, default=str) for row in kept]
        for place in places:
            texts = [text.replace(place.removeprefix("http://"), "HOST") for text in texts]
        found[table] = sorted(texts)
    return found


class Holding(StructuredShop):
    """Holds its answers to the first photos, which is when all pages are read and no photo is there yet.

    What is asked for by a process that is killed meanwhile is forgotten: it was not answered.
    """

    def __init__(self, products: int) -> None:
        super().__init__(products)
        self.between, self.go_on = threading.Event(), threading.Event()
        self.photos_given = 0

    async def _photo(self, request: Request) -> Response:
        if not self.go_on.is_set():
            self.between.set()
            await asyncio.to_thread(self.go_on.wait, 60)
            await asyncio.sleep(0.2)
            if await request.is_disconnected():
                self.asked.remove(request.url.path)
                return Response(status_code=500)
        self.photos_given += 1
        return await super()._photo(request)


def killed_between_stages(shop: Holding, url: str, lake: Lake) -> Path:
    """The folder of a crawl that was killed exactly there."""
    process = begun("acme", url, lake)
    assert shop.between.wait(60)
    kill(process)
    for _ in range(3):  # what the killed process had sent has been seen, and is held, when these are answered
        httpx.get(url, timeout=60)
    shop.go_on.set()
    (folder,) = Path(lake.root).glob("crawl=*")
    return folder


def crawled(url: str, lake: Lake) -> Manifest:
    return lake.run(crawl_to_its_end("acme", url, lake.uri)["crawl_id"])
