"""crawlers/state/ledger_rows.py: what the next crawl is told of every address."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crawlers.fetch.validators import Validators
from crawlers.state.catalogue_rows import CatalogueRows
from crawlers.state.ledger_rows import ledger_rows
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import READ, Kind
from crawlers.state.tables.previous_crawl import Fate
from schemas.ledger import LEDGER
from tests.crawlers.asked_state import asked, learn, read
from tests.crawlers.liststore import SHOP, ledger_row, page, product, yesterday

Row = dict[str, Any]


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


def ledger(state: CrawlState, *, whole: bool = True) -> dict[str, Row]:
    rows = list(ledger_rows(state, whole=whole))
    pa.Table.from_pylist(rows, LEDGER)
    assert len({(row["kind"], row["url"]) for row in rows}) == len(rows)
    return {row["url"]: row for row in rows}


def test_the_ledger_says_what_was_asked_and_what_of_yesterday_stands(state: CrawlState) -> None:
    before = [yesterday(n, "aa") for n in range(3)]
    learn(state, before)
    feed = f"{SHOP}/old-feed"
    state.previous.load_ledger([ledger_row(feed, "listing")])
    asked(
        state,
        Kind.LISTING,
        f"{SHOP}/feed",
        READ,
        validators=Validators('"9"'),
        leads='[{"url": "u", "product": true, "lastmod": ""}]',
    )
    read(state, 0)
    asked(state, Kind.PRODUCT, page(1), "http_5xx")
    CatalogueRows(state).decide(complete=False)

    rows = ledger(state)

    assert rows[f"{SHOP}/feed"]["leads_to"] == [{"url": "u", "product": True, "lastmod": ""}]
    assert rows[f"{SHOP}/feed"]["etag"] == '"9"'
    assert [rows[page(n)]["outcome"] for n in range(3)] == [READ, "http_5xx", READ]
    assert [rows[page(n)]["product_ids"] for n in range(3)] == [["acme:0"], ["acme:1"], ["acme:2"]]
    assert [rows[page(n)]["etag"] for n in range(3)] == ["", "", '"1"']
    assert feed not in rows, "a listing that nothing led to any more"
    assert feed in ledger(state, whole=False), "unless not everything was looked at"


def test_a_product_that_two_unchanged_pages_show_stays_on_both(state: CrawlState) -> None:
    before = [yesterday(0)]
    learn(state, before)
    other = f"{SHOP}/sale/0"
    state.previous.load_ledger([ledger_row(other, product_ids=["acme:0"])])
    for url in (page(0), other):
        asked(state, Kind.PRODUCT, url, READ)
        state.previous.mark_unchanged(["acme:0"])
    CatalogueRows(state).decide(complete=True)

    rows = ledger(state)

    assert [rows[url]["product_ids"] for url in (page(0), other)] == [["acme:0"]] * 2


def test_a_page_that_was_read_anew_does_not_stand_for_what_it_showed_before(state: CrawlState) -> None:
    before = [yesterday(0)]
    learn(state, before)
    asked(state, Kind.LISTING, f"{SHOP}/feed", READ)
    state.previous.load_ledger([ledger_row(f"{SHOP}/feed", "listing", product_ids=["acme:0"])])
    state.previous.clear_page(f"{SHOP}/feed")
    CatalogueRows(state).decide(complete=False)

    assert ledger(state, whole=False)[f"{SHOP}/feed"]["product_ids"] == []


def test_a_product_that_is_gone_leaves_no_page_and_no_photo_in_the_ledger(state: CrawlState) -> None:
    before = [yesterday(n, "aa") for n in range(2)]
    learn(state, before)
    state.previous.mark_unchanged(["acme:0"])
    catalogue = CatalogueRows(state)
    catalogue.decide(complete=True)

    rows = ledger(state)

    assert catalogue.removed == 1
    assert state.previous.fate_counts()[Fate.GONE] == 1
    assert set(rows) == {page(0), f"{SHOP}/img/0.jpg"}


def test_a_photo_in_the_ledger_is_what_it_answered_last(state: CrawlState) -> None:
    urls = [f"{SHOP}/img/{n}.jpg" for n in range(4)]
    before = [yesterday(0, "aa", photos=tuple(urls))]
    learn(state, before)
    for url in urls:
        state.previous.load_ledger(
            [ledger_row(url, "photo", image_id="aa", etag='"1"', product_ids=["acme:0"])]
        )
    asked(state, Kind.PHOTO, urls[0], READ)
    state.collected.set_photo(urls[0], "bb")
    asked(state, Kind.PHOTO, urls[1], "http_4xx")
    asked(state, Kind.PHOTO, urls[2], "timeout")
    state.collected.set_photo(urls[2], "aa")  # a fault takes no photo away
    state.collected.add_product(product(0, photos=tuple(urls)), page(0))
    state.previous.mark_fetched("acme:0")
    CatalogueRows(state).decide(complete=True)

    rows = ledger(state)

    assert [rows[url]["image_id"] for url in urls] == ["bb", "", "aa", "aa"]
    assert [rows[url]["outcome"] for url in urls] == [READ, "http_4xx", "timeout", READ]
    assert rows[urls[3]]["etag"] == '"1"'
