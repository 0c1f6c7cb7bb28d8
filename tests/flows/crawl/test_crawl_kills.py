"""SIGKILL at twenty random moments of one crawl, each time the same command again: the tables of a calm crawl.

A faulty mall, real processes. Moments are counted in what the server was asked for, not in seconds. What a
killed crawl had settled is read from a copy of its state file, and must never be asked of the shop again.
"""

import asyncio
import json
import random
import resource
import shutil
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from crawlers.state.scheduler import MOST_UNREAD
from crawlers.state.tables.frontier import TRANSIENT
from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec, Shop
from schemas.errors import LakeError, PipelineError
from schemas.manifest import Manifest
from tests.crawlers.forks import FORKS
from tests.crawlers.shopserver import StructuredShop, serve
from tests.flows.processes import children_of, is_running, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(sys.platform != "linux", reason="a child dies with its parent on Linux only"),
]
KILLS = 20
FLOOR = 0.5  # faults in a small shop are a large share
# What every life asks anew: robots.txt, the home page, what a platform is recognised by; and in flight at the end.
AT_START, IN_FLIGHT = 12, 16
RESTLESS = ("fetched_at", "first_seen", "at", "etag", "last_modified", "fresh_until")
PORTED = ("content_hash", "bytes", "thumbnail")  # the hash is over addresses, where the port is another one
TABLES = ("products", "images", "rejects", "ledger")


@dataclass
class Seen:
    """What a shop's server was asked for, in all and since this life began."""

    paths: Counter[str]
    life: Counter[str]


Moment = Callable[[Seen], bool]


@dataclass
class Lives:
    """One crawl that is killed again and again."""

    shop: Shop
    lake: Lake
    folder: Path
    deaths: list[tuple[set[str], Seen]] = field(default_factory=list)
    busiest: int = 0  # requests in one second, at most

    def end(self, moment: Moment) -> bool:
        """Begin, or go on, until the moment has come, and kill; False where the crawl ended before."""
        before = counted(self.shop)
        process = begun(self.shop.name, self.shop.url, self.lake)
        newest: list[tuple[float, int]] = []
        while not moment(seen := Seen(now := counted(self.shop), now - before)):
            at, total = time.monotonic(), seen.paths.total()
            newest = [(then, count) for then, count in newest if then > at - 1] + [(at, total)]
            self.busiest = max(self.busiest, total - newest[0][1])
            if not process.is_alive():
                return False
        kill(process)
        self.deaths.append((self.settled(), Seen(now := counted(self.shop), now - before)))
        return True

    def settled(self) -> set[str]:
        """Product pages and photos that had an outcome for good when the crawl was killed."""
        for state in self.folder.glob("crawl=*/state.db"):
            with closing(opened_copy(state, self.folder.parent)) as db:
                marks = ", ".join("?" * len(TRANSIENT))
                query = f"select url from request where kind > 0 and outcome not in ({marks})"
                return {url.removeprefix(self.shop.url) for (url,) in db.execute(query, TRANSIENT)}
        return set()


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


def counted(shop: Shop) -> Counter[str]:
    """Requests by path so far."""
    return Counter(httpx.get(f"{shop.url}/_mall/stats?paths=1", timeout=120).json()["paths"])


def opened_copy(state: Path, folder: Path) -> sqlite3.Connection:
    """A killed crawl's state, read elsewhere: to open it is to tidy it up."""
    copy = folder / "copy.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
        if suffix != "-shm" and Path(f"{state}{suffix}").exists():
            shutil.copy(f"{state}{suffix}", f"{copy}{suffix}")
    db = sqlite3.connect(copy)
    db.execute("create table if not exists request (kind, url, outcome)")  # killed before it had any
    return db


def is_photo(path: str) -> bool:
    return path.startswith(("/media/", "/cdn/"))


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


def files_of(crawl: Path) -> set[str]:
    return {path.relative_to(crawl).as_posix() for path in crawl.rglob("*") if path.is_file()}


