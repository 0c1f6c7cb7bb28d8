from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.extract.schema_org.price_specification import quotes_of
from crawlers.extract.schema_org.quote import Quote, Standing
from crawlers.extract.schema_org.standing import word_of

TODAY = date(2026, 11, 27)
ASKED = Quote(Decimal("240.0000"), "EUR", Standing.ASKED)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["2019-13-45", "<del>", "60 €", "#a"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "minValue", "@id"]), inner)
    ),
)
NAMES = (
    *(
        "price",
        "lowPrice",
        "maxPrice",
        "priceSpecification",
        "priceComponent",
        "priceType",
        "eligibleQuantity",
    ),
    *("validFrom", "priceValidUntil", "referenceQuantity", "valueAddedTaxIncluded", "priceCurrency", "@type"),
)


def quotes(**offer: Any) -> list[Quote]:
    return quotes_of([{"@type": "Offer", "price": 240, "priceCurrency": "EUR"} | offer], {}, TODAY)[0]


def spec(**facts: Any) -> list[Quote]:
    """The quotes of an offer that has one specification alone."""
    return quotes(price=None, priceSpecification={"@type": "UnitPriceSpecification", "price": 240} | facts)


def test_an_offer_asks_its_price() -> None:
    assert quotes() == [ASKED]


@pytest.mark.parametrize(
    "facts",
    [
        {"priceComponentType": "https://schema.org/Installment"},
        {"priceComponentType": "Downpayment"},
        {"@type": "DeliveryChargeSpecification"},
        {"@type": "http://schema.org/PaymentChargeSpecification/"},
        {"name": "Versandkosten"},
        {"name": "Bottle deposit"},
        {"name": "Consigne"},
        {"name": "Shipping (excl. VAT)"},
        {"name": "Pfand inkl. MwSt."},
        {"name": "Shipping plus deposit"},
        {"@type": "DeliveryChargeSpecification", "name": "without shipping"},
        {"billingDuration": 12},
        {"validForMemberTier": {"@id": "#gold"}},
        {"priceType": "InvoicePrice"},
    ],
)
def test_what_is_paid_beside_the_price_or_as_a_part_of_it_is_none(facts: dict[str, Any]) -> None:
    assert spec(**facts) == []


@pytest.mark.parametrize(
    "name",
    [
        "inkl. MwSt. zzgl. Versandkosten",
        "Prix TTC hors livraison",
        "hors consigne",
        "incl. VAT excl. shipping",
        "plus shipping",
        "Preis (+ 0,25 € Pfand)",
        "ohne Anzahlung",
        "Free delivery",
        "inkl. MwSt., versandkostenfrei",
        "Prezzo, spese di spedizione escluse",
        "Shipping not included",
    ],
)
def test_a_price_may_say_that_a_charge_is_not_what_it_is(name: str) -> None:
    assert spec(name=name) == [ASKED]


def compound(*components: dict[str, Any], **facts: Any) -> list[tuple[Decimal, str, Standing, bool]]:
    found = spec(
        **{"@type": "CompoundPriceSpecification", "price": None, "priceComponent": list(components)} | facts
    )
    return [(quote.amount, quote.currency, quote.standing, quote.former) for quote in found]


NET = {"name": "Net price", "price": "84.03", "valueAddedTaxIncluded": False}


@pytest.mark.parametrize(
    ("components", "asked"),
    [
        ([{"price": 80}, {"price": "20"}], (100, Standing.ASKED)),
        ([NET, {"name": "VAT", "price": "15.97"}], (100, Standing.ASKED)),
        ([NET], (Decimal("84.03"), Standing.NET)),
        ([{"price": 80}, {"name": "Versand", "price": 5}], (80, Standing.ASKED)),
        ([{"price": 80}, {"priceComponentType": "Installment", "price": 5}], (80, Standing.ASKED)),
        ([{"price": 80}, {"minPrice": 20, "maxPrice": 40}], (100, Standing.ASKED)),
    ],
)
def test_components_of_a_price_apply_together(
    components: list[dict[str, Any]], asked: tuple[Any, Standing]
) -> None:
    assert compound(*components) == [(asked[0], "EUR", asked[1], False)]


def test_components_add_up_by_currency_and_what_is_not_asked_stays_apart() -> None:
    dollars = {"price": 90, "priceCurrency": "USD"}
    former = {"price": 120, "priceType": "ListPrice"}
    expired = {"price": 70, "validThrough": "2019-01-31"}

    assert compound({"price": 80}, dollars, {"price": 20}, dollars | {"price": 25}, former, expired) == [
        (120, "EUR", Standing.ASKED, True),
        (70, "EUR", Standing.NOT_VALID, False),
        (100, "EUR", Standing.ASKED, False),
        (115, "USD", Standing.ASKED, False),
    ]
    assert compound({"price": 9 * 10**12}, {"price": 9 * 10**12}) == []


def test_a_compound_price_is_worth_what_is_said_of_the_whole() -> None:
    assert compound({"price": 80}, {"price": 20}, validThrough="2019-01-31")[0][2] == Standing.NOT_VALID
    assert compound({"price": 80}, {"price": 20}, priceComponentType="Installment") == []


