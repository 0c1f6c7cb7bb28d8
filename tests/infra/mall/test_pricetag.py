"""Prices as people write them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from infra.mall.catalogue import draw_catalogue
from infra.mall.pricetag import local, tag


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        ("1299", "EUR", "de", "1.299,00 €"),
        ("1299", "GBP", "en", "£1,299.00"),
        ("1299", "EUR", "en", "€1,299.00"),
        ("49", "CHF", "de", "CHF 49.–"),
        ("49.9", "CHF", "en", "CHF 49.90"),
        ("1299", "CHF", "de", "CHF 1'299.–"),
        ("9.5", "SEK", "en", "SEK 9.50"),
    ],
)
def test_a_price_is_written_as_people_there_write_it(
    amount: str, currency: str, language: str, text: str
) -> None:
    assert local(Decimal(amount), currency, language) == text


def test_a_list_price_stands_struck_through_before_the_price() -> None:
    item = replace(draw_catalogue(1, 1).items[0], price=Decimal(8), list_price=Decimal(10), currency="GBP")

    assert tag(item, "en") == '<s class="list-price">£10.00</s> <span class="price">£8.00</span>'
    assert tag(replace(item, list_price=None), "en") == '<span class="price">£8.00</span>'
    assert tag(replace(item, price=None), "en") == ""
