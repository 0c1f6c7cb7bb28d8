from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crawlers.state.collected import Collected
from crawlers.state.crawl_state import CrawlState
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


def test_an_id_is_taken_once(collected: Collected) -> None:
    assert collected.add_product(product("1", "u1"))
    assert not collected.add_product(product("1", "u2"))
    assert [url for url, *_ in collected.photos_to_ask()] == ["u1"]


def test_photo_addresses_without_an_answer_come_in_the_order_found_also_while_answers_are_written(
    collected: Collected,
) -> None:
    for name, urls in {"b": ["u1", "u2"], "a": ["u2", "u3"]}.items():
        collected.add_product(product(name, *urls))
    collected.set_photo("u1", "id1")

    asked = []
    for url, shown_by, _ in collected.photos_to_ask():
        asked.append((url, shown_by))
        collected.set_photo(f"other of {url}", "x")

    assert asked == [("u2", "acme:b"), ("u2", "acme:a"), ("u3", "acme:a")]


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
