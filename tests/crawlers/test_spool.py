from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crawlers.spool import Spool
from schemas.product import Product

THEN = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.db")


def product(name: str, *urls: str) -> Product:
    return Product(
        product_id=f"acme:{name}",
        shop="acme",
        title=f"Title «{name}»",
        source="json-ld",
        fetched_at=THEN,
        price=Decimal("19.9000"),
        in_stock=False,
        tags=("a", "b"),
        attributes={"Größe": "S"},
        image_urls=urls,
        image_views=("front",) * len(urls),
    )


def test_a_product_comes_back_as_it_went_in(spool: Spool) -> None:
    there = product("1", "u1", "u2")
    spool.add(there)

    (back, image_ids, before, first_seen) = next(spool.products())

    assert back == there
    assert back.content_hash() == there.content_hash()
    assert (image_ids, before, first_seen) == (("", ""), "", None)


def test_an_id_is_taken_once(spool: Spool) -> None:
    assert spool.add(product("1", "u1"))
    assert not spool.add(product("1", "u2"))
    assert [url for url, _ in spool.photos()] == ["u1"]


def test_each_address_is_asked_once_for_the_first_product_that_shows_it(spool: Spool) -> None:
    for name, urls in {"b": ["u1", "u2"], "a": ["u2", "u3"]}.items():
        spool.add(product(name, *urls))
    spool.answer("u1", "id1")

    assert list(spool.photos()) == [("u2", "acme:b"), ("u3", "acme:a")]
    assert spool.photo_count() == 2


def test_answers_find_their_places_also_while_photos_are_being_read(spool: Spool) -> None:
    spool.add(product("1", "u1", "u2"))
    spool.add(product("2", "u3"))

    for url, _ in spool.photos():
        if url != "u2":
            spool.answer(url, f"id-{url}")

    assert [ids for _, ids, *_ in spool.products()] == [("id-u1", ""), ("id-u3",)]


def test_rows_of_one_product_may_arrive_apart(spool: Spool) -> None:
    spool.add(product("1", "u1"))
    spool.add(product("2", "u2"))
    spool.add_photo("acme:1", "u3", "back")

    first = next(spool.products())[0]

    assert (first.image_urls, first.image_views) == (("u1", "u3"), ("front", "back"))


def test_the_previous_crawl_is_remembered_by_id(spool: Spool) -> None:
    spool.remember([("acme:1", "old hash", THEN), ("acme:gone", "x", THEN)])
    spool.add(product("1", "u1"))
    spool.add(product("2", "u1"))

    assert [(before, seen) for *_, before, seen in spool.products()] == [("old hash", THEN), ("", None)]
    assert spool.gone() == 1
