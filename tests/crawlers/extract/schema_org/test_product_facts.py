from typing import Any

import pytest

from crawlers.extract.schema_org.product_facts import Facts, facts_of
from crawlers.extract.schema_org.product_parts import ProductParts


def facts(node: dict[str, Any], *, variants: Any = (), offers: Any = (), offered: Any = ()) -> Facts:
    return facts_of(ProductParts(node, list(variants), list(offers), list(offered)))


@pytest.mark.parametrize(
    ("node", "colour"),
    [
        ({"color": "moss"}, "moss"),
        ({"color": ["moss", "slate", "Moss"]}, "moss, slate"),
        ({"color": "moss,slate"}, "moss, slate"),
        ({"color": {"@type": "DefinedTerm", "name": "moss"}}, "moss"),
        ({"additionalProperty": {"name": "pa_farbe", "value": ["moss", "slate"]}}, "moss, slate"),
        ({"additionalProperty": {"propertyID": "color", "value": "moss"}}, "moss"),
        ({"color": "moss", "additionalProperty": {"name": "Colour", "value": "green"}}, "moss, green"),
        ({"color": "moss", "additionalProperty": {"name": "Colour", "value": "Moss"}}, "moss"),
        (
            {"additionalProperty": [{"name": "Farbe", "value": "moss"}, {"name": "farbe:", "value": "sand"}]},
            "moss, sand",
        ),
        ({"additionalProperty": {"name": "Colour of lining", "value": "red"}}, ""),
    ],
)
def test_a_colour_is_read_in_every_place_with_all_values(node: dict[str, Any], colour: str) -> None:
    assert facts(node).colour == colour


def test_a_colour_spelt_in_two_ways_is_one_and_no_attribute() -> None:
    spelt = [{"name": name, "value": value} for name, value in (("Color", "Moss"), ("color", "Sand"))]

    found = facts({"name": "Coat"}, variants=[{"additionalProperty": fact} for fact in spelt])

    assert (found.colour, found.attributes) == ("Moss, Sand", {})


def test_facts_of_all_parts_come_together_in_order() -> None:
    found = facts(
        {"material": "wool"},
        variants=[{"color": "moss", "material": ["wool", "horn"], "size": "38,5"}],
        offered=[{"color": "slate"}],
        offers=[{"color": "Moss", "itemCondition": "NewCondition", "gtin13": "4001"}],
    )

    assert found.colour == "moss, slate"
    assert found.attributes == {
        "material": "wool, horn",
        "size": "38,5",
        "itemCondition": "NewCondition",
        "gtin13": "4001",
    }


def test_an_identifier_of_the_product_comes_before_those_of_its_variants() -> None:
    assert facts({"mpn": "A"}, variants=[{"mpn": "A-1"}, {"mpn": "A-2"}]).attributes == {"mpn": "A"}


@pytest.mark.parametrize(
    ("node", "gender"),
    [
        ({"audience": {"suggestedGender": "https://schema.org/Female"}}, "Female"),
        ({"audience": [{"suggestedGender": "male"}, {"suggestedGender": "female"}]}, "male, female"),
        ({"size": {"name": "M", "suggestedGender": "male"}}, "male"),
        ({"gender": "men/women"}, "men/women"),
        (
            {"gender": "Damen", "additionalProperty": {"name": "Geschlecht", "value": "Herren"}},
            "Damen, Herren",
        ),
        ({"additionalProperty": {"name": "Geschlecht", "value": "Damen"}}, "Damen"),
        ({"audience": "Women"}, "Women"),
        ({"audience": {"audienceType": "Kids"}}, "Kids"),
        ({"audience": {"audienceType": "Kids"}, "gender": "girls"}, "girls"),
        ({"size": {"sizeGroup": "https://schema.org/WearableSizeGroupBoys"}}, "Boys"),
        ({"size": {"sizeGroup": "https://schema.org/WearableSizeGroupPetite"}}, ""),
    ],
)
def test_a_gender_stands_in_many_places(node: dict[str, Any], gender: str) -> None:
    assert facts(node).gender == gender
    assert facts({}, variants=[node]).gender == gender