def random_moments(calm: Counter[str], random_: random.Random, count: int) -> list[Moment]:
    """When so many different addresses were asked in all, the newest of them perhaps in an earlier life."""

    def moment(addresses: int) -> Moment:
        return lambda seen: len(seen.paths) >= addresses and bool(seen.life)

    return [moment(addresses) for addresses in sorted(random_.sample(range(2, len(calm)), count))]


@pytest.mark.parametrize(("dialect", "seed"), [("structured", 40), ("shopify", 12)])
def test_a_crawl_killed_at_twenty_random_moments_ends_in_the_tables_of_a_calm_one(
    dialect: str, seed: int, tmp_path: Path
) -> None:
    # Of these two malls no photo drips for ever: every life would wait for its timeout.
    spec = MallSpec(products=34, seed=seed, shops=(dialect,), size=(96, 120), faults=True)
    calm_lake, lake = Lake(str(tmp_path / "calm")), Lake(str(tmp_path / "struck" / "lake"))
    with Mall(spec) as mall:
        shop = mall.shops[0]
        assert mall.canary is not None
        result = crawl_to_its_end(shop.name, shop.url, calm_lake.uri)
        calm_paths = counted(shop)
        calm = tables(calm_lake, calm_lake.run(result["crawl_id"]), shop.url, mall.canary.url)

    with Mall(spec) as mall:
        lives = Lives(mall.shops[0], lake, tmp_path / "struck" / "lake")
        assert mall.canary is not None
        killed = [lives.end(moment) for moment in random_moments(calm_paths, random.Random(seed), KILLS)]
        result = crawl_to_its_end(lives.shop.name, lives.shop.url, lake.uri)
        crawl, paths = lake.run(result["crawl_id"]), counted(lives.shop)
        struck = tables(lake, crawl, lives.shop.url, mall.canary.url)

    assert killed == [True] * KILLS
    for table in TABLES:
        assert struck[table] == calm[table], table
    again = {path for done, then in lives.deaths for path in done if paths[path] > then.paths[path]}
    assert again == set(), "what had an outcome was asked of the shop again"
    lost = [len({path for path in then.life if is_photo(path)} - done) for done, then in lives.deaths]
    assert max(lost) <= IN_FLIGHT + MOST_UNREAD + lives.busiest, (lost, lives.busiest)
    repeated = paths.total() - calm_paths.total()
    assert repeated <= KILLS * (AT_START + IN_FLIGHT + lives.busiest), (repeated, lives.busiest)
    images = [row["image_id"] for row in lake.table(crawl, "images", ["image_id"]).to_pylist()]
    assert len(images) == len(set(images))
    (left,) = lives.folder.glob("crawl=*")
    assert left.name == f"crawl={crawl.run_id}"
    assert files_of(left) == {
        "manifest.json",
        *(part.path for found in crawl.files.values() for part in found),
    }


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


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


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


def parts(folder: Path, table: str) -> set[tuple[Path, int]]:
    with suppress(FileNotFoundError):  # begun anew at this moment
        return {(path, path.stat().st_ino) for path in folder.glob(f"{table}/part-*.parquet")}
    return set()


def test_a_kill_between_the_stages_or_while_tables_are_written_costs_no_request(
    lake: Lake, tmp_path: Path
) -> None:
    shop = Holding(12)
    with serve(shop) as url:
        folder = killed_between_stages(shop, url, lake)
        photos_at_first = shop.photos_given
        for table in ("images", "products", "ledger"):
            before = parts(folder, table)
            process = begun("acme", url, lake)
            while not parts(folder, table) - before:
                assert process.is_alive(), f"ended before its {table} were seen"
            kill(process)
        crawl, asked_for = crawled(url, lake), Counter(shop.asked)
        calm_lake = Lake(str(tmp_path / "calm"))
        calm = tables(calm_lake, crawled(url, calm_lake))

    assert photos_at_first == 0
    once = {path: n for path, n in asked_for.items() if path.startswith(("/img/", "/product/"))}
    assert once == dict.fromkeys(once, 1)
    assert len(once) == 12 + 2 * 12
    assert tables(lake, crawl) == calm


