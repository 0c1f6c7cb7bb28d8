import zlib
from pathlib import Path
from typing import Any

import pytest

from crawlers.discover.visit import Found, Visit
from crawlers.fetch.validators import Validators
from crawlers.state.crawl_state import CrawlState
from crawlers.state.frontier import LISTING, PRODUCT, READ, UNASKED, Task
from crawlers.state.page_recorder import AUDIT_ONE_IN, Page, Pages
from crawlers.state.page_recorder import UNCHANGED as NOT_MODIFIED
from crawlers.state.previous_crawl import FETCHED, GONE, KEPT, UNCHANGED, UNSEEN
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import FULL, LIST, Rules
from schemas.reject import Reject
from tests.crawlers.listsink import SHOP, ListSink, ledger_row, page, product, yesterday

LIST_URL = f"{SHOP}/sitemap.xml"
DATE = "2026-01-01"


class Stage:
    """Pages over a real state, as a spider drives them."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        self.state = CrawlState(folder / "state.db")
        self.recorder = Recorder(self.state, ListSink(), Rules(**rules))
        self.pages = Pages(self.recorder)

    def learn(self, count: int, **facts: Any) -> None:
        """Products of yesterday, each on a page of its own that a sitemap dates."""
        self.state.previous.learn_products(yesterday(n) for n in range(count))
        usual = {"lastmod": DATE, "etag": '"1"'}
        rows = (ledger_row(page(n), product_ids=[f"acme:{n}"], **usual | facts) for n in range(count))
        self.state.previous.learn_ledger(rows)

    def lead_to(self, *visits: Visit, linked: bool = False) -> None:
        """What a home page names."""
        self.pages.take(Page(None, READ, visits, linked=linked))

    def next(self, kind: int = PRODUCT) -> Task:
        task = self.state.frontier.next(kind)
        assert task is not None
        return task

    def waiting(self) -> list[str]:
        found = []
        while task := self.state.frontier.next(PRODUCT):
            found.append(task.url)
        return found

    def read(self, task: Task, *found: Found, **more: Any) -> None:
        self.pages.take(Page(task, READ, found, **more))

    def fail(self, task: Task, reason: str, *, gone: bool = False) -> None:
        stage = "page" if task.kind == PRODUCT else "discover"
        self.pages.take(Page(task, reason, (Reject(stage, reason, task.url),), gone=gone))

    def rejects(self) -> list[tuple[str, str, str]]:
        return [(row["stage"], row["reason"], row["product_id"]) for row in self.state.collected.rejects()]

    def out(self, stage: str = "page") -> int:
        return self.recorder.tally(stage).out

    def fate(self, n: int) -> int:
        known = self.state.previous.product(f"acme:{n}")
        assert known is not None
        return known[3]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def named(n: int, lastmod: str = "") -> Visit:
    return Visit(page(n), True, lastmod)


def audited(n: int, salt: str) -> bool:
    return zlib.crc32(f"{salt} {page(n)}".encode()) % AUDIT_ONE_IN == 0


def test_a_listing_leads_to_pages_and_a_page_to_its_product(stage: Stage) -> None:
    stage.lead_to(Visit(LIST_URL))
    stage.read(stage.next(LISTING), named(0), named(1), named(0), validators=Validators('"9"'))
    for n in range(2):
        stage.read(stage.next(), product(n))

    assert stage.state.frontier.counts(PRODUCT) == {READ: 2}
    assert [p.product_id for p, _ in stage.state.collected.products()] == ["acme:0", "acme:1"]
    assert (stage.out("discover"), stage.out("page"), stage.recorder.accepted) == (1, 2, 2)


def test_a_product_at_two_addresses_is_read_once_and_the_second_is_refused(stage: Stage) -> None:
    stage.lead_to(named(0), Visit(f"{SHOP}/sale/0", True))
    for _ in range(2):
        stage.read(stage.next(), product(0))

    assert stage.rejects() == [("page", "duplicate", "acme:0")]
    assert stage.out() == 1


def test_an_address_that_is_none_is_refused_in_the_stage_it_was_meant_for(stage: Stage) -> None:
    stage.lead_to(Visit("ftp://shop.example/x", True), Visit("http://[x"))

    assert sorted(stage.rejects()) == [("discover", "address", ""), ("page", "address", "")]
    assert stage.waiting() == []


def test_a_page_with_a_product_that_is_refused_still_gives_the_others(stage: Stage) -> None:
    stage.lead_to(named(0))
    incomplete = Reject("page", "page_incomplete", page(0))

    stage.read(stage.next(), product(0), incomplete)

    assert stage.out() == 1
    assert stage.state.frontier.counts(PRODUCT) == {"page_incomplete": 1}
    assert stage.rejects() == [("page", "page_incomplete", "")]


def test_a_page_that_the_sitemap_calls_unchanged_stands_unasked(tmp_path: Path) -> None:
    stage = Stage(tmp_path, salt=next(s for s in "abcdefgh" if not any(audited(n, s) for n in range(4))))
    stage.learn(4)

    stage.lead_to(named(0, DATE), named(1, "2026-02-02"), named(2), named(3, DATE))

    assert stage.waiting() == [page(1), page(2)]
    assert [stage.fate(n) for n in range(4)] == [UNCHANGED, UNSEEN, UNSEEN, UNCHANGED]
    assert stage.out() == 2
    assert stage.state.frontier.counts(PRODUCT)[UNASKED] == 2


@pytest.mark.parametrize("why", ["full", "old", "lies", "undated", "failed"])
def test_a_page_is_asked_all_the_same_where_its_date_says_nothing(why: str, tmp_path: Path) -> None:
    rules: dict[str, Any] = {"revisit": FULL} if why == "full" else {"oldest_s": -1.0} if why == "old" else {}
    stage = Stage(tmp_path, **rules)
    stage.learn(1, lastmod="" if why == "undated" else DATE, outcome="http_5xx" if why == "failed" else READ)
    stage.recorder.lastmod_lies = why == "lies"

    stage.lead_to(named(0, "" if why == "undated" else DATE))

    assert stage.waiting() == [page(0)]
    assert stage.out() == 0


def test_a_lie_found_by_the_sample_reopens_every_page_that_was_believed(tmp_path: Path) -> None:
    count = 200
    stage = Stage(tmp_path, salt="s")
    stage.learn(count)
    sample = [n for n in range(count) if audited(n, "s")]
    stage.lead_to(*(named(n, DATE) for n in range(count)))
    assert 0 < len(sample) < 20
    assert stage.out() == count - len(sample)

    task = stage.next()
    stage.read(task, product(sample[0], "another title"))

    assert task.url == page(sample[0])
    assert stage.recorder.lastmod_lies
    assert stage.out() == 1
    assert sorted(stage.waiting()) == sorted(page(n) for n in range(count) if n != sample[0])


def test_a_sample_that_is_as_before_is_no_lie(tmp_path: Path) -> None:
    stage = Stage(tmp_path, salt=next(str(s) for s in range(500) if audited(0, str(s))))
    stage.learn(1)
    stage.lead_to(named(0, DATE))

    stage.read(stage.next(), product(0))

    assert not stage.recorder.lastmod_lies
    assert stage.fate(0) == FETCHED


def test_a_page_is_asked_with_its_validators_unless_its_date_says_that_it_changed(stage: Stage) -> None:
    stage.learn(3, last_modified="Mon")
    stage.lead_to(named(0, "2026-02-02"), named(1), named(7))

    asked = [stage.pages.conditions(stage.next()) for _ in range(3)]

    assert asked == [Validators(), Validators('"1"', "Mon"), Validators()]


def test_a_full_crawl_asks_without_conditions(tmp_path: Path) -> None:
    stage = Stage(tmp_path, revisit=FULL)
    stage.learn(1)
    stage.lead_to(named(0))

    assert stage.pages.conditions(stage.next()) == Validators()


def test_a_page_that_did_not_change_keeps_its_products_and_leads_where_it_led(stage: Stage) -> None:
    leads = [{"url": page(n), "product": True, "lastmod": ""} for n in (5, 6)]
    stage.state.previous.learn_products(yesterday(n) for n in range(2))
    held = ["acme:0", "acme:1"]
    stage.state.previous.learn_ledger(
        [ledger_row(LIST_URL, "listing", etag='"1"', leads_to=leads, product_ids=held)]
    )
    stage.lead_to(Visit(LIST_URL))

    stage.pages.take(Page(stage.next(LISTING), NOT_MODIFIED))

    assert stage.waiting() == [page(5), page(6)]
    assert [stage.fate(n) for n in range(2)] == [UNCHANGED] * 2
    assert (stage.out("page"), stage.out("discover")) == (2, 1)
    (row,) = stage.state.db.execute("select etag, leads from request where kind = 0").fetchall()
    assert row[0] == '"1"' and page(6) in row[1]


def test_photos_of_an_unchanged_product_that_failed_last_time_are_asked_now(stage: Stage) -> None:
    stage.learn(1)
    url = f"{SHOP}/img/0.jpg"
    stage.state.previous.learn_ledger([ledger_row(url, "photo", outcome="http_5xx", product_ids=["acme:0"])])
    stage.lead_to(named(0))

    stage.pages.take(Page(stage.next(), NOT_MODIFIED))

    photo = stage.state.frontier.next(2)
    assert photo is not None and (photo.url, photo.product_id) == (url, "acme:0")


def test_a_product_that_is_gone_says_so_and_one_whose_page_fails_stays(stage: Stage) -> None:
    stage.learn(2)
    stage.lead_to(named(0), named(1), named(9))

    stage.fail(stage.next(), "http_4xx", gone=True)
    stage.fail(stage.next(), "http_5xx")
    stage.fail(stage.next(), "http_4xx", gone=True)

    assert sorted(stage.rejects()) == [
        ("page", "gone", "acme:0"),
        ("page", "http_4xx", ""),
        ("page", "http_5xx", ""),
    ]
    assert [stage.fate(n) for n in range(2)] == [GONE, UNSEEN]


def test_a_listing_that_is_gone_is_read_to_its_end_and_one_that_fails_is_not(stage: Stage) -> None:
    stage.lead_to(Visit(f"{SHOP}/a"), Visit(f"{SHOP}/b"))

    stage.fail(stage.next(LISTING), "http_4xx", gone=True)
    stage.fail(stage.next(LISTING), "http_4xx")

    assert stage.state.frontier.counts(LISTING) == {"gone": 1, "http_4xx": 1}


def test_a_page_that_shows_another_product_now_has_lost_the_old_one(stage: Stage) -> None:
    stage.learn(1)
    stage.lead_to(named(0))

    stage.read(stage.next(), product(5))

    assert stage.fate(0) == GONE


def test_a_page_without_its_product_is_a_fault_and_one_that_never_had_any_is_a_listing(stage: Stage) -> None:
    stage.learn(1)
    stage.lead_to(named(0), named(8))

    for _ in range(2):
        stage.read(stage.next())

    assert stage.rejects() == [("page", "page_incomplete", "acme:0")]
    assert stage.fate(0) == UNSEEN
    assert stage.out("discover") == 1


def test_a_product_that_opted_out_since_is_let_go(stage: Stage) -> None:
    stage.learn(1)
    stage.lead_to(named(0))

    stage.read(stage.next(), Reject("page", "opted_out", page(0), "acme:0", "noai"))

    assert stage.fate(0) == GONE


def test_a_page_read_from_a_list_leaves_the_product_where_its_listing_is(tmp_path: Path) -> None:
    stage = Stage(tmp_path, revisit=LIST)
    stage.state.previous.learn_products([yesterday(0)])
    stage.state.previous.learn_ledger([ledger_row(LIST_URL, "listing", product_ids=["acme:0"])])
    stage.lead_to(named(0))

    stage.read(stage.next(), product(0))

    (row,) = stage.state.db.execute("select page from product").fetchall()
    assert row == (LIST_URL,)


def test_pages_that_people_read_may_be_a_trap_and_a_sitemap_is_none(stage: Stage) -> None:
    def calendar(n: int) -> Visit:
        return Visit(f"{SHOP}/calendar?month={n}")

    stage.lead_to(calendar(0), linked=True)
    for n in range(1, 200):
        task = stage.state.frontier.next(LISTING)
        if task is None:
            break
        stage.read(task, calendar(n), linked=True)

    assert stage.rejects() == [("discover", "trap", "")]
    assert stage.state.frontier.total(LISTING) < 100
    stage.lead_to(calendar(1000))
    assert stage.state.frontier.next(LISTING) is not None


def test_a_product_that_was_called_unchanged_and_is_read_after_all_counts_once(stage: Stage) -> None:
    stage.learn(1)
    stage.state.previous.learn_ledger([ledger_row(LIST_URL, "listing", etag='"1"', product_ids=["acme:0"])])
    stage.lead_to(Visit(LIST_URL), named(0))

    stage.pages.take(Page(stage.next(LISTING), NOT_MODIFIED))
    stage.read(stage.next(), product(0))

    assert stage.out() == 1
    assert stage.fate(0) == FETCHED


def test_a_product_that_a_feed_still_lists_without_a_photo_is_kept(stage: Stage) -> None:
    stage.state.previous.learn_products(yesterday(n) for n in range(2))
    held = ["acme:0", "acme:1"]
    stage.state.previous.learn_ledger([ledger_row(LIST_URL, "listing", product_ids=held)])
    stage.lead_to(Visit(LIST_URL))

    stage.read(stage.next(LISTING), Reject("page", "no_image", page(0), "acme:0"))

    assert stage.fate(0) == KEPT
    assert stage.state.previous.delisted() == ["acme:1"]
