from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.extract.money.price import currency_of, price_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
CENTS = st.integers(0, 10**12)
# What a price is made of, so that arbitrary texts come near to one.
PIECES = st.sampled_from(
    [*"0179.,'’ -–€$£%()", "\u202f", "\u00a0", "CHF", "kr", "bis", "to", "1.299", "−", "٫", "٣"]
)


def grouped(whole: int, sign: str) -> str:
    return f"{whole:,}".replace(",", sign)


def grouped_in_india(whole: int) -> str:
    """Three digits, then pairs: 12,34,567."""
    head, tail = divmod(whole, 1000)
    if not head:
        return str(whole)
    pairs = [f"{tail:03}"]
    while head:
        head, pair = divmod(head, 100)
        pairs.append(f"{pair:02}" if head else str(pair))
    return ",".join(reversed(pairs))


# How an amount is written, from its whole units and its hundredths, and the currency that says.
FORMATS = {
    "plain": (lambda w, c: f"{w}.{c:02}", ""),
    "Germany": (lambda w, c: f"{grouped(w, '.')},{c:02} €", "EUR"),
    "Austria": (lambda w, c: f"€ {grouped(w, '.')},{c:02}", "EUR"),
    "ab": (lambda w, c: f"ab {grouped(w, '.')},{c:02}\u00a0€", "EUR"),
    "United States": (lambda w, c: f"${grouped(w, ',')}.{c:02}", ""),
    "Canada": (lambda w, c: f"CA$ {grouped(w, ',')}.{c:02}", "CAD"),
    "Britain": (lambda w, c: f"£{grouped(w, ',')}.{c:02}", "GBP"),
    "Switzerland": (lambda w, c: f"CHF {grouped(w, chr(39))}.{c:02}", "CHF"),
    "Switzerland, typeset": (lambda w, c: f"{grouped(w, '’')}.{c:02} CHF", "CHF"),
    "France": (lambda w, c: f"{grouped(w, chr(0x202F))},{c:02}\u00a0€", "EUR"),
    "France, as said": (lambda w, c: f"{grouped(w, ' ')}€{c:02}", "EUR"),
    "Sweden": (lambda w, c: f"{grouped(w, chr(0xA0))},{c:02} kr", ""),
    "Poland": (lambda w, c: f"{grouped(w, ' ')},{c:02} zł", "PLN"),
    "Brazil": (lambda w, c: f"R$ {grouped(w, '.')},{c:02}", "BRL"),
    "India": (lambda w, c: f"₹{grouped_in_india(w)}.{c:02}", "INR"),
    "code first": (lambda w, c: f"USD {grouped(w, ' ')},{c:02}", "USD"),
    "whole Germany": (lambda w, c: f"{grouped(w, '.')},- €", "EUR"),
    "whole Switzerland": (lambda w, c: f"CHF {grouped(w, chr(39))}.–", "CHF"),
    "whole Hungary": (lambda w, c: f"{grouped(w, ' ')} Ft", "HUF"),
    "whole India": (lambda w, c: f"₹{grouped_in_india(w)}", "INR"),
}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1e3", "1000"),
        ("1.2E+3", "1200"),
        (49.9, "49.9"),
        (35, "35"),
        (Decimal("19.99"), "19.99"),
        ("149.90", "149.9"),
        ("49.9", "49.9"),
        ("1.299", "1.299"),
        ("1.299,00 €", "1299"),
        ("1,299.00 USD", "1299"),
        ("$1,299", "1299"),
        ("CHF 49.–", "49"),
        ("CHF –.50", "0.5"),
        ("49,- €", "49"),
        ("1 299:-", "1299"),
        ("1'299.00 CHF", "1299"),
        ("1’299.–", "1299"),
        ("₹1,29,999", "129999"),
        ("USD 1 299,00", "1299"),
        ("1\u202f299,00 €", "1299"),
        ("١٬٢٩٩٫٥٠", "1299.5"),
        ("￥1，299", "1299"),
        ("ab 19,99 €", "19.99"),
        ("£35", "35"),
        ("35€99", "35.99"),
        (",75 €", "0.75"),
        ("0", "0"),
        ("0.500 EUR", "0.5"),
        ("12345.678", "12345.678"),
        ("1.234,500", "1234.5"),
        ("1,234.500", "1234.5"),
        ("1.234.567", "1234567"),
        ("KWD 12.500", "12.5"),
        ("45,900 TND", "45.9"),
        ("Price - 19,99 €", "19.99"),
        ("-20% 39,99 €", "39.99"),
        ("2 for £30", "30"),
        ("3er Pack 29,99 €", "29.99"),
        ("WAS 60 NOW 45", "45"),
    ],
)
def test_a_price_is_read_as_it_was_meant(written: object, meant: str) -> None:
    assert price_of(written) == Decimal(meant)


@pytest.mark.parametrize(
    "written",
    [
        *(
            None,
            "",
            "on request",
            "Free",
            "gratis",
            "50% off",
            True,
            float("nan"),
            float("inf"),
            1e30,
            10**5000,
        ),
        *(-5, "-5.00", "- 5,00 €", "€ -5", "-€5", "$-5", "−5", "1.2.3.4", Decimal("sNaN"), b"5"),
        *({}, [], {"price": "5"}, ["5"], [[{"a": [None]}]]),
    ],
    ids=lambda written: str(type(written)) if isinstance(written, int) else repr(written),
)
def test_what_is_no_price_is_none(written: object) -> None:
    assert price_of(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "19.99 - 49.99",
        "49.99–19.99",
        "€19.99–€49.99",
        "19,99 € bis 49,99 €",
        "from $19.99 to $49.99",
        "19.99–49.99 USD",
        "Sizes 36/38: 19,99 € – 49,99 €",
    ],
)
def test_of_a_range_the_lowest_end_is_the_price(written: str) -> None:
    assert price_of(written) == Decimal("19.99")


