from pathlib import Path

import pytest

from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import READ, Kind, Task
from crawlers.state.tables.previous_crawl import Fate, PreviousCrawl, PreviousProduct
from tests.crawlers.liststore import SHOP, ledger_row, page, yesterday

FEED = f"{SHOP}/products.json?page=1"


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


@pytest.fixture
def previous(state: CrawlState) -> PreviousCrawl:
    """Three products on a page of their own."""
    state.previous.load_products(yesterday(n) for n in range(3))
    state.previous.load_ledger(ledger_row(page(n), product_ids=[f"acme:{n}"]) for n in range(3))
    return state.previous


def fate(previous: PreviousCrawl, n: int) -> Fate:
    there = previous.product(f"acme:{n}")
    assert there is not None
    return there.fate


def asked(state: CrawlState, n: int, outcome: str | None = None) -> None:
    state.frontier.add(Kind.PRODUCT, page(n), page(n))
    task = state.frontier.next_task(Kind.PRODUCT)
    assert isinstance(task, Task)
    if outcome:
        state.frontier.finish(task, outcome)


def test_a_first_crawl_remembers_nothing(state: CrawlState) -> None:
    previous = state.previous

    assert previous.product_count() == 0
    assert previous.page(Kind.PRODUCT, page(0)) is None
    assert previous.photo("x") is None
    assert previous.product("acme:0") is None
    assert not previous.mark_fetched("acme:0")
    assert (previous.delisted(), previous.listing_of("acme:0"), previous.fate_counts()) == ([], "", {})


def test_a_page_comes_back_with_its_validators_and_one_that_failed_is_as_if_new(
    previous: PreviousCrawl,
) -> None:
    leads = [{"url": page(7), "product": True, "lastmod": "2026"}]
    previous.load_ledger([
        ledger_row(FEED, "listing", etag='"7"', last_modified="Mon", leads_to=leads, product_ids=["acme:0"]),
        ledger_row(f"{SHOP}/b", outcome="http_5xx", etag='"8"'),
    ])  # fmt: skip

    feed = previous.page(Kind.LISTING, FEED)

    assert feed is not None
    assert (feed.validators.etag, feed.validators.last_modified, feed.products) == (
        '"7"',
        "Mon",
        ("acme:0",),
    )
    assert '"lastmod": "2026"' in feed.leads
    assert previous.page(Kind.PRODUCT, f"{SHOP}/b") is None
    assert previous.page(Kind.PRODUCT, FEED) is None


def test_what_the_ledger_says_of_a_photo_counts_more_than_the_products_table(state: CrawlState) -> None:
    url = f"{SHOP}/img/0.jpg"
    state.previous.load_products([yesterday(0, "aa"), yesterday(1)])
    before = state.previous.photo(url)
    state.previous.load_ledger([ledger_row(url, "photo", image_id="aa", etag='"1"')])
    after = state.previous.photo(url)

    assert before is not None and (before.image_id, before.validators.etag) == ("aa", "")
    assert after is not None and (after.image_id, after.validators.etag) == ("aa", '"1"')
    unknown = state.previous.photo(f"{SHOP}/img/1.jpg")
    assert unknown is not None and unknown.image_id == ""


def test_only_photos_that_failed_by_a_fault_of_the_moment_are_worth_another_try(
    previous: PreviousCrawl,
) -> None:
    for number, outcome in enumerate(("timeout", "http_4xx", "not_an_image", "http_5xx", "connection")):
        url = f"{SHOP}/img/failed-{number}.jpg"
        previous.load_ledger([ledger_row(url, "photo", outcome=outcome, product_ids=["acme:1"])])

    retried = [url.rpartition("-")[2] for url, _ in previous.photos_to_retry(["acme:0", "acme:1"])]

    assert retried == ["0.jpg", "3.jpg", "4.jpg"]


