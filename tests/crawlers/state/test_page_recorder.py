"""crawlers/state/page_recorder.py: what becomes of the answers of pages."""

import zlib
from pathlib import Path

import pytest

from crawlers.discover.visit import Visit
from crawlers.fetch.validators import Validators
from crawlers.state.answers import PhotoAnswer
from crawlers.state.page_queue import AUDIT_ONE_IN
from crawlers.state.page_union import unite_pages
from crawlers.state.recrawl_policy import LIST
from crawlers.state.tables.frontier import READ, Kind
from crawlers.state.tables.previous_crawl import Fate
from schemas.reject import Reject
from tests.crawlers.liststore import SHOP, ledger_row, page, product, yesterday
from tests.crawlers.page_stage import DATE, LIST_URL, PageStage, named


@pytest.fixture
def stage(tmp_path: Path) -> PageStage:
    return PageStage(tmp_path)


def audited(n: int, salt: str) -> bool:
    return zlib.crc32(f"{salt} {page(n)}".encode()) % AUDIT_ONE_IN == 0


def test_a_listing_leads_to_pages_and_a_page_to_its_product(stage: PageStage) -> None:
    stage.lead_to(Visit(LIST_URL))
    stage.read(stage.next(Kind.LISTING), named(0), named(1), named(0), validators=Validators('"9"'))
    for n in range(2):
        stage.read(stage.next(), product(n))

    assert stage.state.frontier.outcome_counts(Kind.PRODUCT) == {READ: 2}
    assert [p.product_id for p, _ in stage.state.collected.products()] == ["acme:0", "acme:1"]
    assert (stage.out("discover"), stage.out("page"), stage.state.collected.product_count()) == (1, 2, 2)


def test_a_product_at_two_addresses_is_read_once_and_the_second_is_refused(stage: PageStage) -> None:
    stage.lead_to(named(0), Visit(f"{SHOP}/sale/0", True))
    for _ in range(2):
        stage.read(stage.next(), product(0))
    assert (stage.out(), stage.out("discover"), stage.rejects()) == (1, 1, [])
    unite_pages(stage.recorder)

    assert stage.rejects() == [("page", "duplicate", "acme:0")]
    assert (stage.out(), stage.out("discover")) == (1, 0)


def test_a_page_with_a_product_that_is_refused_still_gives_the_others(stage: PageStage) -> None:
    stage.lead_to(named(0))
    incomplete = Reject("page", "page_incomplete", page(0))

    stage.read(stage.next(), product(0), incomplete)

    assert stage.out() == 1
    assert stage.state.frontier.outcome_counts(Kind.PRODUCT) == {"page_incomplete": 1}
    assert stage.rejects() == [("page", "page_incomplete", "")]


def test_a_lie_found_by_the_sample_reopens_every_page_that_was_believed(tmp_path: Path) -> None:
    count = 200
    stage = PageStage(tmp_path, salt="s")
    stage.load(count)
    sample = [n for n in range(count) if audited(n, "s")]
    stage.lead_to(*(named(n, DATE) for n in range(count)))
    assert 0 < len(sample) < 20
    assert stage.out() == count - len(sample)

    task = stage.next()
    stage.read(task, product(sample[0], "another title"))

    assert task.url == page(sample[0])
    assert not stage.queue.trusts_lastmod
    assert stage.out() == 1
    assert sorted(stage.waiting()) == sorted(page(n) for n in range(count) if n != sample[0])


def test_a_sample_that_is_as_before_is_no_lie(tmp_path: Path) -> None:
    stage = PageStage(tmp_path, salt=next(str(s) for s in range(500) if audited(0, str(s))))
    stage.load(1)
    stage.lead_to(named(0, DATE))

    stage.read(stage.next(), product(0))

    assert stage.queue.trusts_lastmod
    assert stage.fate(0) == Fate.FETCHED


def test_a_page_that_did_not_change_keeps_its_products_and_leads_where_it_led(stage: PageStage) -> None:
    leads = [{"url": page(n), "product": True, "lastmod": ""} for n in (5, 6)]
    stage.state.previous.load_products(yesterday(n) for n in range(2))
    held = ["acme:0", "acme:1"]
    stage.state.previous.load_ledger(
        [ledger_row(LIST_URL, "listing", etag='"1"', leads_to=leads, product_ids=held)]
    )
    stage.lead_to(Visit(LIST_URL))

    stage.stay(stage.next(Kind.LISTING))

    assert stage.waiting() == [page(5), page(6)]
    assert [stage.fate(n) for n in range(2)] == [Fate.UNCHANGED] * 2
    assert (stage.out("page"), stage.out("discover")) == (2, 1)
    (row,) = stage.state.db.execute("select etag, leads from request where kind = 0").fetchall()
    assert row["etag"] == '"1"' and page(6) in row["leads"]


def test_photos_of_an_unchanged_product_that_failed_last_time_are_asked_now(stage: PageStage) -> None:
    stage.load(1)
    url = f"{SHOP}/img/0.jpg"
    stage.state.previous.load_ledger([ledger_row(url, "photo", outcome="http_5xx", product_ids=["acme:0"])])
    stage.lead_to(named(0))

    stage.stay(stage.next())

    photo = stage.state.frontier.next_task(Kind.PHOTO)
    assert photo is not None and (photo.url, photo.product_id) == (url, "acme:0")


