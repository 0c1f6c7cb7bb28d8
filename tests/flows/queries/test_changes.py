"""flows/queries/changes.py on real lakes: which crawls are compared, what is found, and what is told."""

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.queries.changes import changes
from infra.lake import Lake
from schemas.change import CHANGES
from schemas.errors import InputError, LakeError
from schemas.product import Product
from tests.flows.queries.committed_crawls import NOW, Crawled, found, product

State = dict[str, Product]


def test_every_change_has_the_crawl_that_saw_it_first(lake: Lake, crawled: Crawled) -> None:
    a, b = product("a"), product("b")
    crawled(9, replace(a, price=Decimal(99)), b)  # before the baseline
    base = crawled(5, a, b)
    cheaper = crawled(3, replace(a, price=Decimal(8)), b)
    gone = crawled(1, replace(a, price=Decimal("7.6")), product("c"))

    result = changes(lake.uri, "4d", now=NOW)

    assert [(row["field"], row["before"], row["after"], row["crawl_id"]) for row in result["changes"]] == [
        ("price", "10.00 EUR", "8.00 EUR", cheaper),
        ("price", "8.00 EUR", "7.60 EUR", gone),
        ("product", "", "", gone),
        ("product", "", "", gone),
    ]
    assert [row["change"] for row in result["changes"][:2]] == [-0.2, -0.05]
    assert result["changes"][0]["seen_at"] == "2026-11-22T12:00:00+00:00"
    assert result["counts"] == {"price": 2, "stock": 0, "text": 0, "photos": 0, "added": 1, "removed": 1}
    (shop,) = result["shops"]
    assert (shop["from"], shop["to"], shop["crawls"], shop["note"]) == (base, gone, 3, "")


def test_a_shop_first_crawled_since_begins_there_and_says_so(lake: Lake, crawled: Crawled) -> None:
    first = crawled(2, product("a"))
    crawled(1, product("a", in_stock=False))

    result = changes(lake.uri, "2026-11-01", now=NOW)

    assert found(result) == [("s:a", "in_stock", "", "false")]
    assert first in result["shops"][0]["note"]


def test_until_ends_before_the_crawls_after_it(lake: Lake, crawled: Crawled) -> None:
    first = crawled(5, product("a"))
    second = crawled(3, product("a", title="Coat"))
    crawled(1, product("a", title="Hat"))

    for until in (second, "2026-11-22", "2026-11-23T11:00"):
        assert found(changes(lake.uri, first, until=until, now=NOW)) == [("s:a", "title", "Dress a", "Coat")]


def test_shops_are_compared_each_with_itself_and_one_can_be_asked_for(lake: Lake, crawled: Crawled) -> None:
    for days_ago, price in ((2, 10), (1, 9)):
        for shop in ("s", "t"):
            crawled(days_ago, product("a", shop, price=Decimal(price)), shop=shop)
    crawled(1, product("a", "u"), shop="u")

    both, one = changes(lake.uri, "2d", now=NOW), changes(lake.uri, "2d", shop="t", now=NOW)

    assert {row["shop"] for row in both["changes"]} == {"s", "t"}
    assert [shop["note"] for shop in both["shops"]][:2] == ["", ""]
    assert "not crawled again" in both["shops"][2]["note"]
    assert {row["shop"] for row in one["changes"]} == {"t"}


def test_a_crawl_with_a_limit_removes_nothing(lake: Lake, crawled: Crawled) -> None:
    a, b, c = product("a"), product("b"), product("c")
    crawled(5, a, b, c)
    crawled(3, replace(a, price=Decimal(9)), limit=1)
    newest = crawled(1, replace(a, price=Decimal(9)), b, limit=50)  # had no effect: it is all there is

    result = changes(lake.uri, "5d", now=NOW)

    assert found(result) == [("s:a", "price", "10.00 EUR", "9.00 EUR"), ("s:c", "product", "", "")]
    assert {row["crawl_id"] for row in result["changes"]} == {newest}
    assert "passed over: 1" in result["shops"][0]["note"]


def test_crawls_that_all_had_a_limit_tell_only_of_what_they_both_saw(lake: Lake, crawled: Crawled) -> None:
    crawled(5, product("a"), product("b"), limit=2)
    crawled(3, product("a", title="Coat"), product("c"), limit=2)

    result = changes(lake.uri, "5d", now=NOW)

    assert found(result) == [("s:a", "title", "Dress a", "Coat")]
    assert result["shops"][0]["note"].endswith("what came and went is not known")


