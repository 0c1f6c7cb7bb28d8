"""crawlers/extract/union.py: what a further page of a product adds."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from crawlers.extract.merge import MOST_PHOTOS
from crawlers.extract.reading import LONGEST
from crawlers.extract.union import united
from schemas.product import Product
from tests.crawlers.liststore import product

COAT = replace(
    product(1, photos=("https://shop.example/a.jpg?v=1",)),
    colour="moss, Sand",
    tags=("wool",),
    attributes={"size": "36"},
    price=Decimal(50),
    list_price=Decimal(70),
    currency="EUR",
    in_stock=False,
)


def further(**facts: Any) -> Product:
    return replace(COAT, **facts)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"title": "Coat, moss", "description": "", "url": "https://shop.example/other"},
        {"colour": "sand"},
        {"tags": ()},
        {"price": Decimal(60)},
        {"price": Decimal(10), "currency": "USD"},
        {"in_stock": None},
        {"image_urls": ("https://shop.example/a.jpg?v=2",)},
        {"image_urls": ("https://shop.example/a-300x300.jpg",)},
        {"image_urls": (), "image_views": ()},
        {"unread_photos": 3},
        {"attributes": {}},
    ],
)
def test_a_page_that_adds_nothing_leaves_the_product_as_it_is(facts: dict[str, Any]) -> None:
    assert united(COAT, further(**facts)) is COAT


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"colour": "ink"}, {"colour": "moss, Sand, ink"}),
        ({"colour": "SAND, ink"}, {"colour": "moss, Sand, ink"}),
        ({"tags": ("linen", "wool")}, {"tags": ("wool", "linen")}),
        ({"attributes": {"size": "38", "fit": "slim"}}, {"attributes": {"size": "36, 38", "fit": "slim"}}),
        ({"description": "Warm."}, {"description": "Warm."}),
        ({"brand": "Acme", "gender": "women"}, {"brand": "Acme", "gender": "women"}),
        ({"in_stock": True}, {"in_stock": True}),
        (
            {"price": Decimal(40), "list_price": None},
            {"price": Decimal(40), "list_price": None, "currency": "EUR"},
        ),
        (
            {"image_urls": ("b.jpg", "https://shop.example/a.jpg?v=9"), "image_views": ("back", "")},
            {"image_urls": ("https://shop.example/a.jpg?v=1", "b.jpg"), "image_views": ("front", "back")},
        ),
    ],
)
def test_what_a_further_page_says_beyond_is_taken_in(facts: dict[str, Any], expected: dict[str, Any]) -> None:
    whole = united(COAT, further(**facts))

    assert {name: getattr(whole, name) for name in expected} == expected
    assert (whole.title, whole.url) == (COAT.title, COAT.url)


def test_a_price_comes_with_its_currency_from_a_page_that_has_both() -> None:
    bare = further(price=None, list_price=None, currency="")

    assert [united(bare, COAT).price, united(bare, COAT).currency] == [Decimal(50), "EUR"]
    assert united(replace(bare, currency="USD"), COAT).price is None


def test_a_sentence_is_no_list_and_what_grows_too_long_stays() -> None:
    care = "Wash it by hand in cold water and dry it lying on a towel in the shade"
    first = further(attributes={"care": care}, colour="x" * 50)

    assert united(first, further(attributes={"care": care + " for ever"}, colour="x" * 50)) is first
    many = ", ".join(f"colour {n:04}" for n in range(LONGEST["colour"]))
    assert united(first, further(colour=many, attributes={})) is first


def test_photos_are_bounded_and_a_field_filled_up_names_its_source() -> None:
    urls = tuple(f"{n}.jpg" for n in range(2 * MOST_PHOTOS))
    other = further(image_urls=urls, image_views=("",) * len(urls), description="Warm.", source="microdata")

    whole = united(COAT, other)

    assert len(whole.image_urls) == len(whole.image_views) == MOST_PHOTOS
    assert whole.sources == {"description": "microdata", "title": "json-ld"}


def test_a_larger_file_of_a_known_photo_takes_its_place() -> None:
    small = further(
        image_urls=("https://shop.example/a_small.jpg", "https://shop.example/b.jpg"),
        image_views=("front", ""),
    )

    whole = united(small, COAT)

    assert whole.image_urls == ("https://shop.example/a.jpg?v=1", "https://shop.example/b.jpg")
    assert whole.image_views == ("front", "")