def test_a_product_that_is_gone_says_so_and_one_whose_page_fails_stays(stage: PageStage) -> None:
    stage.load(2)
    stage.lead_to(named(0), named(1), named(9))

    stage.fail(stage.next(), "http_4xx", gone=True)
    stage.fail(stage.next(), "http_5xx")
    stage.fail(stage.next(), "http_4xx", gone=True)

    assert sorted(stage.rejects()) == [
        ("page", "gone", "acme:0"),
        ("page", "http_4xx", ""),
        ("page", "http_5xx", ""),
    ]
    assert [stage.fate(n) for n in range(2)] == [Fate.GONE, Fate.UNSEEN]


def test_a_listing_that_is_gone_is_read_to_its_end_and_one_that_fails_is_not(stage: PageStage) -> None:
    stage.lead_to(Visit(f"{SHOP}/a"), Visit(f"{SHOP}/b"))

    stage.fail(stage.next(Kind.LISTING), "http_4xx", gone=True)
    stage.fail(stage.next(Kind.LISTING), "http_4xx")

    assert stage.state.frontier.outcome_counts(Kind.LISTING) == {"gone": 1, "http_4xx": 1}


def test_a_page_that_shows_another_product_now_has_lost_the_old_one(stage: PageStage) -> None:
    stage.load(1)
    stage.lead_to(named(0))

    stage.read(stage.next(), product(5))

    assert stage.fate(0) == Fate.GONE


def test_a_page_without_its_product_is_a_fault_and_one_that_never_had_any_is_no_product(
    stage: PageStage,
) -> None:
    stage.load(1)
    stage.lead_to(named(0), named(8))

    for _ in range(2):
        stage.read(stage.next())

    assert sorted(stage.rejects()) == [("page", "no_product", ""), ("page", "page_incomplete", "acme:0")]
    assert stage.fate(0) == Fate.UNSEEN
    assert stage.state.frontier.outcome_counts(Kind.PRODUCT) == {"no_product": 1, "page_incomplete": 1}


def test_a_product_that_opted_out_since_is_let_go(stage: PageStage) -> None:
    stage.load(1)
    stage.lead_to(named(0))

    stage.read(stage.next(), Reject("page", "opted_out", page(0), "acme:0", "noai"))

    assert stage.fate(0) == Fate.GONE


def test_a_page_read_from_a_list_leaves_the_product_where_its_listing_is(tmp_path: Path) -> None:
    stage = PageStage(tmp_path, revisit=LIST)
    stage.state.previous.load_products([yesterday(0)])
    stage.state.previous.load_ledger([ledger_row(LIST_URL, "listing", product_ids=["acme:0"])])
    stage.lead_to(named(0))

    stage.read(stage.next(), product(0))

    (row,) = stage.state.db.execute("select page from product").fetchall()
    assert row["page"] == LIST_URL


def test_a_product_that_was_called_unchanged_and_is_read_after_all_counts_once(stage: PageStage) -> None:
    stage.load(1)
    stage.state.previous.load_ledger([ledger_row(LIST_URL, "listing", etag='"1"', product_ids=["acme:0"])])
    stage.lead_to(Visit(LIST_URL), named(0))

    stage.stay(stage.next(Kind.LISTING))
    stage.read(stage.next(), product(0))

    assert stage.out() == 1
    assert stage.fate(0) == Fate.FETCHED


def test_a_product_that_a_feed_still_lists_without_a_photo_is_kept(stage: PageStage) -> None:
    stage.state.previous.load_products(yesterday(n) for n in range(2))
    held = ["acme:0", "acme:1"]
    stage.state.previous.load_ledger([ledger_row(LIST_URL, "listing", product_ids=held)])
    stage.lead_to(Visit(LIST_URL))

    stage.read(stage.next(Kind.LISTING), Reject("page", "no_image", page(0), "acme:0"))

    assert stage.fate(0) == Fate.KEPT
    assert stage.state.previous.delisted() == ["acme:1"]


def test_a_feed_gives_no_more_products_than_the_limit_leaves_and_its_other_addresses_all_the_same(
    tmp_path: Path,
) -> None:
    stage = PageStage(tmp_path, limit=2)
    stage.lead_to(Visit(LIST_URL))

    stage.read(stage.next(Kind.LISTING), product(0), product(1), product(2), Visit(f"{LIST_URL}?page=2"))

    assert stage.state.collected.product_count() == 2
    assert stage.state.frontier.total(Kind.LISTING) == 2
    assert stage.rejects() == []


@pytest.mark.parametrize(("probe_failed", "elsewhere"), [(False, False), (True, True)])
def test_a_home_page_says_what_reads_the_shop_and_whether_it_began_elsewhere(
    probe_failed: bool, elsewhere: bool, stage: PageStage
) -> None:
    stage.load(1)

    stage.lead_to(Visit(LIST_URL), probe_failed=probe_failed)

    assert stage.state.read_note("platform") == "structured"
    assert stage.state.read_note("begun_elsewhere") is elsewhere


def test_the_answer_of_a_photo_is_none_of_a_page(stage: PageStage) -> None:
    with pytest.raises(TypeError, match="PhotoAnswer"):
        stage.pages.record(PhotoAnswer("https://shop.example/x.jpg"))
