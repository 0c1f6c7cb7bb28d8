"""crawlers/extract/schema_org/page_nodes.py: what an @id stands for, wherever its node is written."""

import json
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from crawlers.extract.product_page import products_on
from crawlers.extract.schema_org.jsonld import follow
from crawlers.extract.schema_org.page_nodes import NodesById, nodes_of
from schemas.product import Product

HERE = "https://shop.example/p/coat"
BASE = "https://shop.example/"
BRAND = {"@id": "#brand", "@type": "Brand", "name": "Moss & Co"}


def read(*nodes: Any, head: str = "", url: str = HERE) -> Product:
    scripts = "".join(f"<script type='application/ld+json'>{json.dumps(node)}</script>" for node in nodes)
    page = HtmlResponse(
        url, body=f"<html><head>{head}{scripts}</head><body><h1>Coat</h1></body></html>".encode()
    )
    (product,) = products_on(page, "acme")
    assert isinstance(product, Product)
    return product


def coat(**facts: Any) -> dict[str, Any]:
    return {"@type": "Product", "name": "Coat", "sku": "C1", "image": "/coat.jpg"} | facts


@pytest.mark.parametrize(
    "other",
    [
        {"@type": "Organization", "name": "Shop", "brand": BRAND},
        {"@type": "WebPage", "about": {"@type": "Thing", "subjectOf": [{"x": [[BRAND]]}]}},
        {"@type": "WebSite", "publisher": {"@type": "Organization", "brand": [{"@id": "#other"}, BRAND]}},
        BRAND,
    ],
)
def test_a_reference_leads_into_any_other_node(other: dict[str, Any]) -> None:
    assert read(coat(brand={"@id": "#brand"}), other).brand == "Moss & Co"


def test_variants_refer_to_what_the_first_of_them_says() -> None:
    offer = {"@id": "#offer", "@type": "Offer", "price": 90, "priceCurrency": "EUR"}
    variants = [coat(offers=offer, color="red"), coat(offers={"@id": "#offer"}, color="blue")]

    product = read(
        {"@type": "ProductGroup", "name": "Coat", "image": "/c.jpg", "sku": "C", "hasVariant": variants}
    )

    assert (product.price, product.colour) == (90, "red, blue")


@pytest.mark.parametrize(
    "written", ["#brand", f"{HERE}#brand", "/p/coat#brand", "coat#brand", " #brand ", "?#brand"]
)
@pytest.mark.parametrize("referred", ["#brand", f"{HERE}#brand"])
def test_an_address_and_its_fragment_are_one_id(written: str, referred: str) -> None:
    nodes_by_id = NodesById([BRAND | {"@id": written}], [HERE])

    assert follow({"@id": referred}, nodes_by_id)["name"] == "Moss & Co"


@pytest.mark.parametrize("head", ["<base href='/'>", f"<link rel=canonical href='{HERE}'>", ""])
def test_the_page_is_known_by_each_of_its_addresses(head: str) -> None:
    url = HERE if "base" in head else f"{HERE}?colour=red"
    brand = BRAND | {"@id": f"{url if not head else HERE}#brand"}

    assert read(coat(brand={"@id": "#brand"}), brand, head=head, url=url).brand == "Moss & Co"


@pytest.mark.parametrize(
    "other", ["https://shop.example/p/hat#brand", "#brands", "brand", "_:brand", "http://[#brand"]
)
def test_another_id_is_another_node(other: str) -> None:
    assert "#brand" not in NodesById([BRAND | {"@id": other}], [HERE])


def test_what_nodes_of_one_id_say_adds_up() -> None:
    first = {"@id": "#b", "@type": "Brand", "name": "", "slogan": "Warm"}
    nodes = [
        first,
        {"x": {"@id": f"{HERE}#b", "name": "Moss", "slogan": "Dry"}},
        {"@id": "#b", "@type": "Organization"},
    ]

    assert NodesById(nodes, [HERE])["#b"] == {
        "@id": "#b", "@type": ["Brand", "Organization"], "name": "Moss", "slogan": "Warm",
    }  # fmt: skip
    assert NodesById(nodes[:1])["#b"] is first


@pytest.mark.parametrize("identity", ["#coat", f"{HERE}#coat", "/p/coat#coat"])
@pytest.mark.parametrize("before", [True, False])
def test_a_node_without_type_says_more_of_the_product(identity: str, before: bool) -> None:
    more = {
        "@id": identity,
        "color": "moss",
        "offers": {"@type": "Offer", "price": 90, "priceCurrency": "EUR"},
    }
    blocks = [coat(**{"@id": "#coat"}), more]

    product = read(*(reversed(blocks) if before else blocks))

    assert (product.colour, product.price, product.title) == ("moss", 90, "Coat")


def test_the_main_entity_may_share_its_id_with_the_page() -> None:
    page = {"@type": "WebPage", "@id": HERE, "name": "Coat | Shop", "mainEntity": {"@id": HERE}}
    others = [coat(name="Hat", sku="H"), coat(name="Scarf", sku="S")]

    assert read(page, *others, coat(**{"@id": HERE, "name": "Loden coat"})).title == "Loden coat"


def test_an_offer_on_top_may_name_the_product_of_the_pages_id() -> None:
    page = {"@type": "WebPage", "@id": HERE, "name": "Coat | Shop"}
    offer = {"@type": "Offer", "price": 90, "priceCurrency": "EUR", "itemOffered": {"@id": HERE}}

    assert read(page, coat(**{"@id": HERE}), offer).price == 90


@pytest.mark.parametrize("identity", [7, None, [], {}, "", " ", "#" * 9_000, "http://[x", "\x00"])
def test_an_id_that_is_none_raises_nothing(identity: Any) -> None:
    nodes = [{"@id": identity, "name": "a"}, {"@id": identity, "@type": "Brand", "name": "b"}]

    assert len(nodes_of(nodes, BASE, [HERE]).nodes) == 2


def test_a_page_without_references_is_not_looked_through() -> None:
    found = nodes_of([coat(brand=BRAND)], BASE, [HERE])

    assert "_known" not in vars(found.nodes_by_id)
