"""Where a page lives: one product at several addresses has one key, and no link leads to another shop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.extract.page_url import address_of, key_of
from crawlers.extract.product_page import products_on
from schemas.product import Product


def page(url: str, head: str = "") -> HtmlResponse:
    node = '{"@type":"Product","name":"Coat","image":"/a.jpg"}'
    body = f"<head>{head}<script type='application/ld+json'>{node}</script></head>"
    return HtmlResponse(url, body=body.encode(), encoding="utf-8")


def test_one_product_at_several_addresses_has_one_key_and_one_address() -> None:
    canonical = "<link rel='nofollow canonical' href='/products/coat'>"
    addresses = ["products/coat?color=red", "products/coat/?utm_source=x&size=M", "sale/coat?ref=home#top"]

    found = [
        products_on(page(f"https://shop.example/{address}", canonical), "acme")[0] for address in addresses
    ]
    without = products_on(page("https://shop.example/products/coat/?utm_source=x&colour=red"), "acme")[0]

    assert {(product.product_id, product.url) for product in found if isinstance(product, Product)} == {
        ("acme:products/coat", "https://shop.example/products/coat")
    }
    assert isinstance(without, Product) and without.product_id == "acme:products/coat"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/p",
        "/",
        "javascript:alert(1)",
        "http://[broken",
        "/p%\x1b[31m",
        "//shop.example.evil.test/",
    ],
)
def test_a_canonical_link_that_leads_elsewhere_is_not_followed(link: str) -> None:
    shown = page("https://shop.example/products/coat", f'<link rel="canonical" href="{link}">')

    assert address_of(shown) == shown.url


@given(st.text(max_size=40))
def test_any_address_gives_a_printable_key(text: str) -> None:
    key = key_of(f"https://shop.example/{text}")

    assert len(key) < 250
    assert not set(key) & set(map(chr, range(32)))
    key.encode()
