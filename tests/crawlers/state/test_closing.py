from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crawlers.fetch.validators import Validators
from crawlers.state.closing import SUDDEN_FROM, Catalogue, is_complete, ledger_rows
from crawlers.state.crawl_state import CrawlState
from crawlers.state.frontier import LISTING, PHOTO, PRODUCT, READ, Task
from crawlers.state.previous_crawl import GONE
from schemas.ledger import LEDGER
from schemas.product import PRODUCTS
from tests.crawlers.listsink import SHOP, THEN, ledger_row, page, product, yesterday

STARTED = datetime(2026, 5, 5, tzinfo=UTC)
Row = dict[str, Any]


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


def learn(state: CrawlState, rows: list[Row]) -> None:
    state.previous.learn_products(rows)
    ledger = (ledger_row(row["page"], product_ids=[row["product_id"]], etag='"1"') for row in rows)
    state.previous.learn_ledger(ledger)


def asked(state: CrawlState, kind: int, url: str, outcome: str, **more: Any) -> Task:
    state.frontier.add(kind, url, url, product_id="acme:0" if kind == PHOTO else "")
    task = state.frontier.next(kind)
    assert task is not None
    state.frontier.done(task, outcome, fetched_at=1_700_000_000_000, **more)
    return task


def read(state: CrawlState, n: int, title: str = "") -> None:
    asked(state, PRODUCT, page(n), READ)
    state.collected.add(product(n, title), page(n))
    state.previous.see(f"acme:{n}")


def closed(state: CrawlState, previous: list[Row], *, complete: bool = True) -> tuple[list[Row], Catalogue]:
    catalogue = Catalogue(state)
    catalogue.close(complete=complete)
    stored = [{name: value for name, value in row.items() if name != "page"} for row in previous]
    rows = list(catalogue.rows(stored, STARTED))
    pa.Table.from_pylist(rows, PRODUCTS)  # they fit the declared columns
    return rows, catalogue


def ledger(state: CrawlState, *, whole: bool = True) -> dict[str, Row]:
    rows = list(ledger_rows(state, whole=whole))
    pa.Table.from_pylist(rows, LEDGER)
    assert len({(row["kind"], row["url"]) for row in rows}) == len(rows)
    return {row["url"]: row for row in rows}


def test_a_first_catalogue_is_what_was_read_in_order_of_its_ids(state: CrawlState) -> None:
    for n in (2, 0, 1):
        read(state, n)
    state.collected.answer(f"{SHOP}/img/0.jpg", "aa")

    rows, catalogue = closed(state, [])

    assert [row["product_id"] for row in rows] == ["acme:0", "acme:1", "acme:2"]
    assert [row["image_ids"] for row in rows] == [["aa"], [""], [""]]
    assert {row["first_seen"] for row in rows} == {STARTED}
    assert (catalogue.added, catalogue.changed, catalogue.removed) == (3, 0, 0)


def test_what_was_read_carried_kept_and_gone_become_one_catalogue(state: CrawlState) -> None:
    before = [yesterday(n, "aa") for n in range(6)]
    learn(state, before)
    for n, title in ((0, ""), (1, "another title")):
        read(state, n, title)
        state.collected.answer(f"{SHOP}/img/{n}.jpg", "aa")
    asked(state, PRODUCT, page(2), READ)
    state.previous.carry(["acme:2"])
    asked(state, PRODUCT, page(3), "http_5xx")
    asked(state, PRODUCT, page(4), "gone")
    state.previous.lose(page(4))
    read(state, 9)

    rows, catalogue = closed(state, before)

    assert [row["product_id"][-1] for row in rows] == ["0", "1", "2", "3", "9"]
    counts = (catalogue.added, catalogue.changed, catalogue.not_modified, catalogue.kept, catalogue.removed)
    assert counts == (1, 1, 1, 1, 2)
    assert [row["first_seen"] for row in rows] == [THEN] * 4 + [STARTED]
    count = catalogue.count()
    count.check("revisit")
    assert (count.came_in, count.went_out, count.rejected) == (6, 4, {"gone": 2})


def test_nothing_is_delisted_where_a_listing_was_not_read_to_its_end(state: CrawlState) -> None:
    before = [yesterday(n) for n in range(3)]
    learn(state, before)

    rows, catalogue = closed(state, before, complete=False)

    assert len(rows) == 3
    assert (catalogue.kept, catalogue.removed) == (3, 0)


