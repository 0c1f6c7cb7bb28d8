import re

import pytest
from scrapy.http import HtmlResponse

from crawlers.doctor.shop_links import (
    card_links,
    listing_patterns,
    menu_links,
    page_within,
    product_pattern,
)
from crawlers.extract.page_url import place_of

HOME = "https://shop.example/"


def page(body: str, url: str = HOME) -> HtmlResponse:
    return HtmlResponse(url, body=f"<html><body>{body}</body></html>".encode(), encoding="utf-8")


@pytest.mark.parametrize(
    ("paths", "like", "unlike"),
    [
        (["/p/a.html", "/p/b-2.html"], "/p/new.html?ref=1", "/p/a/reviews"),
        (["/w/coats/12", "/m/hats/7"], "/w/x/9", "/w/coats"),
        (["/show.php?id=4&c=1", "/show.php?id=5&c=1"], "/show.php?c=2&id=77", "/show.php?c=1"),
        (["/item-1/", "/item-2/"], "/item-3", "/item-3/x"),
    ],
)
def test_the_pattern_of_some_products_matches_other_products_only(
    paths: list[str], like: str, unlike: str
) -> None:
    pattern = product_pattern([f"https://shop.example{path}" for path in paths], [])

    assert all(re.search(pattern, path) for path in [*paths, like])
    assert not re.search(pattern, unlike)


def test_there_is_no_pattern_where_listings_look_the_same() -> None:
    assert product_pattern([HOME + "red-hat", HOME + "blue-hat"], [HOME + "hats"]) == ""
    assert product_pattern([HOME + "a/b", HOME + "c"], []) == ""
    assert product_pattern([HOME + "only"], [HOME + "only"]) == ""


def test_menu_addresses_become_a_folder_or_stay_as_they_are() -> None:
    assert listing_patterns([HOME + "c/hats", HOME + "c/coats", HOME + "sale"]) == ["^/c/", r"^/sale(?:\?|$)"]


def test_cards_are_links_with_a_price_or_photo_beside_them_and_alike_in_form() -> None:
    tiles = "<a href=/c/hats><img src=h.jpg></a><a href=/c/coats><img src=c.jpg></a>"
    cards = "".join(f"<li><a href=/i/{n}>Hat</a><p>€ {n},90</p></li>" for n in range(4))
    text = "<p>See <a href=/about>us</a> and <a href=/i/9/size>sizes</a></p>"

    found = card_links([page(f"<nav><a href=/i/77>€ 1,00</a></nav>{tiles}<ul>{cards}</ul>{text}")])

    assert found == [f"{HOME}i/{n}" for n in range(4)]


def test_a_page_of_text_has_no_cards() -> None:
    assert card_links([page("<p><a href=/a>a</a> <a href=/b>b</a></p>")]) == []


def test_links_out_of_the_shop_into_the_cart_and_to_files_are_none() -> None:
    here = page(
        "<header><a href=/>Home</a><a href=/hats>Hats</a><a href=/cart>Cart</a><a href=//b.example/>B</a></header>"
    )

    assert menu_links(here) == [HOME + "hats"]
    assert [page_within(here, link) for link in ("http://[x", "mailto:a@b.example", "/a.pdf", "/a#b")] == [
        "",
        "",
        "",
        HOME + "a",
    ]
    assert place_of(HOME + "a?b=1#c") == "/a?b=1"
