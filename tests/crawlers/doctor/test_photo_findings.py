"""crawlers/doctor/photo_findings.py: what a sample says of a shop's photos."""

from dataclasses import replace

import pytest

from crawlers.doctor.photo_findings import photo_findings, photo_sentences
from schemas.product import Product
from tests.crawlers.liststore import SHOP, product

SHARED = f"{SHOP}/img/x7.jpg"


def sample(products: int, sharing: int, shared: str = SHARED) -> list[Product]:
    return [
        product(n, photos=(shared,) if n < sharing else (f"{SHOP}/img/{n}.jpg",)) for n in range(products)
    ]


@pytest.mark.parametrize(
    ("products", "sharing", "told"),
    [(1, 1, False), (6, 1, False), (6, 2, True), (12, 2, True), (30, 3, False), (30, 4, True), (250, 5, False),
     (250, 6, True)],
)  # fmt: skip
def test_a_photo_of_several_products_is_told(products: int, sharing: int, told: bool) -> None:
    found = photo_findings(sample(products, sharing))

    assert found["shared_photos"] == ([{"url": SHARED, "products": sharing}] if told else [])
    assert bool(photo_sentences(found, products)) is told


def test_sizes_of_one_photo_are_one_photo() -> None:
    products = [product(n, photos=(f"{SHOP}/img/x7-{100 + n}x200.jpg",)) for n in range(4)]

    assert [photo["products"] for photo in photo_findings(products)["shared_photos"]] == [4]


def test_a_sentence_says_how_many_which_and_what_a_crawl_does() -> None:
    (told,) = photo_sentences(photo_findings(sample(8, 2)), 8)
    (named,) = photo_sentences(photo_findings(sample(8, 2, f"{SHOP}/no-image.png")), 8)

    assert told == f"2 of 8 sampled products show one and the same photo, {SHARED}: perhaps a placeholder"
    assert named.endswith(
        "no-image.png: perhaps a placeholder (a crawl refuses it, since its file is named so)"
    )


def test_pictures_that_are_not_read_are_summed_and_told() -> None:
    found = photo_findings(
        [replace(product(1), unread_photos=3), product(2), replace(product(3), unread_photos=2)]
    )

    assert found["unread_photos"] == 5
    assert photo_sentences(found, 3)[0].startswith(
        "the sampled pages show 5 more pictures than their data states"
    )
