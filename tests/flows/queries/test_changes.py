"""flows/queries/changes.py on real lakes: which crawls are compared, what is found, and what is told."""

import itertools
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from flows.queries.changes import changes
from infra import lake as lake_module
from infra.lake import Lake
from schemas.change import CHANGES
from schemas.errors import InputError, LakeError
from schemas.ids import new_run_id
from schemas.product import PRODUCTS, Product
from tests.flows.command_line import imported_by, vitrine

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
State = dict[str, Product]
Crawled = Callable[..., str]


def product(key: str, shop: str = "s", **facts: Any) -> Product:
    known = {
        "title": f"Dress {key}",
        "price": Decimal(10),
        "currency": "EUR",
        "url": f"http://127.0.0.1/{key}",
    }
    return Product(product_id=f"{shop}:{key}", shop=shop, source="json-ld", fetched_at=NOW, **(known | facts))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def crawled(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Crawled:
    """Commits a crawl that was begun so many days ago."""
    calls = itertools.count()

    def commit(
        days_ago: float,
        *products: Product,
        shop: str = "s",
        complete: bool | None = None,
        parents: Sequence[str] = (),
        **parameters: Any,
    ) -> str:
        began = NOW - timedelta(days=days_ago) + timedelta(milliseconds=next(calls))
        monkeypatch.setattr(lake_module, "new_run_id", lambda: new_run_id(began))
        asked = {"shop": shop} | parameters
        run = lake.begin("crawl", "crawl", f"{shop} {days_ago}", parents=parents, parameters=asked)
        run.started_at = began
        rows = run.writer(PRODUCTS)
        for item in products:
            rows.write(item.row(("",) * len(item.image_urls), began))
        run.add(PRODUCTS, rows.close())
        said = {} if complete is None else {"complete": complete}
        return lake.commit(run, {"shop": shop, "crawl_id": run.run_id} | said).run_id

    return commit


def found(result: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(row["product_id"], row["field"], row["before"], row["after"]) for row in result["changes"]]


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


def test_the_file_holds_every_row_with_its_declared_columns(
    lake: Lake, crawled: Crawled, tmp_path: Path
) -> None:
    crawled(2, *(product(f"{n:03d}") for n in range(99)))
    crawled(1, *(product(f"{n:03d}", title="Coat", price=Decimal(9)) for n in range(99)))

    result = changes(lake.uri, "2d", kinds=["text"], out=str(tmp_path / "c.parquet"), now=NOW)

    table = pq.read_table(tmp_path / "c.parquet")
    assert table.schema.equals(CHANGES, check_metadata=True)
    assert table.num_rows == 99 == sum(result["counts"].values())
    assert list(result["counts"]) == ["text"]
    shown = [row | {"seen_at": datetime.fromisoformat(row["seen_at"])} for row in result["changes"]]
    assert [{name: row[name] for name in table.column_names} for row in shown] == table.to_pylist()[:50]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["c.parquet"]


def test_a_file_is_whole_or_as_it_was(lake: Lake, crawled: Crawled, tmp_path: Path) -> None:
    crawled(2, product("a"))
    part = lake.part_paths(lake.run(crawled(1, product("a", title="Coat"))), "products")[0]
    (tmp_path / "c.parquet").write_text("of yesterday")
    Path(part).write_bytes(Path(part).read_bytes()[:300])

    with pytest.raises(LakeError, match="cannot be read"):
        changes(lake.uri, "2d", out=str(tmp_path / "c.parquet"), now=NOW)

    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["c.parquet"]
    assert (tmp_path / "c.parquet").read_text() == "of yesterday"


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


def test_the_command_prints_one_object_and_the_file(lake: Lake, crawled: Crawled, tmp_path: Path) -> None:
    first = crawled(2, product("a"), product("b"))
    crawled(1, product("a", price=Decimal("7.50")))
    out = tmp_path / "c.parquet"

    done = vitrine("changes", "--since", first, "--lake", lake.uri, "--out", str(out), "--json")

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["since"] == first
    assert result["counts"] == {"price": 1, "stock": 0, "text": 0, "photos": 0, "added": 0, "removed": 1}
    assert pq.read_metadata(out).num_rows == 2


def test_a_person_reads_a_table_and_a_shop_s_words_stay_words(lake: Lake, crawled: Crawled) -> None:
    crawled(2, product("a", title="[red]Dress\x1b[2J\u202e", price=Decimal(20)))
    first = crawled(1, product("a", title="[red]Dress\x1b[2J\u202e", price=Decimal(15)))

    done = vitrine("changes", "--since", "2026-11-01", "--until", first, "--lake", lake.uri)

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "20.00 EUR" in done.stderr and "-25%" in done.stderr
    assert "[red]Dress[2J" in done.stderr
    assert "\x1b[2J" not in done.stderr and "\u202e" not in done.stderr


@pytest.mark.parametrize("words", [("--since", "soon"), ("--since", "3d", "--kind", "colour")])
def test_a_bad_option_is_one_line(words: tuple[str, ...], lake: Lake, crawled: Crawled) -> None:
    crawled(1, product("a"))

    done = vitrine("changes", *words, "--lake", lake.uri, "--json")

    assert done.returncode == 1
    message = json.loads(done.stdout)["error"]["message"]
    assert message.startswith(words[-2]) and f"vitrine: {message}" in done.stderr.splitlines()


def test_the_command_starts_neither_prefect_nor_ray(lake: Lake, crawled: Crawled) -> None:
    crawled(1, product("a"))

    found = imported_by("changes", "--since", "3d", "--lake", lake.uri)

    assert "workers" in found
    assert not {"prefect", "ray", "torch", "scrapy"} & found


def test_no_schema_column_is_left_without_words() -> None:
    assert all(field.metadata[b"doc"] for field in CHANGES)
    assert pa.types.is_timestamp(CHANGES.field("seen_at").type)


def test_a_file_is_written_in_the_format_of_its_name(lake: Lake, crawled: Crawled, tmp_path: Path) -> None:
    crawled(2, product("1"), product("2"))
    crawled(1, product("1", title='Coat, "wide"'), product("2"))

    changes(lake.uri, "2d", out=str(tmp_path / "c.csv"), now=NOW)
    changes(lake.uri, "2d", kinds=["stock"], out=str(tmp_path / "none.CSV"), now=NOW)

    table = pacsv.read_csv(tmp_path / "c.csv")
    assert (table.num_rows, table.column_names) == (1, CHANGES.names)
    assert table["after"].to_pylist() == ['Coat, "wide"']
    assert (tmp_path / "none.CSV").read_text().count("\n") == 1
    with pytest.raises(InputError, match=r"\.xlsx is none that is written; name it \.parquet or \.csv"):
        changes(lake.uri, "2d", out=str(tmp_path / "c.xlsx"), now=NOW)
    assert not list(tmp_path.glob("*xlsx*"))
