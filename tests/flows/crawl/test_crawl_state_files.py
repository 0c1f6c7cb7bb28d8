"""State files that are none, and a disk that is full: one line, and later the crawl goes on."""

import resource
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from starlette.responses import Response

from crawlers.state.tables.crawl_state import FILES
from infra.lake import Lake
from schemas.errors import LakeError, PipelineError
from tests.crawlers.forks import FORKS
from tests.crawlers.shopserver import StructuredShop, photo, serve
from tests.flows.crawl.killed_crawls import Holding, crawl_to_its_end, crawled, killed_between_stages, tables

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(sys.platform != "linux", reason="a child dies with its parent on Linux only"),
]


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
            for suffix in FILES:
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
    # Of 12 MB together: the photos are too many for the last disk, and the tables' log is not, however slow it grows.
    for n in range(60):
        for number, side in enumerate(("front", "back")):
            large = photo(2 * n + number, "PNG", 400, 400)
            shop.photos[f"coat-{n}-{side}.jpg"] = Response(large, media_type="image/png")
    said = []
    with serve(shop) as url:
        for most_kb in (30, 200, 3_000):
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
    assert "state.db-photos: " in said[-1]
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
