"""crawlers/state/catalogue_rows.py: products read now and carried on become one table."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crawlers.state.catalogue_rows import SUDDEN_FROM, CatalogueRows, is_complete
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import READ, Kind
from schemas.product import PRODUCTS
from tests.crawlers.asked_state import asked, learn, read
from tests.crawlers.liststore import SHOP, THEN, page, yesterday

STARTED = datetime(2026, 5, 5, tzinfo=UTC)
Row = dict[str, Any]


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


def closed(
    state: CrawlState, previous: list[Row], *, complete: bool = True
) -> tuple[list[Row], CatalogueRows]:
    catalogue = CatalogueRows(state)
    catalogue.decide(complete=complete)
    stored = [{name: value for name, value in row.items() if name != "page"} for row in previous]
    rows = list(catalogue.rows(stored, STARTED))
    pa.Table.from_pylist(rows, PRODUCTS)  # they fit the declared columns
    return rows, catalogue


def test_a_first_catalogue_is_what_was_read_in_order_of_its_ids(state: CrawlState) -> None:
    for n in (2, 0, 1):
        read(state, n)
    state.collected.set_photo(f"{SHOP}/img/0.jpg", "aa")

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
        state.collected.set_photo(f"{SHOP}/img/{n}.jpg", "aa")
    asked(state, Kind.PRODUCT, page(2), READ)
    state.previous.mark_unchanged(["acme:2"])
    asked(state, Kind.PRODUCT, page(3), "http_5xx")
    asked(state, Kind.PRODUCT, page(4), "gone")
    state.previous.mark_page_gone(page(4))
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
        catalogue = CatalogueRows(state)

        withheld = catalogue.decide(complete=True)

        assert (withheld, catalogue.kept) == (kept, kept), name


def test_a_sudden_loss_is_believed_where_a_full_reading_was_asked_for(state: CrawlState) -> None:
    learn(state, [yesterday(n) for n in range(2 * SUDDEN_FROM)])
    read(state, 0)
    catalogue = CatalogueRows(state)

    withheld = catalogue.decide(complete=True, sudden=True)

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
    state.previous.mark_unchanged(["acme:0"])
    state.collected.set_photo(f"{SHOP}/img/0.jpg", "bb")

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
    asked(state, Kind.LISTING, f"{SHOP}/good", READ)
    asked(state, Kind.LISTING, f"{SHOP}/a", outcome)

    assert is_complete(state) is complete


def test_a_listing_that_was_never_asked_leaves_the_crawl_incomplete(state: CrawlState) -> None:
    state.frontier.add(Kind.LISTING, f"{SHOP}/a", f"{SHOP}/a")

    assert not is_complete(state)


def test_yesterday_comes_as_a_stream_and_leaves_as_one(state: CrawlState) -> None:
    before = [yesterday(n, "aa") for n in range(3)]
    learn(state, before)
    taken = []

    def stream() -> Iterator[Row]:
        for row in before:
            taken.append(row["product_id"])
            yield row

    catalogue = CatalogueRows(state)
    catalogue.decide(complete=False)
    rows = catalogue.rows(stream(), STARTED)
    next(rows)

    assert len(taken) < 3
