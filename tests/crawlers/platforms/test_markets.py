"""Shops whose home page is in a market or a folder: their feeds are asked for there."""

import pytest

from crawlers.platforms import SURE, Shop, load
from tests.crawlers.platforms.feed_server import (
    SHOPIFY_PAGE,
    URL,
    Server,
    detected,
    home,
    one_product,
    woo_entry,
)


@pytest.mark.parametrize(
    ("url", "folders"),
    [
        ("https://shop.example", ["/"]),
        ("https://shop.example/en-gb", ["/en-gb/"]),
        ("https://shop.example/gb/?x=1", ["/gb/"]),
        ("https://shop.example/boutique", ["/boutique/", "/"]),
        ("https://shop.example/a/index.php?l=1", ["/a/", "/"]),
        ("https://shop.example/pages/home", ["/pages/home/", "/pages/", "/"]),
    ],
)
def test_a_shop_s_own_paths_begin_in_its_market_or_folder(url: str, folders: list[str]) -> None:
    assert [folder.removeprefix("https://shop.example") for folder in Shop("acme", url).folders] == folders


@pytest.mark.parametrize("place", ["fr-ch", "fr-ch/"])
def test_a_market_s_feed_is_read_in_the_market_with_or_without_a_slash(place: str) -> None:
    answers: dict[str, object] = {"fr-ch/products.json": one_product, "products.json": one_product}
    server = Server(**answers)

    shop = load("shopify", Shop("acme", f"{URL}{place}"))
    score, begin = detected(shop, server, home(SHOPIFY_PAGE))

    assert (score, begin) == (SURE, [f"{URL}fr-ch/products.json?limit=250&page=1"])
    assert not [asked for asked in server.asked if "/fr-ch/" not in asked]


def test_a_home_page_that_is_a_page_of_the_host_leaves_the_feed_at_the_host() -> None:
    server = Server(**{"products.json": one_product})

    _, begin = detected(load("shopify", Shop("acme", f"{URL}pages/home")), server, home())

    assert begin == [f"{URL}products.json?limit=250&page=1"]


def test_a_store_in_a_folder_without_a_slash_answers_there() -> None:
    server = Server(**{"boutique/wp-json/wc/store/v1/products": [woo_entry(1)]})

    score, begin = detected(load("woocommerce", Shop("acme", f"{URL}boutique")), server, home())

    assert score == SURE and begin[0].startswith(f"{URL}boutique/wp-json/wc/store/v1/products")
