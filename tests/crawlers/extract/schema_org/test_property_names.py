import json

import pytest

from crawlers.extract.schema_org.property_names import node_of, property_name, types_of


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("offers", "offers"),
        ("Offers", "offers"),
        (" PRICECURRENCY ", "priceCurrency"),
        ("schema:offers", "offers"),
        ("schemaorg:Offers", "offers"),
        ("https://schema.org/color", "color"),
        ("http://www.schema.org/Color", "color"),
        ("//schema.org/color", "color"),
        ("@Type", "@type"),
        ("gs1:color", "gs1:color"),
        ("Farbe", "Farbe"),
        ("", ""),
    ],
)
def test_a_property_that_is_read_is_spelt_as_schema_org_does(written: str, name: str) -> None:
    assert property_name(written) == name


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ('{"Offers": 1, "sku": 2}', {"offers": 1, "sku": 2}),
        ('{"Offers": 1, "offers": 2}', {"Offers": 1, "offers": 2}),
        ('{"Offers": 1, "offers": ""}', {"offers": 1}),
        ('{"type": "Product", "id": "#p"}', {"@type": "Product", "@id": "#p"}),
        ('{"type": "shirt", "@type": "Product"}', {"type": "shirt", "@type": "Product"}),
        ('{"id": 5}', {"id": 5}),
        ('{"color": {"@list": ["a", "b"]}}', {"color": ["a", "b"]}),
        ('{"color": {"@set": ["a"]}}', {"color": ["a"]}),
        (
            '{"offers": [[{"price": 1}], [[{"price": 2}, []]], 3]}',
            {"offers": [{"price": 1}, {"price": 2}, 3]},
        ),
        ('{"color": [{"@list": ["a", "b"]}, "c"]}', {"color": ["a", "b", "c"]}),
        ('{"color": [["a"]], "color": "b"}', {"color": "b"}),
        ('{"a": {"@value": "b"}}', {"a": {"@value": "b"}}),
    ],
)
def test_a_json_object_becomes_a_node(text: str, node: object) -> None:
    assert json.loads(text, object_pairs_hook=node_of) == node


@pytest.mark.parametrize(
    ("written", "types"),
    [
        ("Product", ["product"]),
        ("http://schema.org/Product/", ["product"]),
        ("https://schema.org/docs#Product", ["product"]),
        ("schema:Product", ["product"]),
        (["Product", " ItemPage ", 5, None], ["product", "itempage"]),
        (None, []),
        ({}, []),
    ],
)
def test_a_type_is_its_name_without_vocabulary(written: object, types: list[str]) -> None:
    assert types_of({"@type": written}) == types


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"0": "a", "2": "b"}, ["a", "b"]),
        ({"S": {"@type": "Offer"}, "M": {"@type": "Offer"}}, [{"@type": "Offer"}, {"@type": "Offer"}]),
        ({"0": {"x": 1}}, [{"x": 1}]),
        ({"colour": "red", "Colours": "blue"}, {"color": "red", "Colours": "blue"}),
        ({"@type": "Thing", "0": 1}, {"@type": "Thing", "0": 1}),
        ({"offers": {"@type": "Offer"}}, {"offers": {"@type": "Offer"}}),
        ({}, {}),
    ],
)
def test_an_index_is_a_list_and_british_spelling_is_understood(written: object, meant: object) -> None:
    assert json.loads(json.dumps(written), object_pairs_hook=node_of) == meant
