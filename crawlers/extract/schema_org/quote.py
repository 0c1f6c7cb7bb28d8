"""An amount that an offer states, and what it is worth as the price of one piece today."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum


class Standing(IntEnum):
    """What an amount is worth as the price of one piece, best first."""

    ASKED = 0
    NET = 1  # without the tax that is paid with it
    UPPER = 2  # the upper end of a range whose lower end is not said
    PER_UNIT = 3  # per metre, per pair of a pack
    CONDITIONAL = 4  # from several pieces on, for the trade, for hire
    NOT_VALID = 5  # no longer, or not yet
    PART = 6  # a component, a charge, a price for members: known only for offers that repeat it as their own price


@dataclass(frozen=True)
class Quote:
    """An amount in its currency (empty where none is said); `former` for a price that it is reduced from.

    summary  whether it sums up several offers, as the lowPrice of an AggregateOffer does
    """

    amount: Decimal
    currency: str
    standing: Standing
    former: bool = False
    summary: bool = False
