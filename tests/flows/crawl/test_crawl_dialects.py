"""The mall in two dialects, crawled whole, and killed at any point."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.lake import Lake
from infra.mall.running import RunningMall, start
from infra.mall.trade import MallSpec
from tests.crawlers.shopserver import StructuredShop, serve
from tests.flows.crawl.shop_crawls import TIMES, crawled, rows
from tests.flows.processes import children_of, is_running, wait_until

KILLED = (
    "import sys; from flows.crawl.crawl_shops import crawl_shop; from flows.parameters.crawl import CrawlParameters;"
    "shop, url, lake = sys.argv[1:]; crawl_shop.fn(shop, url, CrawlParameters(urls=(url,), lake=lake))"
)


@pytest.fixture(scope="module")
def mall() -> Iterator[RunningMall]:
    with start(MallSpec(products=24, seed=3, size=(96, 128))) as running:
        yield running


def test_the_mall_is_read_whole_in_both_dialects_and_nothing_forbidden_is_asked(
    mall: RunningMall, lake: Lake
) -> None:
    for shop in mall.shops:
        result, manifest = crawled(shop.url, lake, shop.name)
        stored = rows(lake, manifest, "products")

        assert result["products"] == len(stored) == shop.products
        assert {row["source"] for row in stored} == {"shopify" if shop.dialect == "shopify" else "json-ld"}
        assert {row["currency"] for row in stored} == {shop.currency}
        assert all(row["title"] and row["description"] and row["price"] is not None for row in stored)
        assert {view for row in stored for view in row["image_views"]} >= {"front", "back", "customer"}
        assert '"disallowed": {}' in urllib.request.urlopen(f"{shop.url}/_mall/stats").read().decode()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a child dies with its parent on Linux only")
@pytest.mark.parametrize("photos_before", [0, 40])
def test_a_crawl_killed_at_any_point_and_run_again_gives_the_same_tables(
    photos_before: int, tmp_path: Path
) -> None:
    shop = StructuredShop(60, pause_s=0.03)
    broken, whole = Lake(str(tmp_path / "broken")), Lake(str(tmp_path / "whole"))
    with serve(shop) as url:
        process = subprocess.Popen([sys.executable, "-c", KILLED, "acme", url, broken.uri])
        wait_until(
            lambda: (
                sum(path.startswith("/img/") for path in shop.asked) >= photos_before and len(shop.asked) > 10
            )
        )
        children = children_of(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_until(lambda: not any(map(is_running, children)))
        assert children
        assert list(broken.runs()) == []

        result, again = crawled(url, broken)
        _, uninterrupted = crawled(url, whole)

    (left,) = [path.name for path in (tmp_path / "broken").iterdir() if path.name.startswith("crawl=")]
    assert left == f"crawl={result['crawl_id']}"  # the killed crawl was taken up, not left lying
    for table, key in {"products": "product_id", "images": "image_id", "rejects": "url"}.items():
        mine = sorted(rows(broken, again, table, *TIMES), key=lambda row: row[key])
        assert mine == sorted(rows(whole, uninterrupted, table, *TIMES), key=lambda row: row[key])
    parts = sorted((tmp_path / "broken" / left).rglob("*.parquet"))
    assert len(parts) == sum(len(found) for found in again.files.values())
