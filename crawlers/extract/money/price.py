"""Prices as shops write them: 49.9, "1.299,00 €", "CHF 49.–", "€19–€49", null, "on request".

price-parser reads a number and a currency sign; what is here finds the number that is a price, among
dashes that are no minus, ranges, percentages and pack sizes, and says which sign is the decimal one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice

from price_parser import Price

from crawlers.extract.money.price_words import Worth, counts, in_figures, worth_of

_LONGEST = 200  # characters; a price is a short text
_LONGEST_WRITTEN = 4_000  # characters, with space around it
_MOST_FIGURES = 12  # of one text that are looked at
_LARGEST = Decimal(10) ** 13  # fits schemas.product.PRICE, and no garment costs more
_PLAIN = re.compile(r"\d+(\.\d+)?")
_POWER = re.compile(r"\d+(?:\.\d+)?e[+-]?\d{1,3}", re.I)  # 1e3, as JSON may write 1000
_NO_NUMBER = re.compile(r"(?:\d[.,]?){40}")  # too long for one, and slow to look through for others
_CODE = re.compile(r"[A-Z]{3}")
_CURRENCIES = {  # as price-parser writes their signs
    "EUR": "€ euro eur", "GBP": "£", "CHF": "Fr.", "PLN": "zł Zł", "CZK": "Kč", "HUF": "Ft", "RON": "lei LEI",
    "BGN": "лв лв.", "UAH": "₴ грн грн.", "RUB": "₽ руб руб.", "TRY": "₺ TL", "ILS": "₪", "GEL": "₾", "AZN": "₼",
    "USD": "US$", "CAD": "CA$ C$", "AUD": "AU$ A$", "NZD": "NZ$", "HKD": "HK$", "SGD": "S$", "TWD": "NT$",
    "BRL": "R$", "MXN": "MX$", "ARS": "AR$", "CLP": "CL$", "COP": "CO$", "INR": "₹", "IDR": "Rp", "KWD": "KD",
    "JPY": "円", "CNY": "CN¥ RMB", "KRW": "₩ 원", "PHP": "₱", "VND": "₫", "THB": "฿", "NGN": "₦",
}  # fmt: skip
_SIGNS = {sign: code for code, signs in _CURRENCIES.items() for sign in signs.split()}
# Of ISO 4217, by their minor units: three decimals; none, or none in use since they became too small to ask for.
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_NO_DECIMALS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
    " COP CRC HUF IDR IRR KHR LAK LBP MMK MNT TZS UZS".split()
)

# One way to write each sign, and nothing that shows no ink.
_ALIKE = str.maketrans("’‘ʼ′`´＇٬٫，．đĐ", "''''''''.,.₫₫", "\u200b\u200e\u200f\u061c\u2060\ufeff")
_DASH = "-\u2010-\u2015\u2212~〜～"
_MINUS = "-\u2010-\u2015\u2212"
_GAP = " \u00a0\u2005\u2007\u2009\u202f'"
_NUMBER = re.compile(
    rf"\d{{1,3}}(?:[{_GAP}]\d{{3}})+(?!\d)(?:[.,]\d+|€\d\d(?!\d))?"  # 1 299,00 and 1'299.00
    r"|\d+(?:[.,]\d+)*€\d\d(?!\d)"  # 35€99
    r"|\d+(?:[.,]\d+)*"  # 1,29,999.00
    r"|(?<![\w.,])[.,]\d+"
)
_MONEY = (
    r"(?:(?<![^\W\d_])(?:[A-Z]{0,3}\s?[$¢-¥฿৳﷼₠-\u20cf＄￠￡￥￦]U?|[A-Z]{3}\b|KD\b|[円元원]"
    r"|(?i:euros?|eur|usd|gbp|chf|sek|nok|dkk|pln|czk|huf|ron)\b"
    r"|(?i:z[łl]|k[čc]|kr|rs|ft|lei|rp|tl|s?fr|лв|руб|грн|р)\b\.?))"
)
# What shows people a price on a page that nobody described: fewer signs, since "5 rs" and "10 Ft" are sizes there.
_SIGN, _WORD = "[$£¥₹₩€]", "(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|JPY|AUD|CAD|kr|zł|Kč)"
_PRICE = re.compile(rf"(?:{_SIGN}|\b{_WORD})\s*\d|\d(?:[.,]?[{_DASH}])?\s*(?:{_SIGN}|{_WORD}\b)", re.I)
_BEFORE = re.compile(rf"({_MONEY})\s*[{_DASH}]?\s*$")
_AFTER = re.compile(rf"[.,:]?[{_DASH}]{{0,2}}\s*({_MONEY})")
_BELOW = re.compile(rf"(?:^\s*[{_MINUS}]\s*|(?:^|[\s(]|{_MONEY}\s?)[{_MINUS}])(?:{_MONEY}\s?)?$")
_UNTIL = re.compile(
    rf"[.,:]?[{_DASH}]{{0,2}}\s*(?:{_MONEY})?\s*(?:[{_DASH}]|\b(?:to|until|bis|à|a|au|til|till|tot|al|do|až|до)\b)"
    rf"\s*(?:{_MONEY})?\s*$"
)


def price_of(value: object, decimal: str = "", currency: str = "") -> Decimal | None:
    """Read the amount, to four decimals; None where there is no usable one. Never raises.

    Of a range it is the lowest, of several numbers the first with a currency beside it that no word calls a
    former one ("was") or a part ("6 x"); where words say which is which, one with tax comes before one without.
    One sign before three digits can be read two ways. `decimal`, the shop's decimal sign where it is known, decides
    that; else the currency, where `currency` (ISO 4217) or the text says it, if it
    has three decimals or none: "299.000" is 299 KWD and 299,000 VND. Without them a plain "1.299" is one unit
    and 299 thousandths, as JSON-LD and platform feeds write numbers, and in any longer text ("1.299 €", "1,299")
    the sign groups thousands.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        amount = _lowest(value, decimal, currency) if isinstance(value, str) else Decimal(str(value))
        if amount is None or not amount.is_finite() or not 0 <= amount < _LARGEST:
            return None
        return amount.quantize(Decimal("0.0001"))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def currency_of(code: object, price: object = None) -> str:
    """ISO 4217 code: the stated one, else the one an unambiguous sign in the price means; else empty.

    "$", "kr" and "¥" are each several countries' sign, so alone they say nothing.
    """
    written = code[:_LONGEST_WRITTEN].strip()[:_LONGEST] if isinstance(code, str) else ""
    if _CODE.fullmatch(written.upper()):
        return _SIGNS.get(written.upper(), written.upper())
    if meant := _SIGNS.get(_sign_of(written), ""):
        return meant
    figures = _first_price(price) if isinstance(price, str) else []
    return next((figure.currency for figure in figures if figure.currency), "")


