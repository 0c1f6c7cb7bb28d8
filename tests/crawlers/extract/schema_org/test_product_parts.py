from typing import Any

import pytest

from crawlers.extract.schema_org.page_nodes import NodesById
from crawlers.extract.schema_org.product_parts import ProductParts, parts_of


def parts(product: dict[str, Any], *others: dict[str, Any]) -> ProductParts:
    nodes = [product, *others]
    return parts_of(product, nodes, NodesById(nodes))


def thing(name: str = "", **facts: Any) -> dict[str, Any]:
    return {"@type": "Product", "name": name} | facts


@pytest.mark.parametrize(
    ("product", "other"),
    [
        (thing(hasVariant={"@id": "#v"}), thing("v", **{"@id": "#v"})),
        (thing(**{"@id": "#g"}), thing("v", isVariantOf={"@id": "#g"})),
        (thing(**{"@id": "#g"}), thing("v", isVariantOf="#g")),
        (thing(productGroupID=7), thing("v", isVariantOf={"@type": "ProductGroup", "productGroupID": "7"})),
        (thing(productGroupID=7), thing("v", inProductGroupWithID="7", url="/p/elsewhere")),
        (thing(inProductGroupWithID="7"), thing("v", inProductGroupWithID=7)),
        (
            thing(inProductGroupWithID="7", url="/p/a?color=moss"),
            thing("v", inProductGroupWithID="7", url="/p/a?color=slate"),
        ),
    ],
    ids=[
        "listed",
        "names its group",
        "names it as text",
        "describes its group",
        "names its number",
        "sibling",
        "sibling shown on the same page",
    ],
)
def test_a_variant_is_found_from_either_side(product: dict[str, Any], other: dict[str, Any]) -> None:
    assert [variant["name"] for variant in parts(product, other, other, thing("w")).variants] == ["v"]


def test_a_sibling_with_a_page_of_its_own_is_no_variant() -> None:
    product = thing(inProductGroupWithID="7", url="/p/a")

    assert parts(product, thing("v", inProductGroupWithID="7", url="/p/b")).variants == []


@pytest.mark.parametrize("tie", [{"isVariantOf": {"@id": "#g"}}, {"inProductGroupWithID": "7"}])
def test_a_variant_says_what_only_its_group_says(tie: dict[str, Any]) -> None:
    group = {
        "@type": "ProductGroup",
        "@id": "#g",
        "productGroupID": "7",
        "name": "Coat",
        "brand": "Alm",
        "sku": "G",
    }

    node = parts(thing("Coat moss", **tie), group).node

    assert (node["name"], node["brand"], node.get("sku")) == ("Coat moss", "Alm", None)


def test_offers_are_collected_once_from_everywhere_and_inherit_a_currency() -> None:
    shared = {"@type": "Offer", "@id": "#o", "price": 3}
    summary = {"@type": "AggregateOffer", "priceCurrency": "EUR", "offers": [{"price": 1}, {"@id": "#o"}]}
    on_top = {"@type": "Offer", "price": 2, "itemOffered": {"@id": "#p"}}
    product = thing("Coat", **{"@id": "#p"}, offers=[summary, {"@id": "#o"}])

    offers = parts(product, shared, on_top).offers

    assert [offer.get("price") for offer in offers] == [None, 1, 3, 2]
    assert [offer.get("priceCurrency") for offer in offers] == ["EUR", "EUR", "EUR", None]


def test_what_an_offer_offers_is_a_part_unless_it_is_the_product_itself() -> None:
    product = thing("Coat", **{"@id": "#p"})
    product["offers"] = [
        {"price": 1, "itemOffered": {"@id": "#p"}},
        {"price": 2, "itemOffered": thing("Coat moss")},
    ]

    assert [offered["name"] for offered in parts(product).offered] == ["Coat moss"]


def test_an_offer_on_top_of_another_thing_is_not_taken() -> None:
    belt = {"@type": "Offer", "price": 9, "itemOffered": thing("Belt")}
    twin = {"@type": "Offer", "price": 8, "itemOffered": thing("Coat", url="/p/twin")}

    assert parts(thing("Coat"), belt, twin).offers == []
