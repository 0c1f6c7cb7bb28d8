from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.extract.merge import merged, rank
from crawlers.extract.reading import KEYS, Reading
from schemas.product import SOURCES, Product
from schemas.reject import Reject

PAGE = HtmlResponse(
    "https://shop.example/products/coat", body=b"<html></html>", encoding="utf-8", headers={"ETag": '"7"'}
)
PHOTO = {"https://shop.example/1.jpg": "front"}


def made(*readings: Reading) -> list[Product | Reject]:
    """What is made of these readings."""
    return merged(readings, PAGE, shop="acme", url=PAGE.url, address_key="products/coat")


def one(*readings: Reading) -> Product:
    """The product of these readings."""
    (product,) = made(*readings)
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

    product, row = made(Reading("json-ld", title="Coat", photos=photos))

    assert isinstance(product, Product) and len(product.image_urls) == 250
    assert isinstance(row, Reject) and (row.stage, row.reason) == ("image", "out_of_bounds")


READING = st.builds(
    Reading,
    source=st.sampled_from(list(SOURCES)),
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
    (found,) = made(*readings)

    if not isinstance(found, Product):
        assert found.reason in ("page_incomplete", "no_image")
        return
    by = {reading.source: reading for reading in readings}
    assert found.title == by[found.source].title.rstrip()
    assert set(found.sources.values()) <= set(SOURCES)
    if found.price is not None:
        assert found.price == by[found.sources.get("price", found.source)].price
    if found.list_price is not None:
        assert found.price is None or found.list_price > found.price


FULL = {"id": "1"}


def test_the_order_of_trust_is_the_one_that_is_written() -> None:
    order = ["profile", "magento", "json-ld", "microdata", "rdfa", "opengraph", "import"]

    assert [rank(Reading(source)) for source in order] == list(range(7))


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_bounded(source: str) -> None:
    many = tuple(f"{n} " + "x" * 2_000 for n in range(1_000))
    photos = {f"https://shop.example/{n}.jpg": "" for n in range(50_000)}
    facts = {name[:300]: "z" * 20_000 for name in many[:300]}
    reading = Reading(
        source, FULL, "x" * 2_000_000, "y" * 2_000_000, "b" * 9_000, many, many, "c" * 9_000, "g" * 9_000,
        attributes=facts, photos=photos,
    )  # fmt: skip

    product, row = made(reading)

    assert isinstance(product, Product) and isinstance(row, Reject)
    assert (len(product.title), len(product.description), len(product.image_urls)) == (1_000, 100_000, 250)
    assert (len(product.brand), len(product.colour), len(product.gender)) == (500, 1_000, 100)
    assert {len(product.categories), len(product.tags), len(product.attributes)} == {250}
    assert max(map(len, product.tags)) == 1_000
    assert {(len(label), len(fact)) for label, fact in product.attributes.items()} == {(200, 10_000)}
    assert row.detail == "49750 photos more than the 250 that one product may have"


def test_a_photo_address_without_end_is_left_out_and_told() -> None:
    product, row = made(
        Reading("shopify", FULL, "Coat", photos=PHOTO | {f"https://shop.example/{'x' * 9_000}": ""})
    )

    assert isinstance(product, Product) and product.image_urls == tuple(PHOTO)
    assert isinstance(row, Reject) and row.detail == "1 photo addresses of more than 8000 characters"


def test_an_address_without_end_gives_way_to_that_of_the_answer() -> None:
    (product,) = merged([Reading("shopify", FULL, "Coat", photos=PHOTO)], PAGE, shop="acme", url="/" * 5_000)

    assert isinstance(product, Product) and product.url == PAGE.url


@pytest.mark.parametrize("key", ["0", "none", "-"])
def test_what_is_no_sku_may_be_a_platforms_own_id(key: str) -> None:
    assert one(Reading("shopify", {"id": key}, "Coat", photos=PHOTO)).product_id == f"acme:{key}"


def test_a_refusal_uses_the_sources_own_words_in_its_own_order() -> None:
    words = {"title": "no name", "key": "no number", "photos": "no gallery"}

    def refusal(reading: Reading) -> str:
        (row,) = merged([reading], PAGE, shop="acme", url=PAGE.url)
        assert isinstance(row, Reject)
        return f"{row.reason}: {row.detail}"

    assert refusal(Reading("profile", lacking=words)) == "page_incomplete: no name"
    assert refusal(Reading("profile", title="Coat", lacking=words)) == "page_incomplete: no number"
    assert refusal(Reading("profile", FULL, "Coat", lacking=words)) == "no_image: no gallery"
    assert refusal(Reading("json-ld")) == "page_incomplete: JSON-LD Product without sku, productID or path"
    assert refusal(Reading("json-ld", FULL)) == "page_incomplete: JSON-LD Product without title"
    assert refusal(Reading("json-ld", FULL, "Coat")) == "no_image: JSON-LD Product without image"


def test_a_profile_comes_before_all_others_in_what_it_names() -> None:
    markup = Reading(
        "json-ld", {"sku": "S"}, "Coat", colour="Navy", price=Decimal(20), currency="EUR",
        attributes={"material": "wool", "size": "M"}, photos=PHOTO | {"https://shop.example/2.jpg": ""},
    )  # fmt: skip
    profile = Reading(
        "profile",
        {"id": "7"},
        colour="Marine",
        currency="CHF",
        attributes={"material": "Wolle"},
        photos=PHOTO,
    )

    product = one(markup, profile)

    assert (product.product_id, product.colour, product.title) == ("acme:7", "Marine", "Coat")
    assert (product.price, product.currency) == (Decimal(20), "CHF")
    assert product.attributes == {"material": "Wolle", "size": "M"}
    assert product.image_urls == tuple(PHOTO)
    assert (product.source, product.sources["colour"], product.sources["price"]) == (
        "json-ld",
        "profile",
        "json-ld",
    )


@pytest.mark.parametrize(
    ("one", "other", "meant"),
    [
        (("12900", "EUR", "19900"), ("129", "EUR", None), ("129", "199")),
        (("12900", "EUR", None), ("129", "", None), ("129", None)),
        (("129", "EUR", None), ("12900", "EUR", "19900"), ("129", "199")),
        (("1290000", "JPY", None), ("12900", "JPY", None), ("12900", None)),
        (("1.299", "EUR", None), ("1299", "EUR", None), ("1299", None)),
        # Another amount, another currency, and a price of thousandths alone are what they are.
        (("12900", "EUR", None), ("139", "EUR", None), ("12900", None)),
        (("12900", "JPY", None), ("129", "USD", None), ("12900", None)),
        (("129.50", "EUR", None), ("1.295", "EUR", None), ("129.50", None)),
        (("1.299", "KWD", None), ("1.299", "KWD", None), ("1.299", None)),
    ],
)
def test_a_price_in_minor_units_is_told_by_the_other_markup(
    one: tuple[str, str, str | None], other: tuple[str, str, str | None], meant: tuple[str, str | None]
) -> None:
    def reading(source: str, said: tuple[str, str, str | None]) -> Reading:
        price, currency, former = said
        return Reading(
            source,
            {"sku": "S"},
            "Coat",
            price=Decimal(price),
            currency=currency,
            list_price=Decimal(former) if former else None,
            photos=PHOTO,
        )

    (product,) = made(reading("json-ld", one), reading("opengraph", other))

    assert isinstance(product, Product)

    price, former = meant
    assert (product.price, product.list_price) == (Decimal(price), Decimal(former) if former else None)