@pytest.mark.parametrize(
    ("written", "decimal", "meant"),
    [
        ("1.299", ",", "1299"),
        ("1.299", ".", "1.299"),
        ("1,299", ",", "1.299"),
        ("1,299 €", ".", "1299"),
        ("1.299 – 1.499", ".", "1.299"),
        ("49.90", ",", "49.9"),
        ("1,299.00", ",", "1299"),
        ("12.345.678", ".", "12345678"),
        ("49", ",", "49"),
    ],
)
def test_a_decimal_sign_that_is_known_decides_only_what_can_be_read_two_ways(
    written: str, decimal: str, meant: str
) -> None:
    assert price_of(written, decimal) == Decimal(meant)


@pytest.mark.parametrize(
    ("written", "currency", "meant"),
    [
        ("299.000", "VND", "299000"),
        ("12.990", "CLP", "12990"),
        ("9,900", "JPY", "9900"),
        ("4.990", "HUF", "4990"),
        ("299.00", "VND", "299"),
        ("1.299.000", "IDR", "1299000"),
        ("12.500", "KWD", "12.5"),
        ("12,500", "OMR", "12.5"),
        ("1.299", "EUR", "1.299"),
        ("1,299", "EUR", "1299"),
        ("1.299 KWD", "VND", "1.299"),
    ],
)
def test_a_currency_of_three_decimals_or_none_decides_what_can_be_read_two_ways(
    written: str, currency: str, meant: str
) -> None:
    assert price_of(written, currency=currency) == Decimal(meant)


def test_a_decimal_sign_that_is_known_comes_before_the_currency() -> None:
    assert price_of("12.990", ".", "CLP") == Decimal("12.99")


@pytest.mark.parametrize(
    ("code", "price", "meant"),
    [
        ("RMB", None, "CNY"),
        ("", "RMB 399", "CNY"),
        ("eur", None, "EUR"),
        (" CHF ", None, "CHF"),
        ("€", None, "EUR"),
        ("Euro", "35", "EUR"),
        ("", "35 €", "EUR"),
        ("", "35 Euro", "EUR"),
        ("", "USD 35", "USD"),
        ("", "$35 USD", "USD"),
        ("", "NZD $35", "NZD"),
        ("", "SFr. 49.–", "CHF"),
        ("", "499 lei", "RON"),
        ("", "R$ 129,90", "BRL"),
        ("", "$35", ""),
        ("", "499 kr", ""),
        ("", "¥1299", ""),
        ("", "NOW 35", ""),
        ("", "SALE 35", ""),
        (None, 35, ""),
        (5, "£1", "GBP"),
        ({"a": 1}, ["€"], ""),
    ],
)
def test_a_currency_is_a_code_or_empty(code: object, price: object, meant: str) -> None:
    assert currency_of(code, price) == meant


@pytest.mark.parametrize("name", FORMATS)
@given(cents=CENTS)
def test_an_amount_survives_every_way_of_writing_it(name: str, cents: int) -> None:
    write, currency = FORMATS[name]
    whole, rest = divmod(cents, 100)
    written = write(whole, rest)

    price = price_of(written)

    assert price == (Decimal(whole) if name.startswith("whole") else Decimal(cents) / 100), written
    assert currency_of("", written) == currency


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("ab", "France, as said")])
@pytest.mark.parametrize("between", [" - ", "–", " bis ", " to ", "\u00a0–\u00a0"])
@given(one=CENTS, other=CENTS)
def test_a_range_in_any_format_gives_its_minimum(name: str, between: str, one: int, other: int) -> None:
    write, _ = FORMATS[name]
    ends = [divmod(cents, 100) for cents in (one, other)]
    written = between.join(write(*end) for end in ends)

    price = price_of(written)

    lowest = min(
        Decimal(whole) + (0 if name.startswith("whole") else Decimal(rest) / 100) for whole, rest in ends
    )
    assert price == lowest, written


@given(JSON, st.sampled_from(["", ".", ","]))
def test_no_value_breaks_the_reading(value: object, decimal: str) -> None:
    price = price_of(value, decimal)

    currency = currency_of(value, value)
    assert price is None or fits_its_column(price)
    assert currency == "" or (len(currency) == 3 and currency.isupper())


@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_text_that_looks_like_a_price_breaks_the_reading(text: str) -> None:
    price = price_of(text)

    currency_of(text, text)
    assert price is None or fits_its_column(price)


@given(CENTS, st.sampled_from(["{}", "{} €", "€ {}", "€{}", "USD {}", "{}–{}"]))
def test_an_amount_below_zero_is_no_price(cents: int, form: str) -> None:
    amount = f"-{cents // 100}.{cents % 100:02}"

    assert price_of(form.replace("{}", amount)) is None


def fits_its_column(price: Decimal) -> bool:
    return 0 <= price < Decimal(10) ** 14 and price.as_tuple().exponent == -4
