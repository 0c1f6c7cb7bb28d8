"""One offer -> its quotes: each amount it states, and what that amount is worth as the price of one piece today.

An offer states amounts itself and in PriceSpecifications (schema.org/priceSpecification), and few of them are what one
pays for one piece: components (schema.org/PriceComponentTypeEnumeration), charges, prices for members or many pieces,
per metre, without tax, of last month. Components, charges and members' prices are no quotes at all; the others are
used only where an offer says nothing better. An offer that repeats one of these plainly asks none of it
(repetitions.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import Any

from crawlers.extract.money.price import currency_of, former_prices, price_of
from crawlers.extract.money.struck_price import split_struck, unescaped
from crawlers.extract.schema_org.charges import names_charge
from crawlers.extract.schema_org.jsonld import Node, distinct, follow, listed, parts
from crawlers.extract.schema_org.property_names import types_of
from crawlers.extract.schema_org.quote import Quote, Standing
from crawlers.extract.schema_org.repetitions import judged_by, without_repetitions
from crawlers.extract.schema_org.standing import (
    FEW,
    doubt_of_specification,
    own_standing,
    sells_extra,
    short_texts,
    standing_of_specification,
    words_in,
)

# The names of schema.org's PriceTypeEnumeration, and what shops write for them.
_BEFORE = frozenset(
    "listprice strikethroughprice strikethrough regularprice originalprice msrp srp rrp uvp".split()
)
_NOT_ASKED = frozenset("minimumadvertisedprice invoiceprice".split())
# What names the tax among the components of a price.
_TAX = re.compile(r"\b(?:vat|gst|tax|taxes|mwst|ust|mehrwertsteuer|umsatzsteuer|tva|iva|btw|moms)\b", re.I)
# The lowest price of the last thirty days, which the EU wants beside a reduced price.
_LOWEST_BEFORE = re.compile(r"\b30[ -]?(?:dni|dagen|days?|tagen?|derniers|giorni|d[ií]as)\b", re.I)
_BILLED = ("billingDuration", "billingIncrement", "billingStart")
_CURRENCIES = ("currency", "priceCurrency")
_LOW, _HIGH = ("price", "lowPrice", "minPrice"), ("highPrice", "maxPrice")
# Bounds of one offer: many offers may refer to one specification, which is read with each of them.
_MOST = 100  # specifications, components and amounts
_MOST_OF_PAGE = 50_000  # components, amounts and quotes, of all offers together
_LONGEST_PRICE = 4_000  # characters of a price as HTML


def quotes_of(offers: list[Node], nodes_by_id: Mapping[str, Node], today: date) -> list[list[Quote]]:
    """Read every amount of each offer that is a price; dates are judged as of `today`.

    Of an offer that states nothing but former prices that still hold, the lowest of them is what it asks. A
    specification that many offers refer to is read once.
    """
    page = _Page(nodes_by_id, today)
    every = [_in_offer(offer, page) for offer in offers]
    return without_repetitions(every, page.set_aside)


class _Stated:
    """What one node says of its amounts, each read at the first question: many may refer to it."""

    def __init__(self, node: Node, today: date) -> None:
        self._node = node
        self._today = today

    @cached_property
    def own_standing(self) -> Standing:
        return own_standing(self._node, self._today)

    @cached_property
    def standing(self) -> Standing:
        return max(self.own_standing, standing_of_specification(self._node))

    @cached_property
    def doubt(self) -> Standing:
        return doubt_of_specification(self._node) if self.standing == Standing.ASKED else Standing.ASKED

    @cached_property
    def is_price(self) -> bool:
        return _is_price(self._node)

    @cached_property
    def is_charge(self) -> bool:
        return _is_charge(self._node)

    @cached_property
    def is_part_or_charge(self) -> bool:
        return _is_part(self._node) or self.is_charge

    @cached_property
    def is_tax(self) -> bool:
        return any(_TAX.search(name) for name in short_texts(self._node.get("name")))

    @cached_property
    def is_former(self) -> bool:
        texts = (text for name in ("name", "description") for text in short_texts(self._node.get(name)))
        lowest = any(map(_LOWEST_BEFORE.search, texts))
        return lowest or bool(words_in(self._node.get("priceType")) & _BEFORE)

    @cached_property
    def currency(self) -> str | None:
        return _stated_currency(self._node)


@dataclass(frozen=True)
class _Page:
    """What the offers of one page share.

    left       a count of what may still be looked at: components, amounts and quotes
    stated     what a node says, by its id: nodes outlive this
    written    what a value means beside a stated currency
    known      the quotes of a specification beside a currency
    set_aside  amounts that are no prices
    """

    nodes_by_id: Mapping[str, Node]
    today: date
    left: Iterator[int] = field(default_factory=lambda: iter(range(_MOST_OF_PAGE)))
    written: dict[tuple[str | int | float, str], tuple[str, Decimal | None, list[Decimal]]] = field(
        default_factory=dict
    )
    known: dict[tuple[int, str], list[Quote]] = field(default_factory=dict)
    set_aside: list[Quote] = field(default_factory=list)
    stated: dict[int, _Stated] = field(default_factory=dict)

    def of(self, node: Node) -> _Stated:
        """Give what a node says of its amounts."""
        if id(node) not in self.stated:
            self.stated[id(node)] = _Stated(node, self.today)
        return self.stated[id(node)]


def _in_offer(offer: Node, page: _Page) -> list[Quote]:
    currency = next(short_texts(offer.get("priceCurrency")), "")
    if offer.get("validForMemberTier") or sells_extra(offer, page.nodes_by_id):
        page.set_aside.extend(_parts_in(offer, currency, page))
        return []
    own = own_standing(offer, page.today)
    whole = own if own != Standing.NET else Standing.ASKED  # a specification says itself whether tax is in it
    stated: list[Quote] = []
    for part in parts(follow(listed(offer.get("priceSpecification"))[:_MOST], page.nodes_by_id)):
        key = (id(part), currency)
        if key not in page.known:
            page.known[key] = list(islice(_in_specification(part, currency, page), _MOST))
        quotes = [quote for quote, _ in zip(page.known[key], page.left, strict=False)]
        stated += quotes if whole == Standing.ASKED else [_at_best(quote, whole) for quote in quotes]
    plain = list(_amounts_in(offer, currency, own, page)) if _is_price(offer) else []
    quotes = [*judged_by(stated, plain), *(quote for quote in stated if quote.standing != Standing.PART)]
    if "aggregateoffer" in types_of(offer):
        quotes = [replace(quote, summary=True) for quote in quotes]
    page.set_aside.extend(quote for quote in stated if quote.standing == Standing.PART)
    return _with_asked(quotes, own)


def _with_asked(quotes: list[Quote], own: Standing) -> list[Quote]:
    """Add the former price that is asked where an offer, valid itself, states no other that is."""
    asked = [quote for quote in quotes if not quote.former]
    former = [quote for quote in quotes if quote.former]
    in_force = any(quote.standing < Standing.NOT_VALID for quote in asked)
    if former and (not any(quote.amount for quote in asked) or (not in_force and own < Standing.NOT_VALID)):
        lowest = min(former, key=lambda quote: (quote.standing, quote.amount))
        return [*asked, *former, replace(lowest, former=False)]
    return quotes


def _at_best(quote: Quote, standing: Standing) -> Quote:
    return replace(quote, standing=max(quote.standing, standing))


def _in_specification(part: Node, currency: str, page: _Page) -> Iterator[Quote]:
    """Read a specification; of a compound one without a price of its own, its components."""
    every = distinct(parts(follow(listed(part.get("priceComponent"))[:_MOST], page.nodes_by_id)))
    components = [each for each, _ in zip(every, page.left, strict=False)]
    whole = any(part.get(name) is not None for name in (*_LOW, *_HIGH))
    for each in components:
        if page.of(each).is_part_or_charge:
            yield from _parts_in(each, next(short_texts(part.get("priceCurrency")), currency), page)
    if page.of(part).is_part_or_charge:
        yield from _parts_in(part, currency, page)
        return
    if not page.of(part).is_price:
        return
    if whole or not components:
        yield from _amounts_in(part, currency, page.of(part).standing, page)
        return
    former = page.of(part).is_former
    for quote in _together(components, next(short_texts(part.get("priceCurrency")), currency), page):
        yield replace(_at_best(quote, page.of(part).own_standing), former=quote.former or former)


def _together(components: list[Node], currency: str, page: _Page) -> Iterator[Quote]:
    """Add up the components of one price, by currency: they apply at once (schema.org/CompoundPriceSpecification).

    A former price among them, or one that holds only under a condition, is none of the summands. A net price is one
    no longer where a tax is beside it.
    """
    sums: dict[str, Quote] = {}
    taxed = any(page.of(each).is_tax for each in components)
    for each in components:
        if not page.of(each).is_price or page.of(each).is_charge:
            continue
        standing = page.of(each).standing
        if standing == Standing.NET and taxed and len(components) > 1:
            yield from _parts_in(each, currency, page)
            standing = Standing.ASKED
        least: dict[str, Quote] = {}
        for quote in _amounts_in(each, currency, standing, page):
            if quote.former or quote.standing > Standing.UPPER:
                yield quote
            elif quote.currency not in least or quote.amount < least[quote.currency].amount:
                least[quote.currency] = quote
        for code, quote in least.items():
            before = sums.get(code)
            sums[code] = (
                replace(_at_best(quote, before.standing), amount=before.amount + quote.amount)
                if before
                else quote
            )
    yield from (quote for quote in sums.values() if price_of(quote.amount) is not None)  # none too large


def _is_price(part: Node) -> bool:
    """Whether what a node states is a price for everybody, and neither a part of one nor what a shop may not ask."""
    return not (words_in(part.get("priceType")) & _NOT_ASKED or _is_part(part))


def _is_part(part: Node) -> bool:
    """Whether what a node states is a component of a price, or is asked of members."""
    return bool(part.get("validForMemberTier") or words_in(part.get("priceComponentType")))


def _is_charge(part: Node) -> bool:
    if any(part.get(name) not in (None, "") for name in _BILLED):
        return True
    return names_charge(" ".join(types_of(part)), is_type=True) or any(
        map(names_charge, short_texts(part.get("name")))
    )


def _parts_in(part: Node, currency: str, page: _Page) -> Iterator[Quote]:
    """Read the amounts of a node that are no prices."""
    return (quote for quote in _amounts_in(part, currency, Standing.PART, page) if not quote.former)


def _amounts_in(part: Node, currency_beside: str, standing: Standing, page: _Page) -> Iterator[Quote]:
    """Read the amounts of one node: of several values and of the low ends each, a high end where no other costs."""
    former = page.of(part).is_former
    stated = page.of(part).currency
    stated = currency_beside if stated is None else stated
    for names, worth in ((_LOW, standing), (_HIGH, max(standing, Standing.UPPER))):
        found = False
        values = (value for name in names for value in _values(part.get(name)))
        for value, _ in zip(islice(values, _MOST), page.left, strict=False):
            key = (value, stated)
            if key not in page.written:
                page.written[key] = _written(value, stated)
            currency, amount, struck = page.written[key]
            if amount is not None:
                found = found or amount > 0
                yield Quote(amount, currency, worth, former, doubt=page.of(part).doubt)
            yield from (Quote(each, currency, worth, former=True) for each in struck)
        if found:
            return


def _values(value: Any) -> Iterator[str | int | float]:
    """Give the single values of a property; of a node, a MonetaryAmount or a PriceSpecification, what it states."""
    for each in listed(value):
        if isinstance(each, dict):
            yield from short_texts(next((each[name] for name in _LOW if each.get(name)), each))
        elif isinstance(each, str):
            yield unescaped(each[:_LONGEST_PRICE])
        elif isinstance(each, int | float) and not isinstance(each, bool):
            yield each


def _written(value: str | int | float, stated: str) -> tuple[str, Decimal | None, list[Decimal]]:
    """Read a value: its currency, as stated or else what a sign in it means, its amount, and amounts struck in it."""
    text, struck = split_struck(value) if isinstance(value, str) else (value, [])
    currency = currency_of(stated, value)
    former = [amount for each in struck if (amount := price_of(each, currency=currency))]
    former += former_prices(text, currency=currency) if isinstance(text, str) else ()
    return currency, price_of(text, currency=currency), former


def _stated_currency(part: Node) -> str | None:
    """Find the currency that a node states."""
    inside = (money.get(name) for money in parts(listed(part.get("price"))[:FEW]) for name in _CURRENCIES)
    stated = (part.get("priceCurrency"), part.get("currency"), *inside)
    return next((text for each in stated for text in short_texts(each)), None)
