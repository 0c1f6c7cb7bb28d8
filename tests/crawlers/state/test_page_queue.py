"""crawlers/state/page_queue.py: which pages are asked, in which order, and with what."""

import zlib
from pathlib import Path
from typing import Any

import pytest

from crawlers.discover.visit import Visit
from crawlers.fetch.validators import Validators
from crawlers.state.page_queue import AUDIT_ONE_IN
from crawlers.state.recrawl_policy import FULL
from crawlers.state.tables.frontier import READ, UNASKED, Kind
from crawlers.state.tables.previous_crawl import Fate
from tests.crawlers.liststore import SHOP, ledger_row, page, product
from tests.crawlers.page_stage import DATE, LIST_URL, PageStage, named


@pytest.fixture
def stage(tmp_path: Path) -> PageStage:
    return PageStage(tmp_path)


def audited(n: int, salt: str) -> bool:
    return zlib.crc32(f"{salt} {page(n)}".encode()) % AUDIT_ONE_IN == 0


def test_an_address_that_is_none_is_refused_in_the_stage_it_was_meant_for(stage: PageStage) -> None:
    stage.lead_to(Visit("ftp://shop.example/x", True), Visit("http://[x"))

    assert sorted(stage.rejects()) == [("discover", "address", ""), ("page", "address", "")]
    assert stage.waiting() == []


def test_a_page_that_the_sitemap_calls_unchanged_stands_unasked(tmp_path: Path) -> None:
    stage = PageStage(tmp_path, salt=next(s for s in "abcdefgh" if not any(audited(n, s) for n in range(4))))
    stage.load(4)

    stage.lead_to(named(0, DATE), named(1, "2026-02-02"), named(2), named(3, DATE))

    assert stage.waiting() == [page(1), page(2)]
    assert [stage.fate(n) for n in range(4)] == [Fate.UNCHANGED, Fate.UNSEEN, Fate.UNSEEN, Fate.UNCHANGED]
    assert stage.out() == 2
    assert stage.state.frontier.outcome_counts(Kind.PRODUCT)[UNASKED] == 2


@pytest.mark.parametrize("why", ["full", "old", "lies", "undated", "failed"])
def test_a_page_is_asked_all_the_same_where_its_date_says_nothing(why: str, tmp_path: Path) -> None:
    policy: dict[str, Any] = (
        {"revisit": FULL} if why == "full" else {"oldest_s": -1.0} if why == "old" else {}
    )
    stage = PageStage(tmp_path, **policy)
    stage.load(1, lastmod="" if why == "undated" else DATE, outcome="http_5xx" if why == "failed" else READ)
    if why == "lies":
        stage.queue.distrust_lastmod()

    stage.lead_to(named(0, "" if why == "undated" else DATE))

    assert stage.waiting() == [page(0)]
    assert stage.out() == 0


def test_a_page_is_asked_with_its_validators_unless_its_date_says_that_it_changed(stage: PageStage) -> None:
    stage.load(3, last_modified="Mon")
    stage.lead_to(named(0, "2026-02-02"), named(1), named(7))

    asked = [stage.queue.validators(stage.next()) for _ in range(3)]

    assert asked == [Validators(), Validators('"1"', "Mon"), Validators()]


def test_a_full_crawl_asks_without_conditions(tmp_path: Path) -> None:
    stage = PageStage(tmp_path, revisit=FULL)
    stage.load(1)
    stage.lead_to(named(0))

    assert stage.queue.validators(stage.next()) == Validators()


def test_pages_that_people_read_may_be_a_trap_and_a_sitemap_is_none(stage: PageStage) -> None:
    def calendar(n: int) -> Visit:
        return Visit(f"{SHOP}/calendar?month={n}")

    stage.lead_to(calendar(0), linked=True)
    for n in range(1, 200):
        task = stage.state.frontier.next_task(Kind.LISTING)
        if task is None:
            break
        stage.read(task, calendar(n), linked=True)

    assert stage.rejects() == [("discover", "trap", "")]
    assert stage.state.frontier.total(Kind.LISTING) < 100
    stage.lead_to(calendar(1000))
    assert stage.state.frontier.next_task(Kind.LISTING) is not None


def test_nothing_is_handed_out_before_the_home_page_is_read(stage: PageStage) -> None:
    stage.queue.add(named(0))
    assert not stage.queue.has_waiting()
    assert stage.queue.next_task(frozenset()) is None

    stage.lead_to()

    assert stage.queue.has_waiting()
    task = stage.queue.next_task(frozenset())
    assert task is not None and task.url == page(0)


def test_product_pages_come_before_listings(stage: PageStage) -> None:
    stage.lead_to(Visit(LIST_URL), named(0))

    tasks = [stage.queue.next_task(frozenset()) for _ in range(3)]

    assert [task and task.url for task in tasks] == [page(0), LIST_URL, None]


def test_a_limit_hands_out_no_more_products_than_it_has_room_for(tmp_path: Path) -> None:
    stage = PageStage(tmp_path, limit=2)
    stage.lead_to(Visit(LIST_URL), *(named(n) for n in range(4)))
    assert stage.queue.room() == 2

    first, second = stage.queue.next_task(frozenset()), stage.queue.next_task(frozenset())
    assert first is not None and second is not None
    assert stage.queue.next_task(frozenset()) is None, "both are under way, and may be all that is wanted"

    stage.read(first, product(0))
    stage.fail(second, "http_4xx")
    third = stage.queue.next_task(frozenset())
    assert third is not None and third.url == page(2)
    stage.read(third, product(2))

    assert stage.queue.room() == 0
    assert not stage.queue.has_waiting()
    assert stage.queue.next_task(frozenset()) is None


def test_under_a_limit_a_listing_waits_until_no_product_page_is_under_way(tmp_path: Path) -> None:
    stage = PageStage(tmp_path, limit=9)
    stage.lead_to(Visit(LIST_URL), named(0))
    task = stage.queue.next_task(frozenset())
    assert task is not None and task.kind == Kind.PRODUCT

    assert stage.queue.next_task(frozenset()) is None
    stage.read(task, product(0))

    listing = stage.queue.next_task(frozenset())
    assert listing is not None and listing.url == LIST_URL


def test_a_lie_of_the_sitemap_outlives_a_kill(tmp_path: Path) -> None:
    stage = PageStage(tmp_path)
    stage.queue.distrust_lastmod()
    stage.recorder.commit()
    stage.state.close()

    assert not PageStage(tmp_path).queue.trusts_lastmod


def test_a_first_crawl_knows_all_listings_and_a_later_one_those_that_were_read(stage: PageStage) -> None:
    visits = [Visit(LIST_URL)]
    assert stage.queue.knows_all(visits)

    stage.load(1)
    assert not stage.queue.knows_all(visits)

    stage.state.previous.load_ledger([ledger_row(LIST_URL, "listing")])
    assert stage.queue.knows_all(visits)