def test_a_sudden_loss_of_most_products_is_withheld_and_one_of_half_is_not(tmp_path: Path) -> None:
    count = 2 * SUDDEN_FROM
    for name, seen, kept in (("half", count // 2, 0), ("most", count // 2 - 1, count // 2 + 1)):
        state = CrawlState(tmp_path / name)
        before = [yesterday(n) for n in range(count)]
        learn(state, before)
        for n in range(seen):
            read(state, n)
        catalogue = Catalogue(state)

        withheld = catalogue.close(complete=True)

        assert (withheld, catalogue.kept) == (kept, kept), name


def test_a_sudden_loss_is_believed_where_a_full_reading_was_asked_for(state: CrawlState) -> None:
    learn(state, [yesterday(n) for n in range(2 * SUDDEN_FROM)])
    read(state, 0)
    catalogue = Catalogue(state)

    withheld = catalogue.close(complete=True, sudden=True)

    assert (withheld, catalogue.removed) == (0, 2 * SUDDEN_FROM - 1)


def test_a_small_shop_may_lose_everything_but_one(state: CrawlState) -> None:
    before = [yesterday(n) for n in range(SUDDEN_FROM)]
    learn(state, before)
    read(state, 0)

    _, catalogue = closed(state, before)

    assert catalogue.removed == SUDDEN_FROM - 1


def test_a_photo_of_a_carried_product_that_came_now_is_a_change(state: CrawlState) -> None:
    before = [yesterday(0)]
    learn(state, before)
    state.previous.carry(["acme:0"])
    state.collected.answer(f"{SHOP}/img/0.jpg", "bb")

    (row,), catalogue = closed(state, before)

    assert row["image_ids"] == ["bb"]
    assert catalogue.changed == 1


def test_rows_of_an_older_vitrine_are_carried_into_the_columns_of_today(state: CrawlState) -> None:
    before = [yesterday(0, "aa")]
    learn(state, before)
    old = [{name: v for name, v in row.items() if name not in ("list_price", "sources")} for row in before]

    (row,), _ = closed(state, old, complete=False)

    assert (row["list_price"], row["sources"], row["title"]) == (None, [], "Coat 0")


@pytest.mark.parametrize(
    ("outcome", "complete"),
    [(READ, True), ("unasked", True), ("robots", True), ("trap", True), ("gone", True), ("opted_out", True),
     ("http_5xx", False), ("http_4xx", False), ("timeout", False), ("page_unreadable", False),
     ("out_of_bounds", False), ("too_large", False)],
)  # fmt: skip
def test_a_crawl_is_complete_when_every_listing_was_read_or_never_meant_to_be(
    outcome: str, complete: bool, state: CrawlState
) -> None:
    asked(state, LISTING, f"{SHOP}/good", READ)
    asked(state, LISTING, f"{SHOP}/a", outcome)

    assert is_complete(state) is complete


def test_a_listing_that_was_never_asked_leaves_the_crawl_incomplete(state: CrawlState) -> None:
    state.frontier.add(LISTING, f"{SHOP}/a", f"{SHOP}/a")

    assert not is_complete(state)


def test_the_ledger_says_what_was_asked_and_what_of_yesterday_stands(state: CrawlState) -> None:
    before = [yesterday(n, "aa") for n in range(3)]
    learn(state, before)
    feed = f"{SHOP}/old-feed"
    state.previous.learn_ledger([ledger_row(feed, "listing")])
    asked(
        state,
        LISTING,
        f"{SHOP}/feed",
        READ,
        validators=Validators('"9"'),
        leads='[{"url": "u", "product": true, "lastmod": ""}]',
    )
    read(state, 0)
    asked(state, PRODUCT, page(1), "http_5xx")
    closed(state, before, complete=False)

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
    state.previous.learn_ledger([ledger_row(other, product_ids=["acme:0"])])
    for url in (page(0), other):
        asked(state, PRODUCT, url, READ)
        state.previous.carry(["acme:0"])
    closed(state, before)

    rows = ledger(state)

    assert [rows[url]["product_ids"] for url in (page(0), other)] == [["acme:0"]] * 2


def test_a_page_that_was_read_anew_does_not_stand_for_what_it_showed_before(state: CrawlState) -> None:
    before = [yesterday(0)]
    learn(state, before)
    asked(state, LISTING, f"{SHOP}/feed", READ)
    state.previous.learn_ledger([ledger_row(f"{SHOP}/feed", "listing", product_ids=["acme:0"])])
    state.previous.forget(f"{SHOP}/feed")
    closed(state, before, complete=False)

    assert ledger(state, whole=False)[f"{SHOP}/feed"]["product_ids"] == []


def test_a_product_that_is_gone_leaves_no_page_and_no_photo_in_the_ledger(state: CrawlState) -> None:
    before = [yesterday(n, "aa") for n in range(2)]
    learn(state, before)
    state.previous.carry(["acme:0"])
    _, catalogue = closed(state, before)

    rows = ledger(state)

    assert catalogue.removed == 1
    assert state.previous.fates()[GONE] == 1
    assert set(rows) == {page(0), f"{SHOP}/img/0.jpg"}


def test_a_photo_in_the_ledger_is_what_it_answered_last(state: CrawlState) -> None:
    urls = [f"{SHOP}/img/{n}.jpg" for n in range(4)]
    before = [yesterday(0, "aa", photos=tuple(urls))]
    learn(state, before)
    for url in urls:
        state.previous.learn_ledger(
            [ledger_row(url, "photo", image_id="aa", etag='"1"', product_ids=["acme:0"])]
        )
    asked(state, PHOTO, urls[0], READ)
    state.collected.answer(urls[0], "bb")
    asked(state, PHOTO, urls[1], "http_4xx")
    asked(state, PHOTO, urls[2], "timeout")
    state.collected.answer(urls[2], "aa")  # a fault takes no photo away
    state.collected.add(product(0, photos=tuple(urls)), page(0))
    state.previous.see("acme:0")
    closed(state, before)

    rows = ledger(state)

    assert [rows[url]["image_id"] for url in urls] == ["bb", "", "aa", "aa"]
    assert [rows[url]["outcome"] for url in urls] == [READ, "http_4xx", "timeout", READ]
    assert rows[urls[3]]["etag"] == '"1"'


def test_yesterday_comes_as_a_stream_and_leaves_as_one(state: CrawlState) -> None:
    before = [yesterday(n, "aa") for n in range(3)]
    learn(state, before)
    taken = []

    def stream() -> Iterator[Row]:
        for row in before:
            taken.append(row["product_id"])
            yield row

    catalogue = Catalogue(state)
    catalogue.close(complete=False)
    rows = catalogue.rows(stream(), STARTED)
    next(rows)

    assert len(taken) < 3
