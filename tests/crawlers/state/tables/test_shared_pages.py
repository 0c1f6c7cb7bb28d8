"""crawlers/state/tables/shared_pages.py: products that several pages showed last time."""

from pathlib import Path

import pytest

from crawlers.discover.visit import Visit
from crawlers.state.tables.frontier import Kind
from crawlers.state.tables.previous_crawl import Fate
from tests.crawlers.liststore import SHOP, ledger_row, page, product
from tests.crawlers.page_stage import DATE, PageStage, named

SAND, INK = f"{SHOP}/coat/sand", f"{SHOP}/coat/ink"


@pytest.fixture
def stage(tmp_path: Path) -> PageStage:
    """Product 0 on three pages, product 1 on one of its own."""
    stage = PageStage(tmp_path)
    stage.load(2)
    rows = [ledger_row(url, product_ids=["acme:0"], etag='"1"', lastmod=DATE) for url in (SAND, INK)]
    stage.state.previous.load_ledger(rows)
    return stage


def test_the_other_pages_are_those_that_showed_it_and_were_not_read_anew(stage: PageStage) -> None:
    shared = stage.state.shared

    assert shared.other_pages("acme:0", page(0)) == [(INK, INK), (SAND, SAND)]
    assert shared.other_pages("acme:1", page(1)) == []
    stage.state.previous.clear_page(INK)
    assert shared.other_pages("acme:0", page(0)) == [(SAND, SAND)]


def test_a_page_that_changed_brings_back_those_that_did_not_and_counts_stay_right(stage: PageStage) -> None:
    stage.lead_to(Visit(SAND, True), Visit(INK, True), named(0), named(1))
    sand, ink, own, other = (stage.next() for _ in range(4))
    stage.stay(sand)
    stage.stay(other)
    assert (stage.out(), stage.out("discover")) == (2, 0)

    stage.read(ink, product(0))  # as the first that changed
    assert stage.state.shared.is_stale(own.key) and not stage.state.shared.is_stale(other.key)
    stage.stay(own)  # asked before that was known

    assert stage.state.frontier.outcome_counts(Kind.PRODUCT) == {"": 2, "read": 2}
    again = [stage.next(), stage.next()]
    assert {task.key for task in again} == {SAND, page(0)}
    assert not any(stage.queue.validators(task).etag for task in again)
    for task in again:
        stage.read(task, product(0))
    assert (stage.out(), stage.out("discover")) == (2, 2)
    assert [stage.fate(n) for n in range(2)] == [Fate.FETCHED, Fate.UNCHANGED]


def test_a_page_left_unasked_is_asked_once_another_of_its_product_changed(stage: PageStage) -> None:
    stage.lead_to(Visit(SAND, True, DATE), Visit(INK, True, "2026-02-02"))
    task = stage.next()
    assert task.url == INK

    stage.read(task, product(0))

    assert stage.waiting() == [SAND]


def test_a_page_that_no_listing_names_any_more_takes_what_it_added_with_it(stage: PageStage) -> None:
    stage.lead_to(Visit(SAND, True), named(0))
    for _ in range(2):
        stage.stay(stage.next())
    assert not stage.state.frontier.has_waiting(Kind.PRODUCT)
    assert stage.state.shared.unnamed_pages() == [("acme:0", INK)]

    assert stage.queue.has_waiting()

    assert sorted(stage.waiting()) == sorted([SAND, page(0)])
    assert stage.state.shared.unnamed_pages() == []


def test_a_product_is_half_read_where_a_page_of_it_failed_by_a_fault(stage: PageStage) -> None:
    stage.lead_to(Visit(SAND, True), Visit(INK, True), named(0))
    sand, ink, own = (stage.next() for _ in range(3))
    stage.read(own, product(0))
    stage.fail(sand, "http_4xx", gone=True)
    assert stage.state.shared.half_read() == []

    stage.fail(ink, "timeout")

    assert stage.state.shared.half_read() == ["acme:0"]