def test_a_product_read_after_a_page_called_it_unchanged_is_told_so_once(previous: PreviousCrawl) -> None:
    assert previous.mark_unchanged(["acme:0", "acme:1"]) == 2
    assert previous.mark_unchanged(["acme:0"]) == 0

    assert [previous.mark_fetched(f"acme:{n}") for n in (0, 0, 2)] == [True, False, False]
    assert [fate(previous, n) for n in range(3)] == [Fate.FETCHED, Fate.UNCHANGED, Fate.FETCHED]
    assert previous.mark_unchanged(["acme:0"]) == 0, "what was read is not merely unchanged"


def test_what_is_not_believed_any_more_is_unseen_again(previous: PreviousCrawl) -> None:
    previous.mark_unchanged(["acme:0"])
    previous.mark_fetched("acme:1")

    assert previous.unmark_unchanged(["acme:0", "acme:1"]) == 1
    assert [fate(previous, n) for n in range(3)] == [Fate.UNSEEN, Fate.FETCHED, Fate.UNSEEN]


def test_a_page_that_is_gone_takes_its_products_along(previous: PreviousCrawl) -> None:
    assert previous.mark_page_gone(page(0)) == 1
    assert previous.mark_page_gone(page(0)) == 0
    previous.decide_fates([])

    assert previous.fate_counts() == {Fate.GONE: 1, Fate.KEPT: 2}


def test_a_product_that_another_page_shows_is_not_gone(previous: PreviousCrawl) -> None:
    previous.mark_page_gone(page(0))

    previous.mark_unchanged(["acme:0"])

    assert fate(previous, 0) == Fate.UNCHANGED


@pytest.mark.parametrize("order", [(page(0), f"{SHOP}/sale/0"), (f"{SHOP}/sale/0", page(0))])
@pytest.mark.parametrize(
    ("outcome", "gone"), [(None, 0), ("http_5xx", 0), ("robots", 0), ("gone", 1), (READ, 1)]
)
def test_a_page_that_is_gone_takes_no_product_whose_other_page_only_failed(
    order: tuple[str, str], outcome: str | None, gone: int, state: CrawlState
) -> None:
    state.previous.load_products([yesterday(0)])
    state.previous.load_ledger(ledger_row(url, product_ids=["acme:0"]) for url in order)
    asked(state, 0, outcome)

    assert state.previous.mark_page_gone(f"{SHOP}/sale/0") == gone


def test_what_no_listing_names_any_more_is_delisted_and_a_page_that_failed_is_not(
    previous: PreviousCrawl, state: CrawlState
) -> None:
    asked(state, 0, "http_5xx")
    asked(state, 1)

    assert previous.delisted() == ["acme:2"]
    previous.mark_fetched("acme:2")
    assert previous.delisted() == []


def test_a_product_of_two_pages_is_delisted_only_when_neither_is_named(state: CrawlState) -> None:
    state.previous.load_products([yesterday(0)])
    pages = (page(0), f"{SHOP}/sale/0")
    state.previous.load_ledger(ledger_row(url, product_ids=["acme:0"]) for url in pages)
    assert state.previous.delisted() == ["acme:0"]

    asked(state, 0, "http_5xx")

    assert state.previous.delisted() == []


def test_a_product_of_a_feed_is_delisted_when_no_page_of_the_feed_holds_it(state: CrawlState) -> None:
    state.previous.load_products(yesterday(n) for n in range(2))
    state.previous.load_ledger([ledger_row(FEED, "listing", product_ids=["acme:0", "acme:1"])])
    state.frontier.add(Kind.LISTING, FEED, FEED)
    state.previous.mark_fetched("acme:0")

    assert state.previous.listing_of("acme:1") == FEED
    assert state.previous.delisted() == ["acme:1"]


def test_first_sight_and_photos_come_back(state: CrawlState) -> None:
    row = yesterday(0, "aa")
    state.previous.load_products([row])

    assert state.previous.product("acme:0") == PreviousProduct(
        row["content_hash"], ["aa"], row["first_seen"], Fate.UNSEEN
    )
