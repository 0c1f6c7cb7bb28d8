"""What schema.org offers ask: the price now, the price before, the currency, and whether it can be bought."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crawlers.extract.jsonld import Node, distinct, follow, line_in, listed, parts
from crawlers.extract.price import currency_of, price_of

# The names of schema.org's ItemAvailability and PriceTypeEnumeration, and of the OpenGraph product tags.
_BUYABLE = frozenset(
    "instock onlineonly instoreonly limitedavailability madetoorder preorder presale backorder"
    " available availablefororder".split()
)
_SOLD_OUT = frozenset("outofstock soldout discontinued reserved unavailable oos pending".split())
_BEFORE = frozenset("listprice strikethroughprice regularprice msrp srp rrp".split())
_NOT_ASKED = frozenset("minimumadvertisedprice invoiceprice".split())
_CHARGES = ("delivery", "payment", "shipping")


@dataclass(frozen=True)
class Amounts:
    """A price, its currency, and the higher price that it replaces."""

    price: Decimal | None = None
    currency: str = ""
    list_price: Decimal | None = None


def offers_of(nodes: Iterable[Node], nodes_by_id: dict[str, Node]) -> list[Node]:
    """Collect the offers of a product and its variants, those inside an AggregateOffer after it, each once."""
    outer = distinct(offer for node in nodes for offer in _offers_in(node, nodes_by_id))
    return distinct(each for offer in outer for each in (offer, *_offers_in(offer, nodes_by_id)))


def _offers_in(node: Node, nodes_by_id: dict[str, Node]) -> list[Node]:
    return parts(follow(listed(node.get("offers")), nodes_by_id))


def lowest_amounts(offers: list[Node]) -> Amounts:
    """Find the lowest price of all offers; a price of zero only where there is no other."""
    every = [amounts for offer in offers for amounts in _amounts_of(offer)]
    currency = next((amounts.currency for amounts in every if amounts.currency), "")
    priced = [amounts for amounts in every if amounts.price is not None]
    if not priced:
        return Amounts(None, currency)
    best = min(priced, key=lambda amounts: (not amounts.price, amounts.price))
    return Amounts(best.price, best.currency or currency, best.list_price)


def in_stock(availabilities: list[str]) -> bool | None:
    """Whether any of several availabilities lets one buy; None where none says anything known."""
    words = {word_of(text) for text in availabilities}
    return True if words & _BUYABLE else False if words & _SOLD_OUT else None


def word_of(text: str) -> str:
    """Take the last part of an enumeration's address, or a phrase, as one lower-case word."""
    name = text.strip().rstrip("/").replace("#", "/").rpartition("/")[2]
    return "".join(letter for letter in name.lower() if letter.isalnum())


def reduced_from(price: Decimal | None, candidates: list[Decimal]) -> Decimal | None:
    """Find the lowest price that is higher than the one asked: anything else is no reduction."""
    return min((amount for amount in candidates if price is not None and amount > price), default=None)


def _amounts_of(offer: Node) -> Iterator[Amounts]:
    """Read what one offer asks; it has several prices when it is an aggregate, or writes them as specifications."""
    current: list[Amounts] = []
    former: list[Decimal] = []
    for part in [offer, *parts(offer.get("priceSpecification"))]:
        kind = word_of(line_in(part.get("priceType")))
        of_charge = any(word in str(part.get("@type", "")).lower() for word in _CHARGES)
        if kind in _NOT_ASKED or of_charge or part.get("validForMemberTier"):
            continue
        for value in (part.get("lowPrice"), part.get("price")):
            amount = _amount(value)
            currency = currency_of(
                line_in(part.get("priceCurrency")) or line_in(offer.get("priceCurrency")), value
            )
            if kind in _BEFORE and amount is not None:
                former.append(amount)
            else:
                current.append(Amounts(amount, currency))
    if former and all(amounts.price is None for amounts in current):  # a list price alone is what is asked
        current, former = (
            [Amounts(min(former), next((amounts.currency for amounts in current if amounts.currency), ""))],
            [],
        )
    for amounts in current:
        yield Amounts(amounts.price, amounts.currency, reduced_from(amounts.price, former))


def _amount(value: Any) -> Decimal | None:
    return price_of(value if isinstance(value, str | int | float) else line_in(value))
