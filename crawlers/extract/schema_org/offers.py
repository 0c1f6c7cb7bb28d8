"""What schema.org offers ask: the price now, the price before, the currency, and whether it can be bought."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

from crawlers.extract.money.price import currency_of
from crawlers.extract.schema_org.jsonld import Node, line_in, said_in
from crawlers.extract.schema_org.price_specification import quotes_of
from crawlers.extract.schema_org.quote import Standing
from crawlers.extract.schema_org.standing import short_texts, word_of

# The names of schema.org's ItemAvailability, and of the OpenGraph product tags.
_BUYABLE = frozenset(
    "instock onlineonly instoreonly limitedavailability madetoorder preorder presale backorder"
    " available availablefororder".split()
)
_SOLD_OUT = frozenset("outofstock soldout discontinued reserved unavailable oos pending".split())
_MOST_STATED = 10


@dataclass(frozen=True)
class Amounts:
    """A price, its currency, and the higher price that it replaces."""

    price: Decimal | None = None
    currency: str = ""
    list_price: Decimal | None = None


def lowest_amounts(offers: list[Node], nodes_by_id: Mapping[str, Node]) -> Amounts:
    """Find the lowest price that any of the offers asks today for one piece, in the currency that stands first.

    A price of zero is that of a sample, or of nothing: it counts only where there is no other. The list price is one
    that the same offer states in the same currency, with tax where the price is, and higher.
    """
    today = datetime.now(UTC).date()
    every = quotes_of(offers, nodes_by_id, today)
    asked = [(quote, quotes) for quotes in every for quote in quotes if not quote.former]
    currency = next((quote.currency for quotes in every for quote in quotes if quote.currency), "")
    if not asked:
        return Amounts(None, currency or _stated_currency(offers))
    standing = min((not quote.amount, quote.standing) for quote, _ in asked)
    best = [pair for pair in asked if (not pair[0].amount, pair[0].standing) == standing]
    currency = next((quote.currency for quote, _ in best if quote.currency), currency)
    quote, beside = min(
        (pair for pair in best if pair[0].currency in ("", currency)),
        key=lambda pair: (pair[0].doubt, pair[0].amount),
    )
    former = [
        each.amount
        for each in beside
        if each.former and each.currency in ("", currency)
        if each.standing == quote.standing
        or (each.standing == Standing.ASKED and quote.standing != Standing.NET)
    ]
    return Amounts(quote.amount, currency or _stated_currency(offers), reduced_from(quote.amount, former))


def stated_price(offers: list[Node]) -> str:
    """Give what stands in offers where a price should, as text: for a price in which no amount can be read."""
    values = (value for name in ("price", "lowPrice") for value in said_in(offers, name))
    texts = (" ".join(text.split()) for value in islice(values, _MOST_STATED) for text in short_texts(value))
    return next(filter(None, texts), "")


def in_stock(availabilities: Iterable[str]) -> bool | None:
    """Whether any of several availabilities lets one buy; None where none says anything known."""
    words = {word_of(text) for text in availabilities}
    return True if words & _BUYABLE else False if words & _SOLD_OUT else None


def reduced_from(price: Decimal | None, candidates: list[Decimal]) -> Decimal | None:
    """Find the lowest price that is higher than the one asked: anything else is no reduction."""
    return min((amount for amount in candidates if price is not None and amount > price), default=None)


def _stated_currency(offers: list[Node]) -> str:
    """Find the currency of offers that state no usable amount."""
    stated = (currency_of(line_in(value)) for value in said_in(offers, "priceCurrency"))
    return next(filter(None, stated), "")
