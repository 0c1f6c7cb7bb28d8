"""SIGKILL while products of several pages are read: the same command again gives the tables of a calm crawl."""

import sys
from pathlib import Path

import pytest

from infra.lake import Lake
from tests.crawlers.page_shop import PageShop
from tests.crawlers.shopserver import serve
from tests.flows.crawl.killed_crawls import begun, crawled, kill, tables
from tests.flows.crawl.page_crawls import colours_on_pages
from tests.flows.processes import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="a child dies with its parent on Linux only"),
]
PAGES = 31  # the home page among them


def whole(shop: PageShop, folder: Path) -> dict[str, list[str]]:
    """The tables of a crawl, which goes on where one was killed."""
    lake = Lake(str(folder))
    return tables(lake, crawled(f"{shop.base}/", lake), shop.base)


def test_a_product_is_all_its_pages_however_often_the_crawl_was_killed_between_them(tmp_path: Path) -> None:
    calm, shop = colours_on_pages(1), colours_on_pages(2)
    with serve(calm):
        expected = whole(calm, tmp_path / "calm")
    assert len(calm.full) == PAGES

    with serve(shop):
        for answered in (2, 9, 17, 30):
            process = begun("acme", f"{shop.base}/", Lake(str(tmp_path / "killed")))
            wait_until(lambda answered=answered: len(set(shop.full)) >= answered, 120)
            kill(process)
        assert whole(shop, tmp_path / "killed") == expected
