"""crawlers/state/photo_notes.py: photos of too many products, and pictures that pages show beside their data."""

from dataclasses import replace
from pathlib import Path

import pytest

from crawlers.state.catalogue_rows import CatalogueRows
from crawlers.state.photo_notes import SharedPhoto, photo_notes, shared_photos
from crawlers.state.tables.crawl_state import CrawlState
from tests.crawlers.liststore import SHOP, product, yesterday

SHARED = f"{SHOP}/img/x7.jpg"
STORED = "ab" * 32


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


def add(state: CrawlState, products: int, sharing: int, own: bool = True) -> None:
    """Put products into a state of which the first ones show one photo, beside their own or alone."""
    for n in range(products):
        mine = (f"{SHOP}/img/{n}.jpg",) if own or n >= sharing else ()
        state.collected.add_product(product(n, photos=((SHARED,) if n < sharing else ()) + mine))
        for url in mine:
            state.collected.set_photo(url, f"{n:064x}")


def test_a_photo_that_many_products_show_is_told_with_its_address_and_their_number(state: CrawlState) -> None:
    add(state, 40, 11, own=False)
    state.collected.set_photo(SHARED, STORED)

    told = photo_notes(state, 40)

    assert told["shared_photos"] == [{"url": SHARED, "products": 11}]
    (note,) = told["notes"]
    assert note.startswith(f"11 of 40 products show one and the same photo, {SHARED}: ")


@pytest.mark.parametrize(
    ("products", "sharing", "told"),
    [
        (40, 5, False),
        (40, 6, True),
        (1_000, 20, False),
        (1_000, 21, True),
        (4_000, 51, True),
        (4_000, 50, False),
    ],
)
def test_colours_of_one_style_may_share_a_photo(
    products: int, sharing: int, told: bool, state: CrawlState
) -> None:
    add(state, products, sharing)

    assert bool(shared_photos(state)) is told


def test_one_photo_at_many_addresses_is_one_photo(state: CrawlState) -> None:
    for n in range(9):
        state.collected.add_product(product(n, photos=(f"{SHOP}/img/{n}.jpg?id={n}",)))
        state.collected.set_photo(f"{SHOP}/img/{n}.jpg?id={n}", STORED)

    assert shared_photos(state) == [SharedPhoto(f"{SHOP}/img/0.jpg?id=0", 9)]


def test_an_address_that_gave_no_photo_is_counted_as_well(state: CrawlState) -> None:
    add(state, 30, 9, own=False)

    assert shared_photos(state) == [SharedPhoto(SHARED, 9)]


def test_one_product_that_names_a_photo_twice_shows_it_once(state: CrawlState) -> None:
    for n in range(5):
        state.collected.add_product(product(n, photos=(SHARED, f"{SHARED}?v=2")))
    for url in (SHARED, f"{SHARED}?v=2"):
        state.collected.set_photo(url, STORED)

    assert shared_photos(state) == []


def test_products_that_were_not_asked_again_count_too(state: CrawlState) -> None:
    state.previous.load_products(yesterday(n, STORED, photos=(SHARED,)) for n in range(12))
    state.previous.mark_unchanged(f"acme:{n}" for n in range(10))
    state.collected.add_product(product(10, photos=(SHARED,)))
    state.previous.mark_fetched("acme:10")
    state.collected.set_photo(SHARED, STORED)
    CatalogueRows(state).decide(complete=True)  # 11 is in no listing any more

    assert shared_photos(state) == [SharedPhoto(SHARED, 11)]


def test_only_the_photos_of_most_products_are_told(state: CrawlState) -> None:
    urls = [f"{SHOP}/img/shared-{n}.jpg" for n in range(9)]
    for n in range(20):
        state.collected.add_product(product(n, photos=tuple(urls[: 1 + n % 9])))

    assert [photo.url for photo in shared_photos(state)] == urls[:5]
    (note,) = photo_notes(state, 20)["notes"]
    examples = ", ".join(f"{url} ({n})" for url, n in zip(urls[:3], (20, 17, 14), strict=True))
    assert note.startswith(f"7 photos are shown by many of 20 products each, {examples}, and others: ")


def test_pictures_beside_the_data_are_counted_and_told(state: CrawlState) -> None:
    for n, pictures in enumerate((3, None, 4)):
        state.collected.add_product(replace(product(n), unread_photos=pictures))

    told = photo_notes(state, 3)

    assert told["unread_photos"] == 7
    assert told["notes"][0].startswith("the pages of 2 products show 7 more pictures than their data states")


def test_a_catalogue_in_order_has_no_notes(state: CrawlState) -> None:
    add(state, 30, 0)

    assert photo_notes(state, 30) == {"shared_photos": [], "unread_photos": 0, "notes": []}
