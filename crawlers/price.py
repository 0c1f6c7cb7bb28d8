"""Prices as shops write them: 49.9, "1.299,00 EUR", "£35", null, "on request"."""

import re
from decimal import Decimal, InvalidOperation

from price_parser import Price

_PLAIN = re.compile(r"\d+(\.\d+)?")
_CODE = re.compile(r"[A-Z]{3}")
_LARGEST = Decimal(10) ** 13  # fits schemas.product.PRICE, and no garment costs more
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "₽": "RUB",
    "zł": "PLN",
    "Kč": "CZK",
}


def price_of(value: object) -> Decimal | None:
    """The amount, to four decimals; None where there is no usable one. Never raises.

    A plain "1.299" is one unit and 299 thousandths, as JSON-LD and platform feeds write numbers;
    only strings with more than digits and one dot are left to price-parser's reading.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    text = str(value).strip()
    try:
        amount = Decimal(text) if _PLAIN.fullmatch(text) or isinstance(value, int | float) else _parsed(text)
        if amount is None or not amount.is_finite() or not 0 <= amount < _LARGEST:
            return None
        return amount.quantize(Decimal("0.0001"))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def currency_of(code: object, price: object = None) -> str:
    """ISO 4217 code: the stated one, else the one an unambiguous sign in the price means; else empty."""
    text = str(code or "").strip().upper()
    if _CODE.fullmatch(text):
        return text
    if not isinstance(price, str) or not price.strip():
        return ""
    sign = Price.fromstring(price[:200]).currency or ""
    return sign if _CODE.fullmatch(sign) else _SIGNS.get(sign, "")


def _parsed(text: str) -> Decimal | None:
    if text.startswith("-"):
        return None
    return Price.fromstring(text[:200]).amount
