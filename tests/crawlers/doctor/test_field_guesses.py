"""crawlers/doctor/field_guesses.py: a rule where the pages bear one out, and none where they do not."""

import pytest

from crawlers.doctor.field_guesses import field_rules
from tests.crawlers.doctor.pages import product_pages

PLAIN = "<p class=sku>K{n}</p><p class=price>€ {n}.00</p><img src=/{n}.jpg>"


def test_the_plainest_page() -> None:
    rules = field_rules(product_pages(lambda n: PLAIN.format(n=10 + n) + "<div class=desc>Of wool.</div>"))

    assert rules == {
        "title": "h1",
        "product_id": ".sku",
        "images": "main img",
        "price": "main .price",  # the header shows what is in the cart
        "description": ".desc",
    }


@pytest.mark.parametrize("field", ["colour", "brand", "gender", "in_stock", "categories", "tags"])
@pytest.mark.parametrize("shown", ["£{n}.99", "now {n},00 €", "{n}.50"])
def test_a_price_is_no_word(field: str, shown: str) -> None:
    name = {
        "colour": "price_color", "brand": "brand-price", "gender": "gender-price", "in_stock": "stock-price",
        "categories": "crumb-price", "tags": "tags",
    }[field]  # fmt: skip
    pages = product_pages(lambda n: PLAIN.format(n=10 + n) + f"<i class={name}>{shown.format(n=n)}</i>")

    assert field not in field_rules(pages)


def test_words_are_found_by_their_names_and_by_a_label_beside_them() -> None:
    facts = "<b class=brand>Acme</b><table><tr><th>Colour</th><td>Red</td></tr></table><i class=stock>in stock</i>"

    rules = field_rules(product_pages(lambda n: PLAIN.format(n=10 + n) + facts))

    assert (rules["brand"], rules["colour"], rules["in_stock"]["css"]) == (
        ".brand",
        'tr:contains("Colour") td',
        ".stock",
    )
    assert rules["facts"] == {"rows": "table tr", "name": "th", "value": "td"}


def test_pages_that_are_alike_have_no_key_and_no_title() -> None:
    pages = [product_pages(lambda n: "<p>the same</p>", 1)[0]] * 3

    assert not {"title", "product_id", "images"} & set(field_rules(pages))
