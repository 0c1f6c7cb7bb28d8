"""crawlers/extract/schema_org/repetitions.py: an amount that an offer repeats is worth what is said beside it."""

from typing import Any

import pytest

from crawlers.extract.schema_org.offers import Amounts, lowest_amounts

PAST, FUTURE = "2001-01-01", "2999-01-01"
NET = {"price": 200, "valueAddedTaxIncluded": False}
BULK = {"price": 200, "eligibleQuantity": {"minValue": 10}}
PER_METRE = {"price": 200, "referenceQuantity": {"value": 1, "unitCode": "MTR"}}
INSTALMENT = {"price": 200, "priceComponentType": "Installment"}
BY_MONTH = {"price": 200, "billingDuration": 12}
DEPOSIT = {"price": 200, "name": "Anzahlung"}
EXPIRED = {"price": 200, "priceType": "SalePrice", "validThrough": PAST}
NOT_YET = {"price": 200, "priceType": "SalePrice", "validFrom": FUTURE}
MEMBERS = {"price": 200, "validForMemberTier": {"name": "Gold"}}
TRADE = {"price": 200, "eligibleCustomerType": "Business"}
REGULAR = {"price": 240}
JUDGED = [NET, BULK, PER_METRE, INSTALMENT, BY_MONTH, DEPOSIT, EXPIRED, NOT_YET, MEMBERS, TRADE]


def offer(*specifications: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "price": 200,
        "priceCurrency": "EUR",
        "priceSpecification": [*specifications],
    } | facts


def asked(*offers: dict[str, Any]) -> Amounts:
    return lowest_amounts(list(offers), {})


@pytest.mark.parametrize("repeated", JUDGED)
def test_a_repeated_amount_is_what_its_specification_says(repeated: dict[str, Any]) -> None:
    assert asked(offer(repeated, REGULAR)).price == 240
    assert asked(offer(REGULAR, repeated, price=["200.00", 240])).price == 240
    assert (
        asked(offer(repeated, REGULAR, **{"@type": "AggregateOffer", "price": None, "lowPrice": 200})).price
        == 240
    )


@pytest.mark.parametrize("repeated", JUDGED)
def test_an_amount_stays_the_price_where_nothing_else_is_asked(repeated: dict[str, Any]) -> None:
    shipping = {"@type": "DeliveryChargeSpecification", "price": 5}
    before = {"price": 300, "priceType": "StrikethroughPrice", "validThrough": PAST}

    assert asked(offer(repeated)).price == 200
    assert asked(offer(repeated, shipping)).price == 200
    assert asked(offer(repeated, before)).price == 200
    assert asked(offer(repeated, REGULAR | {"priceCurrency": "USD"})).price == 200
    assert asked(offer(repeated, REGULAR | {"eligibleQuantity": 20})).price == 200
    assert asked(offer(repeated, {"price": 0})).price == 200


@pytest.mark.parametrize("repeated", [each for each in JUDGED if each not in (EXPIRED, NOT_YET)])
def test_a_former_price_is_not_asked_instead(repeated: dict[str, Any]) -> None:
    assert asked(offer(repeated, {"price": 300, "priceType": "ListPrice"})).price == 200


@pytest.mark.parametrize("repeated", [EXPIRED, NOT_YET])
def test_out_of_its_time_a_sale_price_gives_way_to_the_regular_one(repeated: dict[str, Any]) -> None:
    assert asked(offer(repeated, {"price": 300, "priceType": "RegularPrice"})) == Amounts(300, "EUR")


@pytest.mark.parametrize(
    "plain",
    [
        {"price": 200},
        {"price": 200, "priceType": "SalePrice"},
        {
            "price": 200,
            "referenceQuantity": {"value": 500, "unitCode": "GRM", "valueReference": {"value": 100}},
        },
        {"price": 200, "unitCode": "C62"},
        {"price": 200, "validThrough": FUTURE},
    ],
)
def test_a_specification_without_a_condition_takes_nothing_away(plain: dict[str, Any]) -> None:
    assert asked(offer(plain, REGULAR)).price == 200
    assert asked(offer(plain, MEMBERS, BULK, REGULAR)).price == 200
    assert asked(offer(plain, {"price": 300, "priceType": "ListPrice"})) == Amounts(200, "EUR", 300)


@pytest.mark.parametrize("bound", [{"price": 200, "priceType": "MinimumAdvertisedPrice"}, {"maxPrice": 200}])
def test_a_bound_of_the_price_takes_nothing_away(bound: dict[str, Any]) -> None:
    assert asked(offer(bound, REGULAR)).price == 200


def test_a_part_of_a_compound_price_is_none() -> None:
    rates = {"price": 240, "priceComponent": [INSTALMENT, {"price": 40, "priceComponentType": "Downpayment"}]}
    taxed = {"priceComponent": [NET, {"name": "VAT", "price": 40}]}
    with_shipping = {"price": 205, "priceComponent": [{"price": 200}, {"name": "Shipping", "price": 5}]}

    assert asked(offer(rates)).price == 240
    assert asked(offer(taxed)).price == 240
    assert asked(offer(with_shipping)).price == 200


@pytest.mark.parametrize("repeated", JUDGED)
def test_a_summary_that_repeats_an_amount_of_its_offers_is_worth_the_same(repeated: dict[str, Any]) -> None:
    summary = {"@type": "AggregateOffer", "lowPrice": 200, "priceCurrency": "EUR"}

    assert asked(summary, offer(repeated, price=240)).price == 240
    assert asked(summary, offer(repeated, price=240), offer()).price == 200
    assert asked(summary).price == 200


def test_a_summary_of_what_members_pay_is_for_them() -> None:
    summary = {"@type": "AggregateOffer", "lowPrice": 200, "priceCurrency": "EUR"}

    assert asked(summary, offer(validForMemberTier="Gold"), offer(price=240)).price == 240
    assert asked(summary, offer(validForMemberTier="Gold")).price == 200
