import json

from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.jsonld import nodes_on, of_type, said
from crawlers.platforms import Shop, load
from schemas.product import Product

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["Product", "/a.jpg", "19.90"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    [
        "name",
        "sku",
        "image",
        "offers",
        "brand",
        "category",
        "review",
        "hasVariant",
        "audience",
        "keywords",
        "price",
        "@graph",
        "@id",
        "additionalProperty",
        "description",
        "color",
        "availability",
        "priceSpecification",
    ]
)
NODE = st.dictionaries(FIELDS, st.recursive(JSON, lambda inner: st.dictionaries(FIELDS, inner, max_size=4)))


def page(block: str) -> HtmlResponse:
    body = f"<html><script type='application/ld+json'>{block}</script></html>"
    return HtmlResponse("https://shop.example/p/1", body=body.encode(errors="replace"), encoding="utf-8")


@given(NODE)
def test_whatever_a_product_node_holds_it_is_read_or_refused(node: dict[str, object]) -> None:
    block = json.dumps({"@type": "Product", **node}).replace("</", "<\\/")

    found = list(load("structured", Shop("acme", "https://shop.example/")).product(page(block)))  # type: ignore[arg-type]

    assert len(found) == 1
    if isinstance(found[0], Product):
        assert found[0].title
        assert found[0].image_urls
        assert len(found[0].image_urls) == len(found[0].image_views)
        found[0].content_hash()


@given(st.text())
def test_whatever_a_block_holds_the_page_is_read(block: str) -> None:
    nodes_on(page(block))


@given(JSON)
def test_a_property_of_any_shape_says_one_line(value: object) -> None:
    assert "\n" not in said(value)


def test_nodes_in_graphs_lists_and_main_entities_are_found() -> None:
    block = (
        '[{"@graph": [{"@type": "Product", "name": "a"}]}, {"mainEntity": {"@type": ["Thing", "Product"]}}]'
    )

    nodes, broken = nodes_on(page(block))

    assert len(list(of_type(nodes, "Product"))) == 2
    assert broken == []


def test_a_broken_block_is_reported_and_does_not_hide_the_next() -> None:
    script = "<script type='application/ld+json'>{}</script>"
    body = script.format("{oops") + script.format('{"@type": "X"}')

    nodes, broken = nodes_on(HtmlResponse("https://shop.example/", body=body.encode(), encoding="utf-8"))

    assert nodes == [{"@type": "X"}]
    assert broken == ["{oops"]