def test_brands_are_not_split_at_their_commas() -> None:
    assert facts({"brand": [{"name": "Alm, Berg"}, "Alm, Berg", "Loden"]}).brand == "Alm, Berg, Loden"
    assert facts({"manufacturer": "Alm"}, variants=[{"brand": "Berg"}]).brand == "Berg"
    assert facts({"additionalProperty": {"name": "Marke", "value": "Alm"}}).brand == "Alm"


def test_several_properties_of_one_name_are_one_fact() -> None:
    properties = [{"name": "Futter", "value": "Viskose"}, {"name": "Futter", "value": ["Seide", "Viskose"]}]
    spans = {"name": "Length", "minValue": 98, "maxValue": 104}

    found = facts({"additionalProperty": [*properties, spans, {"name": "x"}, {"value": "y"}, "z"]})

    assert found.attributes == {"Futter": "Viskose, Seide", "Length": "98-104"}


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ({"value": 65, "unitCode": "CMT"}, "65 cm"),
        ({"value": "65", "unitText": "cm"}, "65 cm"),
        ({"value": 65, "unitText": "Zoll", "unitCode": "INH"}, "65 Zoll"),
        ({"value": 65, "unitCode": "https://unece.org/code/MMT"}, "65 mm"),
        ({"value": 65, "unitCode": "unece:inh"}, "65 in"),
        ({"value": 65, "unitCode": "cm"}, "65 cm"),
        ({"value": 1.5, "unitText": "MTR"}, "1.5 m"),
        ({"value": [60, 65], "unitCode": "CMT"}, "60 cm, 65 cm"),
        ({"minValue": 36, "maxValue": 42, "unitText": "cm"}, "36-42 cm"),
        ({"value": {"@type": "QuantitativeValue", "value": 65, "unitCode": "CMT"}}, "65 cm"),
        ({"value": {"minValue": 36, "maxValue": 42}, "unitCode": "CMT"}, "36-42 cm"),
        ({"value": {"value": 65, "unitCode": "CMT"}, "unitCode": "CMT"}, "65 cm"),
        ({"value": 80, "unitCode": "P1"}, "80 %"),
        ({"value": 1.2, "unitCode": "KGM"}, "1.2 kg"),
        ({"value": 300, "unitCode": "GRM"}, "300 g"),
        ({"value": 20, "unitCode": "LTR"}, "20 l"),
        ({"value": "ca. 65", "unitText": {"name": "cm"}}, "ca. 65 cm"),
    ],
)
def test_a_measured_value_has_its_unit(stated: dict[str, Any], text: str) -> None:
    assert facts({"additionalProperty": {"name": "Length"} | stated}).attributes == {"Length": text}
    if "unitText" in stated or "unitCode" in stated:
        assert facts({"size": stated}).attributes == {"size": text}


@pytest.mark.parametrize(
    "stated",
    [
        {"value": "65 cm", "unitCode": "CMT"},
        {"value": "65 cm", "unitText": "cm"},
        {"value": "65 cm", "unitCode": "C62"},
        {"value": {"name": "65 cm"}, "unitText": "Stück"},
        {"value": "65 cm", "unitText": ""},
    ],
)
def test_a_value_that_names_its_unit_stays(stated: dict[str, Any]) -> None:
    assert facts({"additionalProperty": {"name": "Length"} | stated}).attributes == {"Length": "65 cm"}


@pytest.mark.parametrize(
    "unit",
    [
        {"unitCode": "C62"},
        {"unitText": "C62"},
        {"unitCode": "XYZ"},
        {"unitCode": 7},
        {"unitCode": None, "unitText": None},
        {"unitText": "x" * 99},
        {"unitCode": [[]]},
        {"unitText": {"@id": "#a"}},
        {"unitText": True},
    ],
)
def test_what_is_no_unit_is_none(unit: dict[str, Any]) -> None:
    assert facts({"additionalProperty": {"name": "Length", "value": 65} | unit}).attributes == {
        "Length": "65"
    }