def test_a_commit_that_fails_is_done_again_without_asking_the_shop_anything(lake: Lake) -> None:
    shop = Holding(5)
    with serve(shop) as url:
        process = begun("acme", url, lake)
        assert shop.between.wait(60)
        (in_the_way,) = (crawl / "manifest.json" for crawl in Path(lake.root).glob("crawl=*"))
        in_the_way.mkdir()
        shop.go_on.set()
        process.join()
        in_the_way.rmdir()
        asked_for = len(shop.asked)
        crawl = crawled(url, lake)

    assert process.exitcode == 1
    assert len(shop.asked) == asked_for
    assert crawl.rows("images") == 10


def test_a_state_goes_only_when_its_crawl_is_committed(lake: Lake) -> None:
    shop = Holding(5)
    with serve(shop) as url:
        state = killed_between_stages(shop, url, lake) / "state.db"
        process = begun("acme", url, lake)
        while state.exists():
            assert process.is_alive() or not state.exists()
        kill(process)
        (crawl,) = lake.runs("crawl")
        state.write_bytes(b"what a kill right after the commit leaves")
        again = crawled(url, lake)

    assert again.parents == [crawl.run_id]
    assert not state.exists()


def garbage(state: Path) -> None:
    state.write_bytes(b"not a database at all " * 500)


def of_another_program(state: Path) -> None:
    with closing(sqlite3.connect(state)) as db:
        db.execute("create table meta (key, price)")
        db.commit()


def of_a_newer_vitrine(state: Path) -> None:
    with closing(sqlite3.connect(state)) as db:
        db.execute("create table meta (key text primary key, value text not null) without rowid")
        db.execute("insert into meta values ('version', '99')")
        db.commit()


def broken_in_the_middle(state: Path) -> None:
    with closing(sqlite3.connect(state)) as db:
        db.execute("create table filler (words text)")
        db.executemany("insert into filler values (?)", [("word " * 100,)] * 1000)
        db.commit()
        db.execute("pragma journal_mode = delete")
    data = bytearray(state.read_bytes())
    data[2048 : len(data) // 2] = b"\xff" * (len(data) // 2 - 2048)
    state.write_bytes(data)


def test_a_state_that_is_none_is_named_in_one_line(lake: Lake) -> None:
    shop = Holding(3)
    with serve(shop) as url:
        state = killed_between_stages(shop, url, lake) / "state.db"
        for damage in (garbage, of_another_program, of_a_newer_vitrine, broken_in_the_middle):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{state}{suffix}").unlink(missing_ok=True)
            damage(state)

            with pytest.raises(LakeError) as caught:
                crawled(url, lake)

            assert str(caught.value).startswith(f"{state}: "), damage.__name__
            assert "\n" not in str(caught.value)
        state.unlink()
        assert crawled(url, lake).rows("products") == 3


def test_a_disk_that_is_full_ends_the_crawl_in_one_line_and_later_it_goes_on(
    lake: Lake, tmp_path: Path
) -> None:
    shop = StructuredShop(60)
    shop.photographed = 60
    said = []
    with serve(shop) as url:
        for most_kb in (30, 200, 400):
            here, there = FORKS.Pipe(duplex=False)
            process = FORKS.Process(target=failing, args=(there, url, lake.uri, most_kb << 10))
            process.start()
            there.close()
            assert here.poll(120), f"hangs when no file can grow over {most_kb} kB"
            said.append(here.recv())
            process.join()
        crawl, asked_for = crawled(url, lake), Counter(shop.asked)
        calm_lake = Lake(str(tmp_path / "calm"))
        calm = tables(calm_lake, crawled(url, calm_lake))

    assert all(words.startswith(lake.root) and "\n" not in words for words in said), said
    assert max(n for path, n in asked_for.items() if path.startswith("/product/")) <= 5
    assert tables(lake, crawl) == calm


def failing(answer: Connection, url: str, lake: str, most_file_bytes: int) -> None:
    """The command where no file may grow over a bound, as on a full disk; sends the one line that it ends with."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_file_bytes, most_file_bytes))
    try:
        crawl_to_its_end("acme", url, lake)
        answer.send("")
    except Exception as error:
        answer.send(str(error) if isinstance(error, PipelineError) else repr(error))
