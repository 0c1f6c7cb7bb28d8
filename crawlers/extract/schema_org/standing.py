"""What an amount is worth as the price of one piece today, by what its node says of dates, quantities and tax."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from crawlers.extract.money.price import price_of
from crawlers.extract.schema_org.jsonld import Node, follow, listed, parts
from crawlers.extract.schema_org.property_names import types_of
from crawlers.extract.schema_org.quote import Standing
from crawlers.extract.text import line_of

# A piece, in the codes of UN/CEFACT (schema.org/unitCode) and in words.
_PIECE = frozenset("c62 h87 ea nar pce piece pieces item each unit stück stk pièce pieza pezzo szt".split())
_EXTRAS = frozenset(["service", "warrantypromise"])
_UNITS = ("unitCode", "unitText")
# Of schema.org's OfferItemCondition, and as feeds write them.
_WORN = frozenset(
    "usedcondition damagedcondition refurbishedcondition used damaged refurbished preowned preloved secondhand".split()
)
_DATE = re.compile(r"\s*(\d{4}-\d\d-\d\d)")
FEW = 10  # values of an enumeration or a quantity
LONGEST = 200  # characters of such a value


def own_standing(part: Node, today: date) -> Standing:
    """Judge dates, quantities, customers, business and tax, which stand on offers and on specifications alike."""
    ends = [_date(part.get(name)) for name in ("priceValidUntil", "validThrough")]
    begins = _date(part.get("validFrom"))
    if any(end and end < today for end in ends) or (begins and begins > today):
        return Standing.NOT_VALID
    customers, business = words_in(part.get("eligibleCustomerType")), words_in(part.get("businessFunction"))
    for_few = customers and not customers & {"enduser", "consumer"}
    no_sale = business and "sell" not in business
    volume = part.get("eligibleTransactionVolume")
    if volume or _least(part.get("eligibleQuantity")) > 1 or for_few or no_sale:
        return Standing.CONDITIONAL
    if words_in(part.get("itemCondition")) & _WORN:
        return Standing.WORN
    return Standing.NET if "false" in words_in(part.get("valueAddedTaxIncluded")) else Standing.ASKED


def sells_extra(offer: Node, nodes_by_id: Mapping[str, Node]) -> bool:
    """Whether what an offer sells is no piece but comes beside one: gift wrapping, a protection plan."""
    offered = parts(follow(listed(offer.get("itemOffered"))[:FEW], nodes_by_id))
    if any(not _EXTRAS.isdisjoint(types_of(each)) for each in offered):
        return True
    return "warranty" in words_in(offer.get("category"))


def standing_of_specification(part: Node) -> Standing:
    """Judge unit and reference quantity: a price per unit, unless that is a piece, or for how much it is is said.

    The latter (valueReference) is the form of Google's merchant listings: a price of the 500 g sold, per 100 g.
    """
    quantities = parts(listed(part.get("referenceQuantity"))[:FEW])
    if any(quantity.get("valueReference") for quantity in quantities):
        return Standing.ASKED
    units = [word for each in [part, *quantities] for name in _UNITS for word in words_in(each.get(name))]
    by_piece = all(word in _PIECE for word in units)
    return Standing.ASKED if by_piece and (units or not quantities) else Standing.PER_UNIT


def doubt_of_specification(part: Node) -> Standing:
    """Judge what a price may as well be: one for each piece of a pack, where it says for how many pieces it is.

    Such a price is that of the pack, too, where nothing else is asked.
    """
    quantities = parts(listed(part.get("referenceQuantity"))[:FEW])
    of_piece = quantities and not any(quantity.get("valueReference") for quantity in quantities)
    return Standing.PER_UNIT if of_piece else Standing.ASKED


def _least(quantities: Any) -> Decimal:
    """Read from how many pieces on a price holds, 1 where it is not said."""
    for quantity in listed(quantities)[:FEW]:
        stated = (
            [quantity.get("minValue"), quantity.get("value")] if isinstance(quantity, dict) else [quantity]
        )
        for amount in (price_of(text) for value in stated for text in short_texts(value)):
            if amount is not None:
                return amount
    return Decimal(1)


def _date(value: Any) -> date | None:
    """Read the day of a date or time of ISO 8601; None for anything else."""
    written = next((match for text in short_texts(value) if (match := _DATE.match(text))), None)
    try:
        return date.fromisoformat(written[1]) if written else None
    except ValueError:
        return None


def words_in(value: Any) -> set[str]:
    """Read the words of a property that enumerations have: `https://schema.org/EndUser` is `enduser`."""
    return {word_of(text) for text in short_texts(value)}


def short_texts(value: Any) -> Iterator[str]:
    """Read the few short texts of a property; of a node its name, its value or, for an enumeration's, its address."""
    for each in listed(value)[:FEW]:
        if isinstance(each, dict):
            each = next((each[name] for name in ("name", "@value", "value", "@id") if each.get(name)), None)
        if isinstance(each, str | int | float):
            yield line_of(str(each)[:LONGEST])


def word_of(text: str) -> str:
    """Take the last part of an enumeration's address, or a phrase, as one lower-case word."""
    name = re.split(r"[/#:]", text.strip().rstrip("/"))[-1]
    return "".join(letter for letter in name.lower() if letter.isalnum())
