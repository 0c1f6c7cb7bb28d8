"""crawlers/doctor/price_guesses.py: the asked price, and the struck one as list price, however a shop writes them."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from crawlers.doctor.price_guesses import is_price, price_rules
from crawlers.profiles.profile_reading import reading_by
from crawlers.profiles.shop_profile import checked_profile
from tests.crawlers.doctor.pages import product_pages

WOO = (
    "<p class=price><del aria-hidden=true><span class='amount'><bdi>£{old}.00</bdi></span></del>"
    "<span class=screen-reader-text>Original price was: £{old}.00.</span>"
    "<ins aria-hidden=true><span class='amount'><bdi>£{now}.00</bdi></span></ins>"
    "<span class=screen-reader-text>Current price is: £{now}.00.</span></p>"
)
SALES = {
    "del and ins": "<p class=price><del>£{old}.00</del> <ins>£{now}.00</ins></p>",
    "WooCommerce 9": WOO,
    "named amounts": "<p><del><b class=a-price>£{old}.00</b></del><ins><b class=a-price>£{now}.00</b></ins></p>",
    "s and bare text": "<div class=product-price><s>£{old}.00</s> £{now}.00</div>",
    "asked price first": "<div class=preis>£{now}.00 <strike>£{old}.00</strike></div>",
    "names alone": "<div class=price><span class=old-price>£{old}.00</span><span class=final>£{now}.00</span></div>",
    "beside each other": "<div class=buy><span class=was>£{old}.00</span><span class=price>£{now}.00</span></div>",
    "compared": "<div><span class=price-item>£{now}.00</span><s class='price-item compare-at'>£{old}.00</s></div>",
}
Prices = list[tuple[Decimal | None, Decimal | None]]


def read(body: Callable[[int], str]) -> Prices:
    """Price and list price of each page by the rules that were found on all of them."""
    pages = product_pages(body)
    nothing = dict.fromkeys(("title", "product_id", "images"), "h6")
    profile = checked_profile({"urls": {"product": "."}, "fields": nothing | price_rules(pages)}, "draft")
    return [(reading.price, reading.list_price) for reading in (reading_by(profile, page) for page in pages)]


@pytest.mark.parametrize("form", SALES)
def test_the_price_that_is_not_struck_is_asked_and_the_struck_one_was(form: str) -> None:
    prices = read(lambda n: SALES[form].format(old=30 + n, now=20 + n))

    assert prices == [(Decimal(20 + n), Decimal(30 + n)) for n in range(6)]


@pytest.mark.parametrize("form", ["del and ins", "WooCommerce 9", "s and bare text", "beside each other"])
def test_some_products_are_reduced_and_some_are_not(form: str) -> None:
    usual = {"s and bare text": "<div class=product-price>£{now}.00</div>"}.get(
        form, "<p class=price>£{now}.00</p>"
    )
    prices = read(lambda n: (SALES[form] if n % 2 else usual).format(old=30 + n, now=20 + n))

    assert prices == [(Decimal(20 + n), Decimal(30 + n) if n % 2 else None) for n in range(6)]


def test_the_struck_price_of_a_neighbour_is_none_of_the_products() -> None:
    card = "<section><a href=/wares/9><del>£99.00</del> <ins>£9.00</ins></a></section>"

    prices = read(lambda n: f"<p class=price>£{20 + n}.00</p>{card}")

    assert prices == [(Decimal(20 + n), None) for n in range(6)]


@pytest.mark.parametrize(
    "body",
    [
        "<p>Article {n}</p><p>€ {now}.50</p>",
        "<div>for only <b>{now},50 €</b></div>",
        "<table><tr><td>Price</td><td id=x1>EUR {now}.50</td></tr></table>",
        "<meta property='product:price:amount' content='{now}.50'>",
    ],
)
def test_a_page_that_names_nothing_shows_its_price_all_the_same(body: str) -> None:
    assert [price for price, _ in read(lambda n: body.format(n=n, now=20 + n))] == [
        Decimal(f"{20 + n}.50") for n in range(6)
    ]


def test_where_no_price_is_shown_there_is_no_rule() -> None:
    assert price_rules(product_pages(lambda n: "<p class=price>on request</p>")) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("€ 10.00", True),
        ("<b>10,50</b>", True),
        ("Price: £3", True),
        ("Red", False),
        ("2027", True),
        ("", False),
    ],
)
def test_what_is_a_price(text: str, expected: bool) -> None:
    assert is_price(text) is expected
