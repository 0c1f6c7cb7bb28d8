"""Every reader of JSON-LD takes time in proportion to it, whatever its nodes refer to; see test_scaling.py."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from crawlers.extract.product_page import products_on
from crawlers.extract.schema_org import jsonld
from tests.crawlers.growth import MOST, Case, Reading, growth, html, of_page


def of_nodes(nodes: Callable[[int], list[Any]]) -> Case:
    """A product page whose JSON-LD is `nodes(n)`."""

    def case(n: int) -> Reading:
        page = html(f"<h1>Coat</h1><script type='application/ld+json'>{json.dumps(nodes(n))}</script>")
        return lambda: products_on(page, "acme")

    return case


def product(number: int, **more: Any) -> dict[str, Any]:
    return {
        "@type": "Product",
        "@id": f"#{number}",
        "name": f"Coat {number}",
        "image": f"/{number}.jpg",
    } | more


def group_beside_its_variants(n: int) -> list[Any]:
    return [{"@type": "ProductGroup", "@id": "#g", "name": "Coat", "image": "/g.jpg"}] + [
        product(number, isVariantOf={"@id": "#g"}) for number in range(n)
    ]


def group_that_lists_its_variants_twice(n: int) -> list[Any]:
    refs = [{"@id": f"#{number}"} for number in range(n)]
    group = {"@type": "ProductGroup", "@id": "#g", "name": "Coat", "image": "/g.jpg", "hasVariant": refs}
    return [group, *group_beside_its_variants(n)[1:]]


def references_to_one_node(name: str, shared: Callable[[int], dict[str, Any]]) -> Callable[[int], list[Any]]:
    """A group of n variants that all refer to one node of n parts."""

    def nodes(n: int) -> list[Any]:
        variants = [{"@type": "Product", "name": "x", name: {"@id": "#s"}} for _ in range(n)]
        group = {"@type": "ProductGroup", "name": "Coat", "image": "/g.jpg", "hasVariant": variants}
        return [group, {"@id": "#s"} | shared(n)]

    return nodes


def one_variant_many_times(n: int) -> list[Any]:
    group = {"@type": "ProductGroup", "name": "Coat", "image": "/g.jpg", "hasVariant": [{"@id": "#v"}] * n}
    return [group, product(0, color=["red"] * n) | {"@id": "#v", "size": [f"{s}" for s in range(n)]}]


def breadcrumbs_of_one_list(n: int) -> list[Any]:
    crumbs = {"@id": "#c", "@type": "BreadcrumbList", "itemListElement": [{"name": "Home"}] * n}
    return [product(0), crumbs, *({"@type": "WebPage", "breadcrumb": {"@id": "#c"}} for _ in range(n))]


def refers_often(name: str, shared: Callable[[int], dict[str, Any]]) -> Case:
    """A product that n times refers to one node of n parts; lists are made anew where references are followed."""
    return of_nodes(lambda n: [product(0) | {name: [{"@id": "#s"}] * n}, {"@id": "#s"} | shared(n)])


def offers_refer(name: str, shared: Callable[[int], dict[str, Any]], **more: Any) -> Case:
    """N offers that each have a list of one reference to one node of n parts."""
    return of_nodes(
        lambda n: [
            product(0, offers=[{name: [{"@id": "#s"}]} | more for _ in range(n)]),
            {"@id": "#s"} | shared(n),
        ]
    )


def crumbs(*items: Callable[[int], Any], **shared: Callable[[int], Any]) -> Case:
    """A breadcrumb of n items, beside a node that they may refer to."""
    return of_nodes(
        lambda n: [
            product(0),
            {"@type": "BreadcrumbList", "itemListElement": [item(k) for item in items for k in range(n)]},
            {"@id": "#s"} | {name: value(n) for name, value in shared.items()},
        ]
    )


def code(number: int) -> str:
    """A currency for each number."""
    return "".join(chr(ord("A") + number // 26**digit % 26) for digit in range(3))


def letters(number: int) -> str:
    """A name without digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


SHARED = ("priceSpecification", "availability", "eligibleQuantity", "color", "additionalProperty", "image")

