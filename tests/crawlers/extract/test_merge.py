from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.extract.merge import KEYS, TRUST, Reading, merged
from crawlers.extract.page_url import address_of, key_of
from crawlers.extract.product_page import products_on
from schemas.product import SOURCES, Product
from schemas.reject import Reject

PAGE = HtmlResponse(
    "https://shop.example/products/coat", body=b"<html></html>", encoding="utf-8", headers={"ETag": '"7"'}
)
PHOTO = {"https://shop.example/1.jpg": "front"}


def one(*readings: Reading) -> Product:
    """The product of these readings."""
    (product,) = merged(readings, PAGE, "acme", PAGE.url, "products/coat")
    assert isinstance(product, Product)
    return product


def test_one_reading_leaves_no_sources() -> None:
    product = one(Reading("microdata", {"sku": "S"}, "Coat", photos=PHOTO))

    assert (product.product_id, product.source, product.sources, product.etag) == (
        "acme:S",
        "microdata",
        {},
        '"7"',
    )


def test_each_field_comes_from_the_most_trusted_markup_that_fills_it() -> None:
    product = one(
        Reading("opengraph", title="Coat | Shop", brand="Shop", colour="Red", photos=PHOTO),
        Reading("json-ld", title="Coat", description="Warm", photos=PHOTO),
        Reading("microdata", title="The coat", brand="Acme", categories=("Coats",)),
    )

    assert (product.title, product.description, product.brand) == ("Coat", "Warm", "Acme")
    assert (product.colour, product.categories, product.source) == ("Red", ("Coats",), "json-ld")
    assert product.sources == {
        "brand": "microdata",
        "categories": "microdata",
        "colour": "opengraph",
        "description": "json-ld",
        "image_urls": "json-ld",
        "product_id": "json-ld",
        "title": "json-ld",
    }


@pytest.mark.parametrize("kind", KEYS)
def test_the_kind_of_key_decides_before_the_markup(kind: str) -> None:
    worse = dict.fromkeys(KEYS[KEYS.index(kind) + 1 :], "worse")

    product = one(Reading("json-ld", worse, "Coat", photos=PHOTO), Reading("opengraph", {kind: "best"}))

    assert product.product_id == "acme:best"


def test_without_any_usable_key_the_address_is_the_key() -> None:
    assert (
        one(Reading("json-ld", {"sku": "n/a", "mpn": "x" * 300}, "Coat", photos=PHOTO)).product_id
        == "acme:products/coat"
    )


def test_a_price_keeps_the_currency_it_was_stated_in() -> None:
    product = one(
        Reading("json-ld", title="Coat", currency="EUR", photos=PHOTO),
        Reading("microdata", price=Decimal(20), currency="USD"),
        Reading("opengraph", price=Decimal(18), currency="EUR", list_price=Decimal(25)),
    )

    assert (product.price, product.currency, product.list_price) == (Decimal(20), "USD", None)


def test_a_list_price_may_come_from_elsewhere_in_the_same_currency_when_it_is_higher() -> None:
    first = Reading("json-ld", title="Coat", price=Decimal(20), currency="EUR", photos=PHOTO)

    higher = one(first, Reading("opengraph", price=Decimal(20), currency="EUR", list_price=Decimal(25)))
    lower = one(first, Reading("opengraph", price=Decimal(10), currency="EUR", list_price=Decimal(15)))

    assert (higher.list_price, higher.sources["list_price"]) == (Decimal(25), "opengraph")
    assert lower.list_price is None


def test_the_longest_list_of_photos_is_taken_whole() -> None:
    gallery = {f"https://shop.example/{n}.jpg": "" for n in range(3)}

    assert one(
        Reading("json-ld", title="Coat", photos=PHOTO), Reading("microdata", photos=gallery)
    ).image_urls == tuple(gallery)


def test_photos_beyond_the_limit_are_told() -> None:
    photos = {f"https://shop.example/{n}.jpg": "" for n in range(260)}

    product, row = merged([Reading("json-ld", title="Coat", photos=photos)], PAGE, "acme", PAGE.url, "k")

    assert isinstance(product, Product) and len(product.image_urls) == 250
    assert isinstance(row, Reject) and (row.stage, row.reason) == ("image", "out_of_bounds")


READING = st.builds(
    Reading,
    source=st.sampled_from(TRUST),
    keys=st.dictionaries(st.sampled_from(KEYS), st.text(max_size=5)),
    title=st.text(max_size=5),
    price=st.none() | st.decimals(0, 1000, places=2),
    currency=st.sampled_from(["", "EUR", "USD"]),
    list_price=st.none() | st.decimals(0, 1000, places=2),
    in_stock=st.none() | st.booleans(),
    photos=st.dictionaries(st.text(min_size=1, max_size=5), st.sampled_from(["", "front"]), max_size=3),
)


@given(st.lists(READING, min_size=1, max_size=3, unique_by=lambda reading: reading.source))
def test_what_is_merged_was_said_by_the_source_that_is_named(readings: list[Reading]) -> None:
    (found,) = merged(readings, PAGE, "acme", PAGE.url, "k")

    if not isinstance(found, Product):
        assert found.reason in ("page_incomplete", "no_image")
        return
    by = {reading.source: reading for reading in readings}
    assert found.title == by[found.source].title.rstrip()
    assert set(found.sources.values()) <= set(SOURCES)
    if found.price is not None:
        assert found.price == by[found.sources.get("price", found.source)].price
    if found.list_price is not None:
        assert found.price is not None and found.list_price > found.price


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