@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        ({}, Standing.ASKED),
        ({"priceType": "https://schema.org/SalePrice"}, Standing.ASKED),
        ({"valueAddedTaxIncluded": True}, Standing.ASKED),
        ({"valueAddedTaxIncluded": False}, Standing.NET),
        ({"valueAddedTaxIncluded": "False"}, Standing.NET),
        ({"referenceQuantity": {"value": 1, "unitText": "pair"}}, Standing.PER_UNIT),
        ({"referenceQuantity": {"value": 500, "valueReference": {"value": 100}}}, Standing.ASKED),
        ({"referenceQuantity": {"value": 1, "unitCode": "C62"}}, Standing.ASKED),
        ({"referenceQuantity": {"value": 1}}, Standing.PER_UNIT),
        ({"unitCode": "MTR"}, Standing.PER_UNIT),
        ({"unitText": "piece"}, Standing.ASKED),
        ({"eligibleTransactionVolume": {"price": 500}}, Standing.CONDITIONAL),
        ({"eligibleQuantity": 1}, Standing.ASKED),
        ({"eligibleQuantity": {"minValue": "2"}}, Standing.CONDITIONAL),
        ({"eligibleQuantity": {"maxValue": 5}}, Standing.ASKED),
        ({"eligibleQuantity": {"value": 0.5}}, Standing.ASKED),
        ({"eligibleCustomerType": "Business"}, Standing.CONDITIONAL),
        ({"eligibleCustomerType": "http://purl.org/goodrelations/v1#Enduser"}, Standing.ASKED),
        ({"businessFunction": "http://purl.org/goodrelations/v1#Sell"}, Standing.ASKED),
        ({"businessFunction": "LeaseOut"}, Standing.CONDITIONAL),
        ({"validThrough": "2026-11-26T23:59:59Z"}, Standing.NOT_VALID),
        ({"validThrough": "2026-11-27"}, Standing.ASKED),
        ({"validFrom": "2026-11-28"}, Standing.NOT_VALID),
        ({"validFrom": "next week"}, Standing.ASKED),
        ({"validThrough": "2026-02-31"}, Standing.ASKED),
    ],
)
def test_an_amount_is_worth_what_is_said_beside_it(facts: dict[str, Any], standing: Standing) -> None:
    assert [quote.standing for quote in spec(**facts)] == [standing]


def test_a_specification_is_not_worth_more_than_its_offer() -> None:
    found = quotes(priceValidUntil="2019-01-31", priceSpecification={"price": 200})

    assert {quote.standing for quote in found} == {Standing.NOT_VALID}


@pytest.mark.parametrize(
    "kind",
    ["ListPrice", "schema:MSRP", {"@id": "schema:SRP"}, ["https://schema.org/SRP/"], "StrikethroughPrice"],
)
def test_a_former_price_has_a_type(kind: object) -> None:
    former = Quote(Decimal("300.0000"), "EUR", Standing.ASKED, former=True)

    assert quotes(priceSpecification={"price": 300, "priceType": kind}) == [ASKED, former]


def test_a_former_price_alone_is_asked() -> None:
    assert ASKED in spec(priceType="ListPrice")


@pytest.mark.parametrize(
    ("facts", "amounts"),
    [
        ({"price": ["240", 230]}, [240, 230]),
        ({"price": None, "minPrice": 200, "maxPrice": 300}, [200]),
        ({"price": None, "highPrice": "300"}, [300]),
        ({"price": 0, "highPrice": "300"}, [0, 300]),
        ({"price": "<s>300 €</s> 240 €"}, [240, 300]),
        ({"price": True}, []),
        ({"price": {"@type": "MonetaryAmount", "value": "99"}}, [99]),
    ],
)
def test_every_value_is_read_and_an_upper_end_where_it_stands_alone(
    facts: dict[str, Any], amounts: list[int]
) -> None:
    assert [quote.amount for quote in quotes(**facts)] == amounts


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("https://schema.org/InStock/", "instock"),
        ("schema:InStock", "instock"),
        ("http://purl.org/goodrelations/v1#Sell", "sell"),
        ("In stock", "instock"),
        ("", ""),
    ],
)
def test_a_member_of_an_enumeration_is_one_word(text: str, word: str) -> None:
    assert word_of(text) == word


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_no_offer_breaks_it(offer: dict[str, Any], part: dict[str, Any]) -> None:
    both = offer | {"priceSpecification": [part, offer.get("priceSpecification")]}

    (found,) = quotes_of([both], {"#a": part}, TODAY)

    assert all(quote.amount.is_finite() and quote.amount >= 0 for quote in found)


def test_a_shared_specification_counts_in_each_offer_by_that_offers_currency() -> None:
    offers = [{"priceCurrency": code, "priceSpecification": {"@id": "#s"}} for code in ("EUR", "VND", "EUR")]

    found = quotes_of(offers, {"#s": {"@id": "#s", "price": "240.000"}}, TODAY)

    assert [(quote.amount, quote.currency) for (quote,) in found] == [
        (240, "EUR"),
        (240_000, "VND"),
        (240, "EUR"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        "1&nbsp;299,00&nbsp;€",
        "1&#160;299,00 €",
        "1&#8239;299,00 €",
        "1&amp;nbsp;299,00 €",
        "&euro;1299.00",
        "&#8364;1299.00",
        "<b>1&amp;nbsp;299,00 &euro;</b>",
    ],
)
def test_entities_in_a_price_are_what_they_stand_for(written: str) -> None:
    assert quotes(price=written, priceCurrency=None) == [Quote(Decimal("1299.0000"), "EUR", Standing.ASKED)]


@pytest.mark.parametrize(
    "price",
    [
        {"@type": "PriceSpecification", "price": "240", "priceCurrency": "EUR"},
        {"@type": "PriceSpecification", "price": 240, "priceCurrency": "EUR"},
        {"@type": "MonetaryAmount", "value": "240", "currency": "EUR"},
        [{"price": "240.00 €"}],
        {"minPrice": "240", "maxPrice": "300", "priceCurrency": "EUR"},
    ],
)
def test_a_price_may_be_a_node_that_states_it(price: Any) -> None:
    assert quotes(price=price, priceCurrency=None) == [ASKED]
