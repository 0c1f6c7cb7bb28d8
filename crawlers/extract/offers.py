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
class Asked:
    """A price, its currency, and the higher price that it replaces."""

    price: Decimal | None = None
    currency: str = ""
    list_price: Decimal | None = None


def offers_of(nodes: Iterable[Node], known: dict[str, Node]) -> list[Node]:
    """Collect the offers of a product and its variants, those inside an AggregateOffer after it, each once."""
    outer = distinct(offer for node in nodes for offer in _offers_in(node, known))
    return distinct(each for offer in outer for each in (offer, *_offers_in(offer, known)))


def _offers_in(node: Node, known: dict[str, Node]) -> list[Node]:
    return parts(follow(listed(node.get("offers")), known))


def asked_by(offers: list[Node]) -> Asked:
    """The lowest price of all offers; a price of zero only where there is no other."""
    all_asked = [asked for offer in offers for asked in _asked(offer)]
    currency = next((asked.currency for asked in all_asked if asked.currency), "")
    priced = [asked for asked in all_asked if asked.price is not None]
    if not priced:
        return Asked(None, currency)
    best = min(priced, key=lambda asked: (not asked.price, asked.price))
    return Asked(best.price, best.currency or currency, best.list_price)


def in_stock(stated: list[str]) -> bool | None:
    """Whether any of several availabilities lets one buy; None where none says anything known."""
    words = {word_of(text) for text in stated}
    return True if words & _BUYABLE else False if words & _SOLD_OUT else None


def word_of(text: str) -> str:
    """The last part of an enumeration's address, or a phrase, as one lower-case word."""
    name = text.strip().rstrip("/").replace("#", "/").rpartition("/")[2]
    return "".join(letter for letter in name.lower() if letter.isalnum())


def before(price: Decimal | None, candidates: list[Decimal]) -> Decimal | None:
    """The lowest price that is higher than the one asked: anything else is no reduction."""
    return min((amount for amount in candidates if price is not None and amount > price), default=None)


def _asked(offer: Node) -> Iterator[Asked]:
    """What one offer asks; it has several prices when it is an aggregate, or writes them as specifications."""
    now: list[Asked] = []
    once: list[Decimal] = []
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
                once.append(amount)
            else:
                now.append(Asked(amount, currency))
    if once and all(asked.price is None for asked in now):  # a list price alone is what is asked
        now, once = [Asked(min(once), next((asked.currency for asked in now if asked.currency), ""))], []
    for asked in now:
        yield Asked(asked.price, asked.currency, before(asked.price, once))


def _amount(value: Any) -> Decimal | None:
    return price_of(value if isinstance(value, str | int | float) else line_in(value))