@pytest.mark.parametrize("asked", [{"limit": 1}, {"revisit": "list"}])
def test_a_crawl_of_a_part_that_carries_on_the_rest_is_compared(
    asked: dict[str, Any], lake: Lake, crawled: Crawled
) -> None:
    first = crawled(3, product("a"), product("b"), complete=True)
    crawled(2, product("a"), product("b", title="Coat"), complete=False, parents=[first], **asked)

    result = changes(lake.uri, "3d", now=NOW)

    assert found(result) == [("s:b", "title", "Dress b", "Coat")]
    assert result["shops"][0]["note"] == ""


def test_a_first_crawl_that_missed_pages_is_told_of(lake: Lake, crawled: Crawled) -> None:
    first = crawled(3, product("a"), complete=False)
    crawled(2, product("a"), product("b"), complete=True, parents=[first])

    result = changes(lake.uri, "3d", now=NOW)

    assert result["counts"]["added"] == 1
    assert f"{first} missed pages" in result["shops"][0]["note"]


def test_products_in_any_order_are_compared_all_the_same(lake: Lake, crawled: Crawled) -> None:
    items = [product(f"p{n}") for n in range(50)]
    shuffled = [replace(item, price=Decimal(5)) if item.product_id == "s:p7" else item for item in items]
    random.Random(1).shuffle(shuffled)
    crawled(2, *items)  # p10 before p2: not in the order of ids either
    crawled(1, *shuffled)

    assert found(changes(lake.uri, "2d", now=NOW)) == [("s:p7", "price", "10.00 EUR", "5.00 EUR")]


def test_a_table_of_the_first_version_is_compared_where_it_can_be(lake: Lake, crawled: Crawled) -> None:
    old = crawled(2, product("a"), product("b"))
    part = Path(lake.part_paths(lake.run(old), "products")[0])
    pq.write_table(pq.read_table(part).drop_columns(["list_price", "sources"]), part)
    crawled(1, product("a", list_price=Decimal(20)), product("b", price=Decimal(9), list_price=Decimal(10)))

    assert found(changes(lake.uri, "2d", now=NOW)) == [("s:b", "price", "10.00 EUR", "9.00 EUR")]


def test_the_largest_price_drops_come_first_and_only_some_rows_are_shown(
    lake: Lake, crawled: Crawled
) -> None:
    crawled(2, *(product(f"{n:03d}", price=Decimal(100)) for n in range(99)))
    crawled(1, *(product(f"{n:03d}", price=Decimal(99 - n), list_price=Decimal(100)) for n in range(99)))

    result = changes(lake.uri, "2d", now=NOW)

    assert len(result["changes"]) == 50
    assert found(result)[:2] == [
        ("s:098", "price", "100.00 EUR", "1.00 EUR"),
        ("s:097", "price", "100.00 EUR", "2.00 EUR"),
    ]
    assert result["counts"]["price"] == 198


def test_what_cannot_be_compared_is_said(lake: Lake, crawled: Crawled, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no crawl yet"):
        changes(lake.uri, "2d", now=NOW)
    crawled(1, product("a"))
    with pytest.raises(InputError, match="--kind prices"):
        changes(lake.uri, "2d", kinds=["prices"], now=NOW)
    with pytest.raises(InputError, match=r"--shop t: .* there are s"):
        changes(lake.uri, "2d", shop="t", now=NOW)
    with pytest.raises(InputError, match="after --until"):
        changes(lake.uri, "1d", until="2d", now=NOW)
    with pytest.raises(InputError, match="after now"):
        changes(lake.uri, "2027-01-01", now=NOW)
    with pytest.raises(InputError, match="is a folder"):
        changes(lake.uri, "2d", out=str(tmp_path), now=NOW)
    with pytest.raises(InputError, match="No such file"):
        changes(lake.uri, "2d", out=str(tmp_path / "no" / "c.parquet"), now=NOW)
    assert changes(lake.uri, "9d", until="8d", now=NOW)["shops"][0]["note"] == "not crawled by then"


def test_no_schema_column_is_left_without_words() -> None:
    assert all(field.metadata[b"doc"] for field in CHANGES)
    assert pa.types.is_timestamp(CHANGES.field("seen_at").type)
