from decimal import Decimal
from typing import Any

import pytest

from crawlers.extract.schema_org.offers import Amounts, in_stock, lowest_amounts, reduced_from


def offer(price: object, currency: str = "EUR", **facts: Any) -> dict[str, Any]:
    return {"@type": "Offer", "price": price, "priceCurrency": currency} | facts


def asked(*offers: dict[str, Any]) -> Amounts:
    return lowest_amounts(list(offers), {})


@pytest.mark.parametrize(
    ("offers", "price"),
    [
        ([offer(250), offer(240)], 240),
        ([offer(0), offer(240)], 240),
        ([offer(0)], 0),
        ([offer("on request")], None),
        ([offer(90, eligibleQuantity=2), offer(240)], 240),
        ([offer(90, eligibleQuantity=2)], 90),
        ([offer(90, valueAddedTaxIncluded=False), offer(80, priceValidUntil="2001-01-01")], 90),
        ([offer(240), offer(90, "GBP")], 240),
        ([offer(240, ""), offer(230)], 230),
        (
            [
                offer(240, itemCondition="https://schema.org/NewCondition"),
                offer(59, itemCondition="UsedCondition"),
            ],
            240,
        ),
        ([offer(240), offer(99, itemCondition={"@id": "http://schema.org/RefurbishedCondition"})], 240),
        ([offer(240), offer(70, itemCondition="damaged")], 240),
        ([offer(70, itemCondition="used"), offer(59, itemCondition="UsedCondition")], 59),
        (
            [
                offer(240),
                offer(20, priceSpecification={"price": 20, "billingDuration": 12, "unitCode": "MON"}),
            ],
            240,
        ),
        ([offer(240), offer(20, priceSpecification={"price": 20, "name": "12 instalments"})], 240),
        ([offer(240), offer(20, priceSpecification={"price": 20, "priceComponentType": "Installment"})], 240),
        ([offer(20, priceSpecification={"price": 20, "billingDuration": 12})], 20),
        (
            [
                offer(
                    15, priceSpecification={"price": 5, "referenceQuantity": {"value": 1, "unitCode": "C62"}}
                )
            ],
            15,
        ),
        (
            [
                offer(
                    15,
                    priceSpecification=[
                        {"price": 15},
                        {"price": 5, "referenceQuantity": {"unitText": "piece"}},
                    ],
                )
            ],
            15,
        ),
        (
            [
                offer(
                    None,
                    priceSpecification={"price": 5, "referenceQuantity": {"value": 1, "unitCode": "C62"}},
                )
            ],
            5,
        ),
        ([offer(15, priceSpecification={"price": 12, "unitCode": "C62"})], 12),
        ([offer(129), offer(4.99, itemOffered={"@type": "Service", "name": "Gift wrapping"})], 129),
        ([offer(129), offer(19, itemOffered=[{"@type": "https://schema.org/Service"}])], 129),
        ([offer(129), offer(19, category="Warranty", itemOffered={"name": "Two more years"})], 129),
        ([offer(129), offer(99, itemOffered={"@type": "Product", "name": "in red"})], 99),
        ([offer(129, priceSpecification={"price": 119, "name": "Lowest price in last 30 days"})], 129),
        (
            [offer(129, priceSpecification={"price": 119, "name": "Niedrigster Preis der letzten 30 Tage"})],
            129,
        ),
        (
            [offer(129, priceSpecification={"price": 119, "name": "Najniższa cena z 30 dni przed obniżką"})],
            129,
        ),
    ],
)
def test_the_lowest_price_for_one_piece_in_the_first_currency_counts(
    offers: list[dict[str, Any]], price: int | None
) -> None:
    assert asked(*offers).price == price


def test_a_list_price_is_of_the_offer_that_asks_the_least() -> None:
    former = {"price": 300, "priceType": "ListPrice"}

    assert asked(offer(240), offer(250, priceSpecification=former)).list_price is None
    assert asked(offer(240, priceSpecification=former), offer(250)).list_price == 300


@pytest.mark.parametrize(
    "facts", [{"priceCurrency": "USD"}, {"valueAddedTaxIncluded": False}, {"price": 240}]
)
def test_a_list_price_is_in_the_same_money_and_higher(facts: dict[str, Any]) -> None:
    former = {"price": 300, "priceType": "ListPrice"} | facts

    assert asked(offer(240, priceSpecification=former)) == Amounts(Decimal(240), "EUR", None)


@pytest.mark.parametrize(("low", "price"), [(180, 240), (200, 200)])
def test_a_summary_that_repeats_a_bulk_price_is_one(low: int, price: int) -> None:
    summary = {"@type": "AggregateOffer", "lowPrice": low, "priceCurrency": "EUR"}

    assert asked(summary, offer(240), offer(180, eligibleQuantity={"minValue": 10})).price == price


def test_the_currency_is_known_without_a_price() -> None:
    assert asked(offer(None, "eur")) == Amounts(None, "EUR", None)


@pytest.mark.parametrize(
    ("texts", "stock"),
    [
        (["https://schema.org/OutOfStock", "schema:InStock"], True),
        (["SoldOut/"], False),
        (["perhaps"], None),
        ([], None),
    ],
)
def test_one_variant_that_can_be_bought_is_enough(texts: list[str], stock: bool | None) -> None:
    assert in_stock(texts) is stock


def test_a_reduction_is_from_the_next_higher_price() -> None:
    assert reduced_from(Decimal(45), [Decimal(45), Decimal(80), Decimal(60)]) == 60
    assert reduced_from(None, [Decimal(60)]) is None
