"""crawlers/doctor/gallery_guesses.py: pictures of the product, and not of the shop or of its neighbours."""

import pytest

from crawlers.doctor.gallery_guesses import gallery
from tests.crawlers.doctor.pages import product_pages

SHARED = "<img src=/img/x9.jpg>"


def own(n: int) -> str:
    return f"<img src=/img/{n}-a.jpg><img src=/img/{n}-b.jpg>"


def test_most_photos_of_each_pages_own() -> None:
    pages = product_pages(
        lambda n: f"<div class=gallery>{own(n)}</div><div class=swatch><img src=/s/{n}.jpg></div>"
    )

    assert gallery(pages) == "main img"
    assert gallery(product_pages(lambda n: f"<div class=gallery>{own(n)}</div>{SHARED}")) == ".gallery img"


@pytest.mark.parametrize("without", [{1}, {0, 3}, {0, 1, 2}])
def test_the_picture_of_products_without_a_photo_does_not_rule_a_gallery_out(without: set[int]) -> None:
    pages = product_pages(lambda n: f"<div id=shots>{SHARED if n in without else own(n)}</div>")

    assert gallery(pages) == "#shots img"


def test_one_photo_of_all_products_is_no_gallery() -> None:
    assert not gallery(product_pages(lambda n: f"<div class=hero>{SHARED}</div>"))
    assert not gallery(product_pages(lambda n: f"<div class=hero>{own(n) if n == 0 else SHARED}</div>"))


def test_a_picture_beside_the_products_own_is_the_shops() -> None:
    pages = product_pages(lambda n: f"<div class=box>{SHARED}<p class=shot>{own(n)}</p></div>")

    assert gallery(pages) == ".shot img"


def test_what_leads_to_other_pages_is_a_neighbour() -> None:
    cards = "".join(f"<a class=card href=/wares/{{n}}{k}><img src=/img/{{n}}{k}.jpg></a>" for k in range(5))
    pages = product_pages(lambda n: f"<p class=shot>{own(n)}</p>{cards.format(n=n)}")

    assert gallery(pages) == ".shot img"


def test_links_to_larger_files_are_no_neighbours() -> None:
    pages = product_pages(lambda n: f"<p class=shot><a href=/full/{n}.jpg><img src=/t/{n}.jpg></a></p>")

    assert gallery(pages) == ".shot img"


def test_a_page_without_pictures_may_have_a_share_image() -> None:
    pages = product_pages(lambda n: f"<meta property=og:image content=/img/{n}.jpg>")

    assert gallery(pages) == 'meta[property="og:image"]'