CASES = {
    "products": of_nodes(lambda n: [product(number) for number in range(n)]),
    "groups": of_nodes(lambda n: [product(number) | {"@type": "ProductGroup"} for number in range(n)]),
    "group beside its variants": of_nodes(group_beside_its_variants),
    "group that lists its variants too": of_nodes(group_that_lists_its_variants_twice),
    "variants with one list of offers": of_nodes(
        references_to_one_node("offers", lambda n: {"offers": [{"price": 1}] * n, "price": 2})
    ),
    "variants with one list of photos": of_nodes(
        references_to_one_node("image", lambda n: {"url": [f"/{k}.jpg" for k in range(n)]})
    ),
    "variants with one long colour": of_nodes(
        references_to_one_node("color", lambda n: {"name": "<b>red</b> " * n})
    ),
    "one variant named many times": of_nodes(one_variant_many_times),
    "breadcrumbs of one list": of_nodes(breadcrumbs_of_one_list),
    "properties": of_nodes(
        lambda n: [product(0, additionalProperty=[{"name": f"a{k}", "value": "<b>b"} for k in range(n)])]
    ),
    "properties that refer to one": of_nodes(
        lambda n: [
            product(0, additionalProperty=[{"@id": "#s"}] * n),
            {"@id": "#s", "name": "a", "value": [f"{k}" for k in range(n)]},
        ]
    ),
    "offers with what they offer": of_nodes(
        lambda n: [product(0, offers=[{"price": k, "itemOffered": product(k, color=f"c{k}")} for k in range(n)])]
    ),
    "offers that offer one thing": of_nodes(
        lambda n: [
            product(0, offers=[{"price": k, "itemOffered": {"@id": "#s"}} for k in range(n)]),
            {"@id": "#s", "name": "x", "color": [f"{k}" for k in range(n)]},
        ]
    ),
    "offers on top": of_nodes(
        lambda n: [
            product(0),
            *({"@type": "Offer", "price": k, "itemOffered": {"@id": "#s"}} for k in range(n)),
            {"@id": "#s", "name": "<b>x</b> " * n},
        ]
    ),
    "offers with one list of specifications": of_nodes(
        lambda n: [
            product(0, offers=[{"price": 5} | {name: {"@id": "#s"} for name in SHARED} for _ in range(n)]),
            {
                "@id": "#s",
                "name": "<b>x</b> " * n,
                "value": ["x"] * n,
                "priceComponent": [{"price": k} for k in range(n)],
            },
        ]
    ),
    "references into nodes of other nodes": of_nodes(
        lambda n: [
            product(0, brand=[{"@id": f"https://shop.example/products/coat#b{k}"} for k in range(n)]),
            {"@type": "WebPage", "about": [{"x": {"@id": f"#b{k}", "name": "x"}} for k in range(n)]},
        ]
    ),
    "nodes of one id": of_nodes(
        lambda n: [product(0, brand={"@id": "#b"}), *({"@id": "#b", f"p{k}": k, "name": "x"} for k in range(n))]
    ),
    "nodes without type of one id": of_nodes(
        lambda n: [*({"@id": "#0", f"p{k}": ["x"] * 20} for k in range(n)), *(product(0) for _ in range(n))]
    ),
    "specifications that the offer repeats": of_nodes(
        lambda n: [
            product(
                0,
                offers={
                    "price": list(range(n)),
                    "priceSpecification": [{"price": k, "eligibleQuantity": 9} for k in range(n)] + [{"price": n}],
                },
            )
        ]
    ),
    "specifications": of_nodes(
        lambda n: [
            product(
                0, offers={"price": 5, "priceSpecification": [{"price": k, "name": "<b>x"} for k in range(n)]}
            )
        ]
    ),
    "group by number": of_nodes(
        lambda n: [
            product(0, productGroupID="g") | {"@type": "ProductGroup"},
            *(product(k, inProductGroupWithID="g") for k in range(n)),
        ]
    ),
    "siblings by number": of_nodes(lambda n: [product(k, inProductGroupWithID="g") for k in range(n)]),
    "variants side by side": of_nodes(
        lambda n: [product(0, sku=f"{k}", color=["red"] * 9, name=f"Coat {letters(k)}") for k in range(n)]
    ),
    "variants side by side with long names": of_nodes(
        lambda n: [product(0, sku=f"{k}", name="coat " * n) for k in range(min(n, 1_000))]
    ),
    "pages about products": of_nodes(
        lambda n: [{"@type": "ItemPage", "about": [product(k) for k in range(n)], "product": product(0)}]
    ),
    "nested lists": of_nodes(lambda n: [product(0, name=[[[""] * n], "Coat"], image=[["/a.jpg"]] * n)]),
    "reviews": of_nodes(lambda n: [product(0, review=[{"image": f"/r{k}.jpg"} for k in range(n)])]),
    "references to one photo": refers_often("image", lambda n: {"contentUrl": [{}] * n}),
    "references to one photo with a long caption": refers_often(
        "image", lambda n: {"contentUrl": "/1.jpg", "caption": "<b>x</b> " * n}
    ),
    "references to one photo of a long address": refers_often("image", lambda n: {"contentUrl": "/1.jpg, " * n}),
    "addresses that refer to one photo": of_nodes(
        lambda n: [product(0, image=["#s"] * n), {"@id": "#s", "contentUrl": [{}] * n}]
    ),
    "references to one review": refers_often("review", lambda n: {"image": [{}] * n}),
    "reviews that refer to one photo": of_nodes(
        lambda n: [
            product(0, review=[{"image": [{"@id": "#s"}]} for _ in range(n)]),
            {"@id": "#s", "contentUrl": [{}] * n},
        ]
    ),
    "references to one group": refers_often("isVariantOf", lambda n: {"productGroupID": [""] * n, "name": "x"}),
    "references to one keyword": refers_often("keywords", lambda n: {"name": "<b>x</b> " * n}),
    "offers that refer to one photo": offers_refer("image", lambda n: {"contentUrl": [{}] * n}),
    "offers that refer to one availability": offers_refer("availability", lambda n: {"name": ["<b>x"] * n}),
    "offers that refer to one currency": offers_refer("priceCurrency", lambda n: {"name": "<b>x</b> " * n}),
    "crumbs that are one": crumbs(lambda _: {"@id": "#s"}, name=lambda n: "<b>x</b> " * n),
    "crumbs of one thing": crumbs(lambda _: {"item": {"@id": "#s"}}, name=lambda n: "<b>x</b> " * n),
    "crumbs of one thing without a name": crumbs(lambda _: {"item": [{"@id": "#s"}]}, name=lambda n: [""] * n),
    "crumbs of one place": crumbs(lambda _: {"@id": "#s"}, position=lambda n: "1" * 10 * n, name=lambda _: "x"),
    "breadcrumbs beside a long title": of_nodes(
        lambda n: [
            product(0, name="coat " * n),
            *({"@type": "BreadcrumbList", "itemListElement": [{"name": "Home"}]} for _ in range(n)),
        ]
    ),
    "offers in many currencies of one specification": of_nodes(
        lambda n: [
            product(0, offers=[{"priceCurrency": code(k), "priceSpecification": {"@id": "#s"}} for k in range(n)]),
            {
                "@id": "#s",
                "priceComponent": [{"name": "<b>x", "price": [*range(1, 101)]} for _ in range(min(n, 100))],
            },
        ]
    ),
    "offers of one specification of many former prices": of_nodes(
        lambda n: [
            product(0, offers=[{"price": 1, "priceSpecification": {"@id": "#s"}} for _ in range(n)]),
            {
                "@id": "#s",
                "priceComponent": [
                    {"priceType": "ListPrice", "price": [*range(100 * k, 100 * k + 100)]} for k in range(min(n, 100))
                ],
            },
        ]
    ),
    "offers in many currencies of components without a price": of_nodes(
        lambda n: [
            product(0, offers=[{"priceCurrency": code(k), "priceSpecification": {"@id": "#s"}} for k in range(n)]),
            {"@id": "#s", "priceComponent": [{"name": ["<b>x"] * 10} for _ in range(min(n, 100))]},
        ]
    ),
    "specifications of the same components": of_nodes(
        lambda n: [
            product(
                0, offers={"priceSpecification": [{"priceComponent": [{"@id": "#s"}] * 9, "x": k} for k in range(n)]}
            ),
            {"@id": "#s", "price": ["<b>1</b>" * 400] * 99},
        ]
    ),
    "prices of many figures": of_nodes(
        lambda n: [
            product(0, offers=[{"price": piece * 65} for _ in range(n) for piece in ("1万", "1-", "1 ")]),
        ]
    ),
    "photos of one view": of_nodes(lambda n: [product(0, image=[f"/a-{k}x{k}.jpg" for k in range(n)])]),
    "scripts": of_page(
        jsonld.nodes_on, lambda number: f"<script type='application/ld+json'>{{'a': [{number}</script>"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_four_times_as_much_takes_about_four_times_as_long(name: str) -> None:
    ratios = growth(CASES[name])

    assert min(ratios, default=0.0) <= MOST, ratios
