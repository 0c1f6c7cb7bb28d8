from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.price import currency_of, price_of


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (49.9, "49.9"),
        (35, "35"),
        ("149.90", "149.9"),
        ("1.299", "1.299"),
        ("1.299,00 €", "1299"),
        ("1,299.00 USD", "1299"),
        ("£35", "35"),
        ("0", "0"),
    ],
)
def test_a_price_is_read_as_it_was_meant(written: object, meant: str) -> None:
    assert price_of(written) == Decimal(meant)


@pytest.mark.parametrize(
    "written", [None, "", "on request", True, -5, "-5.00", float("nan"), float("inf"), 1e30, {}, []]
)
def test_what_is_no_price_is_none(written: object) -> None:
    assert price_of(written) is None


@pytest.mark.parametrize(
    ("code", "price", "meant"),
    [
        ("eur", None, "EUR"),
        ("", "35 €", "EUR"),
        ("", "$35", ""),
        ("Euro", "35", ""),
        (None, 35, ""),
        (5, "£1", "GBP"),
    ],
)
def test_a_currency_is_a_code_or_empty(code: object, price: object, meant: str) -> None:
    assert currency_of(code, price) == meant


@given(st.text() | st.floats() | st.integers() | st.none() | st.lists(st.text()))
def test_no_input_breaks_the_price_and_every_price_fits_its_column(value: object) -> None:
    price = price_of(value)

    currency_of(value, value)
    assert price is None or (0 <= price < Decimal(10) ** 14 and -price.as_tuple().exponent == 4)  # type: ignore[operator]


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_a_plain_decimal_is_exact(amount: Decimal) -> None:
    assert price_of(f"{amount:f}") == amount