def former_prices(text: str, decimal: str = "", currency: str = "") -> list[Decimal]:
    """Read the amounts that a text calls former ones beside the one it asks: 199 of "129 € statt 199 €". Never raises.

    Where a word says which one is asked now, what stands before that is a former one: 199 of "199 € jetzt 129 €".
    """
    if sum(1 for _ in islice(_NUMBER.finditer(text[:_LONGEST]), 2)) < 2:
        return []
    ranges = _ranges_in(text)
    asked = min((figures[0].worth for figures in ranges), default=Worth.FORMER)
    if asked >= Worth.FORMER:
        return []
    former: list[Decimal] = []
    is_before = asked == Worth.NOW
    for figure in (figures[0] for figures in ranges):
        is_before = is_before and figure.worth != Worth.NOW
        if figure.worth == Worth.FORMER or (is_before and figure.worth < Worth.FORMER):
            try:
                amount = _amount(figure, decimal, currency)
            except (InvalidOperation, ValueError, OverflowError):
                continue
            if amount is not None and 0 < amount < _LARGEST:
                former.append(amount.quantize(Decimal("0.0001")))
    return former


def shows_price(text: str) -> bool:
    """Whether a text shows an amount beside a currency."""
    return _PRICE.search(text) is not None


@dataclass(frozen=True)
class _Figure:
    """A number in a text, whether a currency sign is beside it, and the currency where that is unambiguous.

    worth  what words around it make of it
    """

    number: str
    priced: bool
    currency: str
    below_zero: bool = False
    worth: Worth = Worth.PLAIN


