"""The words in a price: letters for its size (99p, 5만원, 299k, Rp 1,5 jt), and what says that it is not asked."""

import re
from enum import IntEnum

# What a letter or a word behind a number multiplies it by.
_THOUSANDS = {"천": 1_000, "千": 1_000, "만": 10_000, "万": 10_000, "萬": 10_000}
_FACTORS = {"k": 1_000, "rb": 1_000, "ribu": 1_000, "nghìn": 1_000, "jt": 1_000_000, "juta": 1_000_000}
_DIGITS = r"\d+(?:[.,]\d+)*"
_MYRIADS = re.compile(rf"({_DIGITS})\s?([만万萬천千])(?:\s?({_DIGITS})(?:\s?([천千])|(?=\s?[원円元])))?")
_SHORT = re.compile(rf"(?<!\d)(?<!\d[.,])({_DIGITS})\s?(k|rb|ribu|nghìn|jt|juta)(?![^\W_])", re.I)
_NEAR = 40  # characters behind an amount that are looked at
_COINS = re.compile(r"(?<![\w.,£$€])(\d{1,3})\s?(?:(p|pence)|¢|c|ct|cts|cents?)(?![^\W_])", re.I)
_SIGN_LAST = r"[\s:.]*(?:[a-z]{0,2}[^\w\s]|[a-z]{2,3}\b)?\s*$"
_BEFORE = re.compile(
    r"(?:\b(?:was|were|rrp|msrp|srp|uvp|pvp|instead of|original(?:ly| price)?|regular(?:ly| price)?|list price"
    r"|(?:reduced|down) from|reduziert von|réduit de|rebajado de|nedsat fra|nedsatt från"
    r"|statt|vorher|war|bisher|au lieu de|avant|était|antes|era|prima|anziché|voorheen|adviesprijs|van|ord|tidigare"
    r"|anstatt|anstelle von|en (?:lugar|vez) de|em vez de|invece di|al posto di|in plaats van"
    r"|i ?stället för|i stedet for|ord\.? ?pris|førpris|før|normalpris|ennen|aiemmin"
    r"|zamiast|místo|namiesto|în loc de|вместо|αντί|wynosiła|původně|było"
    # The price before in the words of shops' themes ("Regular price"), as Shopify translates them.
    r"|(?:normaler|regulärer|früherer|vorheriger|alter|ursprünglicher) preis|ursprünglich|listenpreis"
    r"|prix (?:habituel|normal|régulier|initial|d'origine|public)|ancien prix"
    r"|precio (?:habitual|normal|regular|anterior|original|de lista)"
    r"|prezzo (?:di listino|normale|regolare|originale|precedente|pieno)"
    r"|preço (?:normal|habitual|original|anterior|de lista)|(?:normale|oude|originele) prijs"
    r"|(?:tidligere|tidigare|vanlig|ordinarie|ordinær|opprinnelig) pris|normaalihinta"
    r"|cena (?:regularna|poprzednia)|(?:běžná|stará|původní|doporučená) cena|(?:normal|eski) fiyat|старая цена"
    # The maker's price.
    r"|compare at|retail price|comp(?:\.|arable) value|(?:unverb(?:indliche|\.) )?preisempf(?:ehlung|\.)"
    r"|bisheriger preis|prix (?:conseillé|barré)|prezzo consigliato|precio recomendado|preço recomendado"
    r"|adviesverkoopprijs|catalogusprijs|cena katalogowa|sugerowana cena|rek\.? ?pris|veil\.? ?pris|ovh)"
    r"|^\s*de\b"
    r"|原価|定価|原价|정가|原價|通常価格|常规价格|정상 가격|希望小売価格|参考価格|市场价|소비자가격?|시중가)"
    + _SIGN_LAST,
    re.I,
)
_INSTEAD_OF = re.compile(
    r"\s*[^\W\d]{0,3}\W{0,3}(?:yerine|helyett|の代わりに|대신)(?!\w)", re.I
)  # behind the amount
# What is saved, and the lowest price of the last thirty days, which the EU wants beside a reduced price.
_SAVED = re.compile(
    r"(?:\b(?:save|sparst|sparen sie|spare?|spara|ersparnis|économisez|ahorra|risparmi[ao]?|economize|bespaar)"
    r"|^\s*(?:dni|dagen|days|tage|jours|giorni|d[ií]as)\b(?: (?:przed obniżką|vor der reduzierung))?)"
    + _SIGN_LAST,
    re.I,
)
_NOW = re.compile(
    r"(?:\b(?:now|(?:sale|our|special|today'?s) price|jetzt|nur noch|aktionspreis|angebotspreis|sonderpreis|unser preis"
    r"|maintenant|désormais|prix (?:promo|soldé|réduit)|ahora|precio (?:de oferta|rebajado)|ora|adesso|prezzo scontato"
    r"|agora|por|nu|nå|nyt|teraz|nyní|most|acum|şimdi|сейчас|cena promocyjna)(?: (?:only|nur|solo|für|voor|seulement))?"
    r"|販売価格|セール価格|特価|판매가격?|할인가|现价|促销价|特價)" + _SIGN_LAST,
    re.I,
)

