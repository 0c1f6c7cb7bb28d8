import pytest
from scrapy.http import HtmlResponse

from crawlers.discover.links import visits_from
from crawlers.discover.visit import Visit
from crawlers.extract.schema_org.jsonld import nodes_on
from crawlers.platforms import Shop, load
from schemas.product import Product


def visits(body: str, url: str = "https://shop.example/c/coats") -> dict[str, bool]:
    """Path and query of what a page leads to, and whether it is taken for a product page."""
    page = HtmlResponse(url, body=f"<html><body>{body}</body></html>".encode(), encoding="utf-8")
    found = visits_from(page, nodes_on(page)[0], "shop.example")
    return {visit.url.removeprefix("https://shop.example"): visit.product for visit in found}


def test_repeated_cards_with_a_price_are_products_wherever_their_link_is() -> None:
    cards = "".join(
        f"<div class='card'><img><a href='/red-coat-{n}'>Coat</a><p>from <b>€{n}9</b></p></div>"
        for n in range(3)
    )
    lone = "<div class='note'><a href='/delivery-times'>Free from 50 EUR</a></div>"

    found = visits(cards + lone)

    assert found == {"/red-coat-0": True, "/red-coat-1": True, "/red-coat-2": True}


def test_pictures_without_a_price_are_walked_and_may_turn_out_to_be_products() -> None:
    assert visits("<a href='/women'><img></a><a href='/p/1'><img></a>") == {"/women": False, "/p/1": True}


def test_navigation_is_walked_and_what_is_no_shop_is_not() -> None:
    found = visits(
        "<nav><a href='/women'>W</a><a href='/about-us'>A</a><a href='/cart'>C</a></nav><a href='/somewhere'>S</a>"
    )

    assert found == {"/women": False}


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        ("?page=2", True),
        ("?page=1", False),
        ("/c/coats/page/3/", True),
        ("/c/coats?p=2&sort=price", False),
        ("/c/coats?page=2&color=red", False),
        ("/calendar?page=2", False),
    ],
)
def test_further_pages_of_a_list_are_followed_and_its_facets_are_not(link: str, followed: bool) -> None:
    found = visits(f"<a href='/p/1'><img></a><a href='{link}'>x</a>")

    assert len(found) == 1 + followed


def test_a_list_without_products_is_not_followed_further() -> None:
    assert visits("<link rel='next' href='?page=9'><a href='?page=9'>9</a>") == {}


def test_next_is_followed_whether_it_is_a_link_or_an_anchor() -> None:
    found = visits(
        "<link rel='next' href='/c/coats;2'><a rel='nofollow next' href='/c/coats;3'>x</a><a href='/p/1'>y</a>"
    )

    assert found == {"/c/coats;2": False, "/c/coats;3": False, "/p/1": True}


def test_the_entries_of_an_item_list_are_products() -> None:
    block = (
        '{"@type":"ItemList","itemListElement":[{"url":"/red-coat"},{"item":{"url":"/blue-coat"}},'
        '{"item":"https://shop.example/grey-coat"},{"url":"https://else.example/x"},{"url":5},"x"]}'
    )

    found = visits(f"<script type='application/ld+json'>{block}</script>")

    assert found == {"/red-coat": True, "/blue-coat": True, "/grey-coat": True}


@pytest.mark.parametrize(
    ("address", "product"),
    [
        ("/index.php?route=product/product&product_id=4", True),
        ("/index.php?route=product/category&path=20", False),
        ("/shop/linen-shirt", True),
        ("/collections/coats", False),
        ("/collections/coats/products/duffle", True),
    ],
)
def test_addresses_tell_products_from_categories(address: str, product: bool) -> None:
    assert visits(f"<a href='{address}'>x</a>") == {address: product}


def test_links_to_other_hosts_and_to_files_are_left() -> None:
    body = "<a href='https://else.example/p/1'><img></a><a href='/p/1.jpg'><img></a><a href='mailto:p/1'>m</a><a href='http://[x/p/1'>b</a>"

    assert visits(body) == {}


def test_a_page_walked_as_a_list_that_is_a_product_is_read_as_one() -> None:
    node = '{"@type":"Product","sku":"7","name":"Coat","image":"/a.jpg"}'
    body = f"<script type='application/ld+json'>{node}</script><a href='/p/2'><img></a>"
    page = HtmlResponse("https://shop.example/coat", body=body.encode(), encoding="utf-8")

    found = list(load("structured", Shop("acme", "https://shop.example/")).listing(page))

    assert [type(item) for item in found] == [Product]
    assert load("structured", Shop("acme", "https://shop.example/")).at("https://shop.example/coat") == Visit(
        "https://shop.example/coat", product=True
    )