def _lowest(text: str, decimal: str, currency: str) -> Decimal | None:
    plain = text[:_LONGEST_WRITTEN].strip()
    if _PLAIN.fullmatch(plain) and not ((decimal or currency in _NO_DECIMALS) and _ambiguous(plain)):
        return Decimal(plain)
    if _POWER.fullmatch(plain):
        return Decimal(plain)
    figures = _first_price(text)
    if any(figure.below_zero for figure in figures):
        return None
    amounts = (_amount(figure, decimal, currency) for figure in figures)
    return min((amount for amount in amounts if amount is not None), default=None)


def _amount(figure: _Figure, decimal: str, currency: str) -> Decimal | None:
    number = f"0{figure.number}" if figure.number[0] in ".," else figure.number
    sign = _decimal_sign(figure, decimal, figure.currency or currency)
    amount: Decimal | None = Price.fromstring(number, decimal_separator=sign).amount
    return amount


def _decimal_sign(figure: _Figure, hint: str, currency: str) -> str | None:
    """Find the decimal sign of a number where its form or the currency tells; None leaves it to price-parser."""
    number = figure.number
    signs = [sign for sign in number if sign in ".,"]
    if not signs or "€" in number:
        return None
    if len(set(signs)) > 1:
        return signs[-1] if signs.count(signs[-1]) == 1 else None
    if not _ambiguous(number):
        return signs[0] if len(signs) == 1 else None
    if currency in _THREE_DECIMALS:
        return signs[0]
    if not hint and currency in _NO_DECIMALS:
        return "," if signs[0] == "." else "."
    return hint or None


def _ambiguous(number: str) -> bool:
    """Whether a number has one sign that may group thousands or begin the decimals: 1.299, not 1 299.500."""
    return re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", number) is not None


def _first_price(text: str) -> list[_Figure]:
    """Read the figures of the first price in a text: one, or the ends of a range."""
    ranges = _ranges_in(text)
    ranges = [figures for figures in ranges if figures[0].worth < Worth.FORMER] or ranges
    priced = [figures for figures in ranges if any(figure.priced for figure in figures)] or ranges
    return min(priced, key=lambda figures: figures[0].worth, default=[])


def _ranges_in(text: str) -> list[list[_Figure]]:
    """Read the prices of a text as far as a price is long; none of one with a number that is too long for one."""
    text = text[:_LONGEST]
    text = "" if _NO_NUMBER.search(text) else _plain(text)[:_LONGEST]
    return [] if _NO_NUMBER.search(text) else list(_ranges(text))


def _plain(text: str) -> str:
    """Write digits of any script as ASCII, one apostrophe, one comma, one point, and sizes such as 99p in figures."""
    if not text.isascii():
        text = re.sub(r"\d", lambda digit: str(int(digit[0])), text.translate(_ALIKE))
    return in_figures(text)


def _ranges(text: str) -> Iterator[list[_Figure]]:
    """Read the first prices in a text, in order; a number before a percent sign is none, nor is one of instalments."""
    figures: list[_Figure] = []
    end = 0
    for number in islice(_NUMBER.finditer(text), _MOST_FIGURES):
        text_before, text_after = text[end : number.start()], text[number.end() :]
        end = number.end()
        continued = bool(figures) and _UNTIL.match(text_before) is not None
        if figures and not continued:
            yield figures
            figures = []
        if text_after.lstrip()[:1] not in ("%", "٪", "％") and not counts(text_after):
            figures.append(_figure(number[0], text_before, text_after, continued))
    if figures:
        yield figures


def _figure(number: str, text_before: str, text_after: str, continued: bool) -> _Figure:
    beside = [match[1] for match in (_BEFORE.search(text_before), _AFTER.match(text_after)) if match]
    signs = [written for sign in [*beside, *number.strip("0123456789., ")] if (written := _sign_of(sign))]
    codes = (_SIGNS.get(sign, sign if _CODE.fullmatch(sign) else "") for sign in signs)
    below = not continued and number[0] not in ".," and _BELOW.search(text_before) is not None
    return _Figure(
        number, bool(signs), next(filter(None, codes), ""), below, worth_of(text_before, text_after)
    )


def _sign_of(sign: str) -> str:
    """Give a currency sign as price-parser writes it; empty for what only looks like one ("NOW 35")."""
    if not sign:
        return ""
    written = sign.upper() if len(sign) == 3 and sign.isascii() and sign.isalpha() else sign
    return Price.fromstring(written.lower() if written[0] in "Ee" else written).currency or ""
