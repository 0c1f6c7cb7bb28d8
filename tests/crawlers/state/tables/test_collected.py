from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crawlers.discover.walls import led_to
from crawlers.state.tables.collected import Collected
from crawlers.state.tables.crawl_state import CrawlState
from schemas.product import Product
from schemas.reject import Reject

THEN = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    return CrawlState(tmp_path / "state.db").collected


def product(name: str, *urls: str) -> Product:
    return Product(
        product_id=f"acme:{name}",
        shop="acme",
        title=f"Title «{name}»",
        source="json-ld",
        fetched_at=THEN,
        price=Decimal("19.9000"),
        list_price=Decimal("29.9000"),
        in_stock=False,
        tags=("a", "b"),
        attributes={"Größe": "S"},
        sources={"price": "microdata"},
        image_urls=urls,
        image_views=("front",) * len(urls),
    )


def test_a_product_comes_back_as_it_went_in(collected: Collected) -> None:
    there = product("1", "u1", "u2")
    collected.add_product(there)

    (back, image_ids) = next(collected.products())

    assert back == there
    assert back.content_hash() == there.content_hash()
    assert image_ids == ("", "")


def test_each_page_of_a_product_has_its_row_and_the_product_counts_once(collected: Collected) -> None:
    assert collected.add_product(product("1", "u1"), "page-b", "de")
    assert collected.adds_to(product("1", "u1", "u2")) and not collected.adds_to(product("1", "u1"))
    assert not collected.add_product(product("1", "u2"), "page-a")

    rows = collected.pages_of("acme:1")
    assert [(row.page, row.language) for row in rows] == [("page-b", "de"), ("page-a", "")]
    assert (collected.shown_twice(), collected.product_count()) == (["acme:1"], 1)
    assert collected.product_shown(rows[1]).image_urls == ("u2",)

    collected.rewrite(rows[0], product("1", "u1", "u2", "u3"))
    collected.drop("acme:1", rows[1:])
    assert [url for url, *_ in collected.photos_to_ask()] == ["u1", "u2", "u3"]
    assert (collected.shown_twice(), collected.product_count()) == ([], 1)

    collected.drop("acme:1", rows[:1])
    assert collected.product_count() == 0 and not collected.has_product("acme:1")


def test_what_many_pages_led_to_is_a_wall_and_what_two_led_to_is_none(collected: Collected) -> None:
    for n in range(5):
        detail = led_to("/gate" if n < 3 else "/sale")
        collected.add_reject(Reject("page", "no_product", f"u{n}", detail=detail))

    assert collected.name_walls(3) == ["u0", "u1", "u2"]
    assert collected.walls() == [("led to /gate, which shows no product", 3)]
    assert collected.reject_counts() == {("page", "consent_wall"): 3, ("page", "no_product"): 2}
    assert collected.name_walls(3) == []


def test_photo_addresses_without_an_answer_come_by_product_also_while_answers_are_written(
    collected: Collected,
) -> None:
    for name, urls in {"b": ["u1", "u2"], "a": ["u2", "u3"]}.items():
        collected.add_product(product(name, *urls))
    collected.set_photo("u1", "id1")

    asked = []
    for url, shown_by, _ in collected.photos_to_ask():
        asked.append((url, shown_by))
        collected.set_photo(f"other of {url}", "x")

    assert asked == [("u2", "acme:a"), ("u3", "acme:a"), ("u2", "acme:b")]


def test_a_catalogue_of_any_length_is_read_in_slices(collected: Collected) -> None:
    for n in range(700):
        collected.add_product(product(f"{n:04d}", f"a{n}", f"b{n}"))

    assert len(list(collected.photos_to_ask())) == 1400
    assert [p.product_id for p, _ in collected.products()] == [f"acme:{n:04d}" for n in range(700)]


def test_answers_find_their_places(collected: Collected) -> None:
    collected.add_product(product("1", "u1", "u2"))
    collected.add_product(product("2", "u3"))

    for url in ("u1", "u3"):
        collected.set_photo(url, f"id-{url}")

    assert [ids for _, ids in collected.products()] == [("id-u1", ""), ("id-u3",)]


def test_rows_of_one_product_may_arrive_apart(collected: Collected) -> None:
    collected.add_product(product("1", "u1"))
    collected.add_product(product("2", "u2"))
    collected.add_photo("acme:1", "u3", "back")

    first = next(collected.products())[0]

    assert (first.image_urls, first.image_views) == (("u1", "u3"), ("front", "back"))


def test_a_refusal_of_what_is_asked_again_is_deleted(collected: Collected) -> None:
    row = Reject("image", "timeout", "u1", "acme:1", "no answer in time")
    collected.add_reject(row)
    collected.add_reject(Reject("page", "timeout", "u1"))

    collected.delete_rejects("u1", "page")

    (back,) = collected.rejects()
    assert back | {"at": row.at} == row.row()
    assert collected.reject_counts() == {("image", "timeout"): 1}
