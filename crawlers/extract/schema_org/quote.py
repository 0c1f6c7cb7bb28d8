"""An amount that an offer states, and what it is worth as the price of one piece today."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum


class Standing(IntEnum):
    """What an amount is worth as the price of one piece, best first."""

    ASKED = 0
    NET = 1  # without the tax that is paid with it
    UPPER = 2  # the upper end of a range whose lower end is not said
    WORN = 3  # of a piece that is used, damaged or refurbished
    PER_UNIT = 4  # per metre, per pair of a pack
    CONDITIONAL = 5  # from several pieces on, for the trade, for hire
    NOT_VALID = 6  # no longer, or not yet
    PART = 7  # a component, a charge, a price for members: known only for offers that repeat it as their own price


@dataclass(frozen=True)
class Quote:
    """An amount in its currency (empty where none is said); `former` for a price that it is reduced from.

    summary  whether it sums up several offers, as the lowPrice of an AggregateOffer does
    doubt    what it may as well be; of several that are worth the same, one without doubt is asked
    """

    amount: Decimal
    currency: str
    standing: Standing
    former: bool = False
    summary: bool = False
    doubt: Standing = Standing.ASKED
