"""SIGKILL at twenty random moments of one crawl, each time the same command again: the tables of a calm crawl.

A faulty mall, real processes. Moments are counted in what the server was asked for, not in seconds. What a
killed crawl had settled is read from a copy of its state file, and must never be asked of the shop again.
"""

import random
import shutil
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from crawlers.state.scheduler import MOST_UNREAD
from crawlers.state.tables.frontier import TRANSIENT
from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec, Shop
from tests.flows.crawl.killed_crawls import TABLES, begun, crawl_to_its_end, kill, tables

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(sys.platform != "linux", reason="a child dies with its parent on Linux only"),
]
KILLS = 20
# What every life asks anew: robots.txt, the home page, what a platform is recognised by; and in flight at the end.
AT_START, IN_FLIGHT = 12, 16


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
