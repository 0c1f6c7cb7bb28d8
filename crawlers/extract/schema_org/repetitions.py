"""Amounts that an offer states plainly, and with a condition once more: each is judged as what says more of it.

Shops fill `price` with what stands first in their database, which may be the price without tax, of ten pieces or of
one instalment; only the PriceSpecification beside it says so. A lowPrice may be one of these too.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from crawlers.extract.schema_org.quote import Quote, Standing

# Of an upper end nothing is known but that something costs less: one that is also asked plainly is a price.
_JUDGED = frozenset(Standing) - {Standing.ASKED, Standing.UPPER}


def judged_by(stated: list[Quote], own: list[Quote]) -> list[Quote]:
    """Judge the amounts that an offer states as its `own` as its specifications judge them in what they `stated`.

    An amount stays the price where none of the others is asked: mostly the shop says of its only price what else it
    is, per kilogram, or to be paid at once. It is in doubt then, should another offer ask something else. A former
    price is asked instead of one that holds no longer.
    """
    standings = _best_by_amount(stated) if own and stated else {}
    if not any(standings.get(quote.amount) in _JUDGED for quote in own):
        return own
    others = [*stated, *(quote for quote in own if quote.amount not in standings)]
    asked: dict[str, Standing] = {}
    before: dict[str, Standing] = {}
    for quote in others:
        if quote.amount and quote.standing <= Standing.NET:
            best = before if quote.former else asked
            best[quote.currency] = min(quote.standing, best.get(quote.currency, quote.standing))
    in_force = {
        each.currency
        for each in others
        if not each.former and each.amount and each.standing < Standing.NOT_VALID
    }

    def judged(quote: Quote) -> Quote:
        standing = standings.get(quote.amount, quote.standing)
        if quote.former or standing not in _JUDGED or standing <= quote.standing:
            return quote
        better = asked
        if standing == Standing.NOT_VALID and not in_force:
            better = before
        instead = min((better[code] for code in {quote.currency, ""} & better.keys()), default=standing)
        return replace(quote, standing=standing) if instead < standing else replace(quote, doubt=standing)

    return [judged(quote) for quote in own]


def without_repetitions(every: list[list[Quote]], set_aside: Iterable[Quote]) -> list[list[Quote]]:
    """Judge a summary that repeats an amount asked under a condition alone as that amount is judged.

    set_aside  amounts of the offers that are no prices
    """
    if not any(quote.summary for quotes in every for quote in quotes):
        return every
    single = [quote for quotes in every for quote in quotes if not quote.summary]
    standings = _best_by_amount([*single, *set_aside])
    return [
        [
            replace(quote, standing=max(quote.standing, standings.get(quote.amount, quote.standing)))
            if quote.summary
            else quote
            for quote in quotes
        ]
        for quotes in every
    ]


def _best_by_amount(quotes: Iterable[Quote]) -> dict[Decimal, Standing]:
    standings: dict[Decimal, Standing] = {}
    for quote in quotes:
        if not quote.former:
            standings[quote.amount] = min(quote.standing, standings.get(quote.amount, quote.standing))
    return standings
