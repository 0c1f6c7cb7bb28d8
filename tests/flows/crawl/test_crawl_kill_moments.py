"""SIGKILL between the stages, while tables are written, and right after the commit."""

import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from infra.lake import Lake
from tests.crawlers.shopserver import serve
from tests.flows.crawl.killed_crawls import Holding, begun, crawled, kill, killed_between_stages, tables

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(sys.platform != "linux", reason="a child dies with its parent on Linux only"),
]


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
