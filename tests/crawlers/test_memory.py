from pathlib import Path

import pytest

from crawlers.frontier import LISTING, PRODUCT, READ, Task
from crawlers.memory import FETCHED, GONE, KEPT, UNCHANGED, UNSEEN, Memory
from crawlers.state import CrawlState
from tests.crawlers.listsink import SHOP, ledger_row, page, yesterday

FEED = f"{SHOP}/products.json?page=1"


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


@pytest.fixture
def memory(state: CrawlState) -> Memory:
    """Three products on a page of their own."""
    state.memory.learn_products(yesterday(n) for n in range(3))
    state.memory.learn_ledger(ledger_row(page(n), product_ids=[f"acme:{n}"]) for n in range(3))
    return state.memory


def fate(memory: Memory, n: int) -> int:
    known = memory.product(f"acme:{n}")
    assert known is not None
    return known[3]


def asked(state: CrawlState, n: int, outcome: str | None = None) -> None:
    state.frontier.add(PRODUCT, page(n), page(n))
    task = state.frontier.next(PRODUCT)
    assert isinstance(task, Task)
    if outcome:
        state.frontier.done(task, outcome)


def test_a_first_crawl_remembers_nothing(state: CrawlState) -> None:
    memory = state.memory

    assert (memory.count(), memory.page(PRODUCT, page(0)), memory.photo("x"), memory.product("acme:0")) == (
        0, None, None, None,
    )  # fmt: skip
    assert not memory.see("acme:0")
    assert (memory.delisted(), memory.page_of("acme:0"), memory.fates()) == ([], "", {})


def test_a_page_comes_back_with_its_validators_and_one_that_failed_is_as_if_new(memory: Memory) -> None:
    leads = [{"url": page(7), "product": True, "lastmod": "2026"}]
    memory.learn_ledger([
        ledger_row(FEED, "listing", etag='"7"', last_modified="Mon", leads_to=leads, product_ids=["acme:0"]),
        ledger_row(f"{SHOP}/b", outcome="http_5xx", etag='"8"'),
    ])  # fmt: skip

    known = memory.page(LISTING, FEED)

    assert known is not None
    assert (known.validators.etag, known.validators.last_modified, known.products) == (
        '"7"',
        "Mon",
        ("acme:0",),
    )
    assert '"lastmod": "2026"' in known.leads
    assert memory.page(PRODUCT, f"{SHOP}/b") is None
    assert memory.page(PRODUCT, FEED) is None


def test_what_the_ledger_says_of_a_photo_counts_more_than_the_products_table(state: CrawlState) -> None:
    url = f"{SHOP}/img/0.jpg"
    state.memory.learn_products([yesterday(0, "aa"), yesterday(1)])
    before = state.memory.photo(url)
    state.memory.learn_ledger([ledger_row(url, "photo", image_id="aa", etag='"1"')])
    after = state.memory.photo(url)

    assert before is not None and (before.image_id, before.validators.etag) == ("aa", "")
    assert after is not None and (after.image_id, after.validators.etag) == ("aa", '"1"')
    unknown = state.memory.photo(f"{SHOP}/img/1.jpg")
    assert unknown is not None and unknown.image_id == ""


def test_only_photos_that_failed_by_a_fault_of_the_moment_are_worth_another_try(memory: Memory) -> None:
    for number, outcome in enumerate(("timeout", "http_4xx", "not_an_image", "http_5xx", "connection")):
        url = f"{SHOP}/img/failed-{number}.jpg"
        memory.learn_ledger([ledger_row(url, "photo", outcome=outcome, product_ids=["acme:1"])])

    found = [url.rpartition("-")[2] for url, _ in memory.failed_photos(["acme:0", "acme:1"])]

    assert found == ["0.jpg", "3.jpg", "4.jpg"]


def test_a_product_read_after_a_page_called_it_unchanged_is_told_so_once(memory: Memory) -> None:
    assert memory.carry(["acme:0", "acme:1"]) == 2
    assert memory.carry(["acme:0"]) == 0

    assert [memory.see("acme:0"), memory.see("acme:0"), memory.see("acme:2")] == [True, False, False]
    assert [fate(memory, n) for n in range(3)] == [FETCHED, UNCHANGED, FETCHED]
    assert memory.carry(["acme:0"]) == 0, "what was read is not merely unchanged"


def test_what_is_not_believed_any_more_is_unseen_again(memory: Memory) -> None:
    memory.carry(["acme:0"])
    memory.see("acme:1")

    assert memory.uncarry(["acme:0", "acme:1"]) == 1
    assert [fate(memory, n) for n in range(3)] == [UNSEEN, FETCHED, UNSEEN]


def test_a_page_that_is_gone_takes_its_products_along(memory: Memory) -> None:
    assert memory.lose(page(0)) == 1
    assert memory.lose(page(0)) == 0
    memory.settle([])

    assert memory.fates() == {GONE: 1, KEPT: 2}


def test_a_product_that_another_page_shows_is_not_gone(memory: Memory) -> None:
    memory.lose(page(0))

    memory.carry(["acme:0"])

    assert fate(memory, 0) == UNCHANGED


@pytest.mark.parametrize("order", [(page(0), f"{SHOP}/sale/0"), (f"{SHOP}/sale/0", page(0))])
@pytest.mark.parametrize(
    ("outcome", "gone"), [(None, 0), ("http_5xx", 0), ("robots", 0), ("gone", 1), (READ, 1)]
)
def test_a_page_that_is_gone_takes_no_product_whose_other_page_only_failed(
    order: tuple[str, str], outcome: str | None, gone: int, state: CrawlState
) -> None:
    state.memory.learn_products([yesterday(0)])
    state.memory.learn_ledger(ledger_row(url, product_ids=["acme:0"]) for url in order)
    asked(state, 0, outcome)

    assert state.memory.lose(f"{SHOP}/sale/0") == gone


def test_what_no_listing_names_any_more_is_delisted_and_a_page_that_failed_is_not(
    memory: Memory, state: CrawlState
) -> None:
    asked(state, 0, "http_5xx")
    asked(state, 1)

    assert memory.delisted() == ["acme:2"]
    memory.see("acme:2")
    assert memory.delisted() == []


def test_a_product_of_two_pages_is_delisted_only_when_neither_is_named(state: CrawlState) -> None:
    state.memory.learn_products([yesterday(0)])
    pages = (page(0), f"{SHOP}/sale/0")
    state.memory.learn_ledger(ledger_row(url, product_ids=["acme:0"]) for url in pages)
    assert state.memory.delisted() == ["acme:0"]

    asked(state, 0, "http_5xx")

    assert state.memory.delisted() == []


def test_a_product_of_a_feed_is_delisted_when_no_page_of_the_feed_holds_it(state: CrawlState) -> None:
    state.memory.learn_products(yesterday(n) for n in range(2))
    state.memory.learn_ledger([ledger_row(FEED, "listing", product_ids=["acme:0", "acme:1"])])
    state.frontier.add(LISTING, FEED, FEED)
    state.memory.see("acme:0")

    assert state.memory.page_of("acme:1") == FEED
    assert state.memory.delisted() == ["acme:1"]


def test_first_sight_and_photos_come_back(state: CrawlState) -> None:
    row = yesterday(0, "aa")
    state.memory.learn_products([row])

    assert state.memory.product("acme:0") == (row["content_hash"], ["aa"], row["first_seen"], UNSEEN)
