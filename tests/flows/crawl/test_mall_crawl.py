"""The whole mall with faults on, crawled in all six dialects: compared with what the mall says is true.

First crawl, a second one of unchanged shops, a third one after a day has passed. Real servers, real
processes; the shops are crawled side by side.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from infra.mall.truth import Truth

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
DIALECTS = ("shopify", "structured", "woocommerce", "microdata", "opengraph", "plain")
PLAIN = Path(__file__).parents[2] / "crawlers" / "profiles" / "plain.yaml"
EACH = 40  # products a shop: enough for every fault of photos
Row = dict[str, Any]


@dataclass
class Visit:
    """One crawl of one shop, what was true then, and what it asked the server for."""

    result: Row
    products: dict[str, Row]
    rejects: list[Row]
    truth: Truth
    stats: Row
    changes: Any = None


@dataclass
class Days:
    mall: Mall
    lake: Lake
    first: list[Visit]
    second: list[Visit]
    third: list[Visit]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    lake = Lake(str(tmp_path_factory.mktemp("mall") / "lake"))
    with Mall(
        MallSpec(products=EACH * 6, seed=5, shops=DIALECTS, size=(96, 120), faults=True, draw_ahead=1)
    ) as mall:
        first, second = crawled(mall, lake), crawled(mall, lake)
        changes = mall.advance(8)
        third = crawled(mall, lake)
        for visit in third:
            visit.changes = changes[visit.truth.shop.name]
        yield Days(mall, lake, first, second, third)


def crawled(mall: Mall, lake: Lake) -> list[Visit]:
    """Every shop once; the counters begin anew."""
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda number: visited(mall, number, lake), range(len(DIALECTS))))


def visited(mall: Mall, number: int, lake: Lake) -> Visit:
    shop = mall.shops[number]
    httpx.post(f"{shop.url}/_mall/reset")
    profile = str(PLAIN) if shop.dialect == "plain" else None
    wanted = CrawlParameters(urls=(shop.url,), lake=lake.uri, profile=profile, floor=0.6)
    result = crawl_shop.fn(shop.name, shop.url, wanted)
    crawl = lake.run(result["crawl_id"])
    rows = lake.table(crawl, "products").to_pylist()
    stats = httpx.get(f"{shop.url}/_mall/stats?paths=1").json()
    products = {row["product_id"].partition(":")[2]: row for row in rows}
    return Visit(result, products, lake.table(crawl, "rejects").to_pylist(), mall.truth(number), stats)


def facts(row: Row) -> tuple[Any, ...]:
    return row["price"], row["list_price"], row["currency"], row["in_stock"], row["title"]


def truth_of(truth: Truth) -> dict[str, tuple[Any, ...]]:
    return {p.key: (p.price, p.list_price, p.currency, p.in_stock, p.title) for p in truth.products.values()}


@pytest.mark.parametrize("day", ["first", "second", "third"])
@pytest.mark.parametrize("number", range(6), ids=DIALECTS)
def test_every_product_is_there_with_its_exact_price(days: Days, day: str, number: int) -> None:
    visit: Visit = getattr(days, day)[number]

    assert {key: facts(row) for key, row in visit.products.items()} == truth_of(visit.truth)


@pytest.mark.parametrize("day", ["first", "second", "third"])
@pytest.mark.parametrize("number", range(6), ids=DIALECTS)
def test_every_photo_is_stored_or_refused_for_its_true_reason(days: Days, day: str, number: int) -> None:
    visits = [getattr(days, name)[number] for name in ("first", "second", "third")]
    visit = visits[("first", "second", "third").index(day)]
    # A photo that was refused for good is not asked again, so its reason may stand in an earlier crawl.
    reasons = {
        row["url"]: row["reason"] for each in visits for row in each.rejects if row["stage"] == "image"
    }

    found = {}
    for product in visit.truth.products.values():
        row = visit.products[product.key]
        ids = dict(zip(row["image_urls"], row["image_ids"], strict=True))
        assert set(ids) == set(product.photos)
        for url in product.photos:
            found[url] = "stored" if ids[url] else reasons.get(url, "lost")

    expected = {url: t.outcome for p in visit.truth.products.values() for url, t in p.photos.items()}
    assert found == expected


def test_nothing_forbidden_is_asked_and_no_refused_address_is_dialled(days: Days) -> None:
    visits = [*days.first, *days.second, *days.third]

    assert [visit.stats["disallowed"] for visit in visits] == [{}] * 18
    assert days.mall.canary is not None and days.mall.canary.connections == 0
    refused = {row["reason"] for visit in visits for row in visit.rejects}
    assert {"robots", "address", "opted_out", "trap", "duplicate", "too_large", "out_of_bounds"} <= refused


def test_rows_are_accounted_for_in_every_stage_of_every_crawl(days: Days) -> None:
    for visit in [*days.first, *days.second, *days.third]:
        crawl = days.lake.run(visit.result["crawl_id"])
        for stage, count in crawl.counts.items():
            count.check(stage)
        assert crawl.counts["page"].went_out == len(visit.products)
        assert visit.result["complete"] is True
    for visit in days.second:
        assert days.lake.run(visit.result["crawl_id"]).counts["revisit"].came_in == EACH


@pytest.mark.parametrize("number", range(6), ids=DIALECTS)
def test_every_page_that_the_server_was_asked_for_is_products_a_listing_or_a_reject(
    days: Days, number: int
) -> None:
    visit = days.first[number]
    ledger = days.lake.table(days.lake.run(visit.result["crawl_id"]), "ledger").to_pylist()
    pages = [row for row in ledger if row["kind"] != "photo"]

    rejected = {key(row["url"]) for row in visit.rejects}
    shown = {key(row["url"]) for row in pages if row["product_ids"]}
    listings = {key(row["url"]) for row in pages if row["kind"] == "listing" and row["outcome"] == "read"}
    ended = shown | listings | rejected
    assert pages
    # Of an address too long for a table its beginning is told.
    assert [
        row["url"] for row in pages if key(row["url"])[:1_900] not in {path[:1_900] for path in ended}
    ] == []
    asked = {path for path in visit.stats["paths"] if is_product(path, visit.truth)}
    assert asked - shown - rejected == set()


@pytest.mark.parametrize("number", range(6), ids=DIALECTS)
def test_an_unchanged_shop_is_asked_only_whether_it_changed(days: Days, number: int) -> None:
    first, second = days.first[number], days.second[number]
    stats = second.stats

    assert [second.result[name] for name in ("added", "changed", "removed", "images_new")] == [0, 0, 0, 0]
    assert second.products == first.products or same(first, second)
    known = {path for path in first.stats["paths"] if is_product(path, first.truth)}
    unconditional = known & set(stats["paths"]) - set(stats["conditional_paths"])
    assert not unconditional, "a page that was read before is asked with its validators"
    photos = [path for path in stats["paths"] if path_of_photo(path, first.truth)]
    stored = {
        key(url)
        for p in first.truth.products.values()
        for url, t in p.photos.items()
        if t.outcome == "stored"
    }
    again = [path for path in photos if path in stored and path not in stats["conditional_paths"]]
    assert not again, "no stored photo's bytes come twice"
    assert stats["requests"] < first.stats["requests"] / 2


@pytest.mark.parametrize("number", range(6), ids=DIALECTS)
def test_after_a_day_exactly_what_changed_is_reported(days: Days, number: int) -> None:
    second, third, changes = days.second[number], days.third[number], days.third[number].changes
    before, after = second.products, third.products
    sku_of = {p.key: p.sku for truth in (second.truth, third.truth) for p in truth.products.values()}

    changed = {
        sku_of[k]
        for k in before.keys() & after.keys()
        if (before[k]["content_hash"], before[k]["image_ids"])
        != (after[k]["content_hash"], after[k]["image_ids"])
    }

    expected = {*changes.price, *changes.stock, *changes.text, *changes.photos}
    assert changed == expected
    assert {sku_of[k] for k in after.keys() - before.keys()} == set(changes.added)
    assert {sku_of[k] for k in before.keys() - after.keys()} == set(changes.removed)
    names = ("added", "changed", "removed")
    assert [third.result[n] for n in names] == [len(changes.added), len(expected), len(changes.removed)]


def same(first: Visit, second: Visit) -> bool:
    """Pages that were read again are equal but for the time."""
    drop = ("fetched_at", "etag", "last_modified")
    strip = [
        {k: {n: v for n, v in row.items() if n not in drop} for k, row in visit.products.items()}
        for visit in (first, second)
    ]
    return strip[0] == strip[1]


def key(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


def is_product(path: str, truth: Truth) -> bool:
    return path in {key(product.url) for product in truth.products.values()}


def path_of_photo(path: str, truth: Truth) -> bool:
    return any(path == key(url) for product in truth.products.values() for url in product.photos)
