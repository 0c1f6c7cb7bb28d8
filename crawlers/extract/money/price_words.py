"""The words in a price: letters for its size (99p, 5만원, 299k, Rp 1,5 jt), and what says that it is not asked."""

import re

# What a letter or a word behind a number multiplies it by.
_THOUSANDS = {"천": 1_000, "千": 1_000, "만": 10_000, "万": 10_000, "萬": 10_000}
_FACTORS = {"k": 1_000, "rb": 1_000, "ribu": 1_000, "nghìn": 1_000, "jt": 1_000_000, "juta": 1_000_000}
_DIGITS = r"\d+(?:[.,]\d+)*"
_MYRIADS = re.compile(rf"({_DIGITS})\s?([만万萬천千])(?:\s?({_DIGITS})(?:\s?([천千])|(?=\s?[원円元])))?")
_SHORT = re.compile(rf"(?<!\d)(?<!\d[.,])({_DIGITS})\s?(k|rb|ribu|nghìn|jt|juta)(?![^\W_])", re.I)
_COINS = re.compile(r"(?<![\w.,£$€])(\d{1,3})\s?(?:(p|pence)|¢|c|ct|cts|cents?)(?![^\W_])", re.I)
_BEFORE = re.compile(
    r"(?:\b(?:was|were|rrp|msrp|srp|uvp|pvp|instead of|original(?:ly| price)?|regular(?:ly| price)?|list price"
    r"|statt|vorher|war|bisher|au lieu de|avant|était|antes|era|prima|anziché|voorheen|adviesprijs|van|ord|tidigare"
    r"|før|normalpris|wynosiła|původně|было"
    # The price before in the words of shops' themes ("Regular price"), as Shopify translates them.
    r"|(?:normaler|regulärer|früherer|vorheriger|alter|ursprünglicher) preis|ursprünglich|listenpreis"
    r"|prix (?:habituel|normal|régulier|initial|d'origine|public)|ancien prix"
    r"|precio (?:habitual|normal|regular|anterior|original|de lista)"
    r"|prezzo (?:di listino|normale|regolare|originale|precedente|pieno)"
    r"|preço (?:normal|habitual|original|anterior|de lista)|(?:normale|oude|originele) prijs"
    r"|(?:tidligere|tidigare|vanlig|ordinarie|ordinær|opprinnelig) pris|førpris|normaalihinta"
    r"|cena regularna|běžná cena|normal fiyat"
    # What is saved is not asked either.
    r"|save|sparst|sparen sie|spare?|spara|ersparnis|économisez|ahorra|risparmi[ao]?|economize|bespaar)"
    r"|原価|定価|原价|정가|原價|通常価格|常规价格|정상 가격)[\s:.]*(?:[a-z]{0,2}[^\w\s]|[a-z]{2,3}\b)?\s*$",
    re.I,
)


def in_figures(text: str) -> str:
    """Write the amounts of a text in figures: `99p` as `£0.99`, `5만 9천원` as `59000원`, `299k` as `299000`."""
    text = _MYRIADS.sub(_myriads, text)
    text = _SHORT.sub(lambda match: _times(match[1], _FACTORS[match[2].lower()]), text)
    return _COINS.sub(_coins, text)


def follows_before(text: str) -> bool:
    """Whether a text in front of an amount ends with a word that makes it a former one (`was`, `RRP`) or a saving."""
    return _BEFORE.search(text) is not None


def _myriads(match: re.Match[str]) -> str:
    number, size, rest, rest_size = match.groups()
    whole = int(_times(number, _THOUSANDS[size]))
    return str(whole + (int(_times(rest, _THOUSANDS.get(rest_size, 1))) if rest else 0))


def _times(number: str, factor: int) -> str:
    """Multiply `1,5` or `1.299`: a sign before three digits groups, before fewer it begins the decimals."""
    whole, _, decimals = number.replace(",", ".").rpartition(".")
    if not whole or len(decimals) == 3:
        return str(int(number.replace(",", "").replace(".", "")) * factor)
    return str(int(whole.replace(".", "") + decimals) * factor // 10 ** len(decimals))


def _coins(match: re.Match[str]) -> str:
    amount = f"{int(match[1]) / 100:.2f}"
    return f"£{amount}" if match[2] else f"{amount} ¤"