_MONEY_LAST = r"\s*(?:[A-Z]{1,3}?\s?[^\w\s(（]{0,2}|[A-Z]{3})?\s*$"
# In front of an amount that is a part of the price, behind a number of parts, and of one for some other quantity.
_PART_BEFORE = re.compile(
    r"(?:^\s*[x×]\s*(?:de|of|von|à|a|da)?"
    r"|^\s*(?:[\w-]+ )?(?:payments?|instal+ments?|raten|mensualités|cuotas|parcelas|rate|rat)"
    r"(?: (?:of|de|von|à|da|po))?"
    r"|\b(?:grundpreis|unit price|prix unitaire|precio unitario|prezzo unitario|prijs per stuk))[\s:.]*"
    + _MONEY_LAST,
    re.I,
)
_PART_BEHIND = re.compile(
    r"\s*[^\w\s/()]{0,2}\s*(?:[A-Za-zł]{1,3}\s*)?(?:/|\b(?:per|pro|par|al|por|a)\b)\s*"
    r"(?:mo(?:nth|nat|is)?|mes|mese|mês|week|woche|semaine|paar|pairs?|paires?|100|kg|m|meter|metre|mètre)\b",
    re.I,
)
_COUNTED = re.compile(
    r"\s*[x×]\s*(?:de\b|of\b|von\b|à|a\b|\W{0,3}\d)"
    r"|\s*(?:[\w-]+ )?(?:payments|instal+ments|raten|mensualités|cuotas|parcelas"
    r"|dni|dagen|days|tage|jours|giorni|d[ií]as)\b",
    re.I,
)
_TAX = r"(?:vat|gst|tax|tva|mwst|ust|iva|btw|moms|podatku)"
_NET = re.compile(
    rf"\W*(?:[a-zł]{{1,4}}\W+)?(?:(?:ex|excl|exkl|excluding|without|ohne|zzgl|hors|sans|plus|\+)\W+{_TAX}|ht\b|netto\b"
    r"|\+ ?vat|税抜|税別)",
    re.I,
)
_GROSS = re.compile(
    rf"\W*(?:[a-zł]{{1,4}}\W+)?(?:(?:inc|incl|inkl|including|with|mit)\W+{_TAX}|ttc\b|brutto\b|税込)", re.I
)
_NET_BEFORE = re.compile(rf"(?:税抜|税別|本体価格|\bnetto|\bex(?:cl)?\.? {_TAX})[\s:(（]*{_MONEY_LAST}", re.I)
_GROSS_BEFORE = re.compile(rf"(?:税込|\bbrutto|\binc(?:l)?\.? {_TAX})(?:価格)?[\s:(（]*{_MONEY_LAST}", re.I)


class Worth(IntEnum):
    """What the words around an amount make of it, best first."""

    NOW = 0  # a word says so
    GROSS = 1  # with the tax, it says
    PLAIN = 2
    NET = 3  # without the tax
    FORMER = 4  # a former price, or the maker's
    NOT_ASKED = 5  # what is saved, an instalment, a price of another quantity


def worth_of(before: str, after: str) -> Worth:
    """Judge an amount by the text between it and the number before, and the text behind it."""
    if _SAVED.search(before) or _PART_BEFORE.search(before) or _PART_BEHIND.match(after[:_NEAR]):
        return Worth.NOT_ASKED
    if _BEFORE.search(before) or _INSTEAD_OF.match(after[:_NEAR]):
        return Worth.FORMER
    if _GROSS.match(after[:_NEAR]):
        return Worth.GROSS
    if _NET.match(after[:_NEAR]) or _NET_BEFORE.search(before):
        return Worth.NET
    if _GROSS_BEFORE.search(before):
        return Worth.GROSS
    return Worth.NOW if _NOW.search(before) else Worth.PLAIN


def counts(after: str) -> bool:
    """Whether the text behind a number makes it a count, of instalments or days, and no amount."""
    return _COUNTED.match(after[:_NEAR]) is not None


def in_figures(text: str) -> str:
    """Write the amounts of a text in figures: `99p` as `£0.99`, `5만 9천원` as `59000원`, `299k` as `299000`."""
    text = _MYRIADS.sub(_myriads, text)
    text = _SHORT.sub(lambda match: _times(match[1], _FACTORS[match[2].lower()]), text)
    return _COINS.sub(_coins, text)


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
