"""crawlers/extract/main_product.py: what a page of several products is about, and what belongs to it."""

import json
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from crawlers.extract.product_page import products_named_on, products_on
from schemas.product import Product

HERE = "https://shop.example/p/coat"
OFFER = {"@type": "Offer", "price": "89.90", "priceCurrency": "EUR"}
COAT = {"@type": "Product", "name": "Wool Coat", "sku": "C1", "image": "/img/coat.jpg", "offers": OFFER}
HAT = {
    "@type": "Product",
    "name": "Hat",
    "sku": "H",
    "image": "/img/hat.jpg",
    "offers": OFFER | {"price": "9"},
}
SCARF = HAT | {"name": "Scarf", "sku": "S"}
TITLES = "<title>Wool Coat | ACME</title>"
SNIPPET = {"@type": "Product", "name": "Wool coat", "aggregateRating": {"ratingValue": 4.5, "reviewCount": 9}}
TAGS = "".join(
    f"<meta property='{name}' content='{value}'>"
    for name, value in (
        ("og:type", "product"), ("og:title", "Wool Coat"), ("og:image", "https://shop.example/img/coat.jpg"),
        ("product:price:amount", "50"), ("product:price:currency", "EUR"),
    )
)  # fmt: skip


def read(*nodes: Any, body: str = "<h1>Wool Coat</h1>", head: str = TITLES, url: str = HERE) -> list[Any]:
    scripts = "".join(f"<script type='application/ld+json'>{json.dumps(node)}</script>" for node in nodes)
    page = HtmlResponse(url, body=f"<html><head>{head}{scripts}</head><body>{body}</body></html>".encode())
    return products_on(page, "acme")


def title_of(found: list[Any]) -> str:
    (product,) = found
    assert isinstance(product, Product), product
    return product.title


@pytest.mark.parametrize(
    "nodes",
    [
        [HAT, COAT],
        [HAT | {"offers": OFFER | {"url": "/p/hat"}}, COAT | {"offers": OFFER | {"url": "/p/coat"}}],
        [HAT | {"@id": "https://shop.example/p/hat#product"}, COAT | {"@id": f"{HERE}#product"}],
        [HAT, {"@type": "ItemPage", "mainEntity": COAT}],
        [{"@graph": [HAT, COAT | {"@id": "#p"}, {"@type": "WebPage", "mainEntity": {"@id": "#p"}}]}],
        [HAT, COAT | {"mainEntityOfPage": HERE}],
        [HAT, COAT | {"mainEntityOfPage": {"@type": "WebPage", "@id": HERE}}],
        [HAT | {"@type": "ProductGroup"}, COAT],
        [HAT | {"url": "/p/hat"}, SCARF | {"url": "/p/scarf"}, COAT | {"url": "/p/coat"}],
        [HAT, SCARF, COAT | {"name": "Coat"}, COAT],
        [HAT, SCARF, {"@type": "ItemPage", "mainEntity": COAT}],
    ],
)
def test_of_several_products_the_page_s_own_marks_tell(nodes: list[Any]) -> None:
    assert title_of(read(*nodes)) == "Wool Coat"


@pytest.mark.parametrize(
    "heading",
    [
        *("<h1>\n  Wool\n  Coat\n</h1>", "<h1>Wool&nbsp;Coat</h1>", "<h1>WOOL-COAT!</h1>"),
        *("<h1><span>Wool</span><span>Coat</span></h1>", "<h1><b>Acme</b><br><i>Wool Coat</i></h1>"),
        *("<h1><b>W</b>ool <b>C</b>oat</h1>", "<meta property='og:title' content='Wool Coat'>"),
    ],
)
def test_a_heading_is_its_words(heading: str) -> None:
    assert title_of(read(HAT, SCARF, COAT, body=heading, head="<title>ACME</title>")) == "Wool Coat"


def test_marks_of_the_page_come_before_its_headings() -> None:
    nodes = [HAT, SCARF, {"@type": "ItemPage", "mainEntity": COAT | {"name": "Wool coat, moss"}}]

    assert title_of(read(*nodes, body="<h1>Hat</h1>")) == "Wool coat, moss"


@pytest.mark.parametrize("other", ["/collections/all/products/coat", "/de/p/coat"])
def test_a_page_under_another_address_is_still_about_what_its_heading_names(other: str) -> None:
    nodes = [
        HAT | {"url": "/products/hat"},
        SCARF | {"url": "/products/scarf"},
        COAT | {"url": "/products/coat"},
    ]

    assert title_of(read(*nodes, url=f"https://shop.example{other}")) == "Wool Coat"


def test_a_lone_neighbour_gives_way_to_what_the_page_says_of_itself() -> None:
    (product,) = read(HAT | {"url": "/p/hat"}, head=TITLES + TAGS)

    assert (product.title, float(product.price), product.image_urls) == (
        "Wool Coat", 50, ("https://shop.example/img/coat.jpg",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "read_as"),
    [("Our ten best looks", []), ("Hat, black", ["Hat"]), ("Hat", ["Hat"]), ("", ["Hat"])],
)
def test_a_lone_product_of_another_page_is_none_of_a_page_that_speaks_of_something_else(
    heading: str, read_as: list[str]
) -> None:
    found = read(HAT | {"url": "/p/hat"}, body=f"<h1>{heading}</h1>", head="")

    assert [item.title for item in found] == read_as


@pytest.mark.parametrize(
    ("name", "heading", "is_read"),
    [
        ("Felt Hat", "Hat sale", False),
        ("Felt Hat", "Felt Hat", True),
        ("Brown Felt Hat", "Felt Hat", True),
        ("Brown Felt Hat with band", "Felt Hat", False),
    ],
)
def test_a_lone_product_of_another_page_has_most_of_its_words_in_the_headings(
    name: str, heading: str, is_read: bool
) -> None:
    found = read(HAT | {"name": name, "url": "/p/hat"}, body=f"<h1>{heading}</h1>", head="")

    assert bool(found) == is_read


def test_a_page_that_lists_products_is_about_none() -> None:
    listed = [each | {"url": f"/p/{each['sku']}"} for each in (HAT, SCARF, COAT)]

    assert (
        read(
            *listed, body="<h1>Coats and more</h1>", head="<title>All</title>", url="https://shop.example/all"
        )
        == []
    )


@pytest.mark.parametrize(
    "nodes",
    [
        [SNIPPET, COAT],
        [COAT, SNIPPET],
        [SNIPPET | {"image": "/img/coat.jpg"}, COAT | {"image": ["/img/coat.jpg", "/img/back.jpg"]}],
        [{"@type": "Product", "@id": "#p", "aggregateRating": 4}, COAT | {"@id": "#p"}],
        [{"@graph": [{"@type": "Product", "@id": "#p", "name": "Wool Coat"}, COAT | {"@id": "#p"}]}],
    ],
)
def test_what_several_scripts_say_of_one_product_adds_up(nodes: list[Any]) -> None:
    (product,) = read(*nodes)

    assert (product.title.casefold(), product.product_id, float(product.price)) == (
        "wool coat",
        "acme:C1",
        89.9,
    )
    named = {name for name in ("coat", "back") if f"/img/{name}.jpg" in json.dumps(nodes)}
    assert {url.rpartition("/")[2].removesuffix(".jpg") for url in product.image_urls} == named


def test_a_variant_of_the_same_name_and_another_number_is_no_twin() -> None:
    (product,) = read(COAT | {"color": "moss"}, COAT | {"sku": "C2", "color": "sand", "brand": "Other"})

    assert (product.product_id, product.colour, product.brand) == ("acme:C1", "moss", "")


COLOURS = ("Navy", "Camel", "Moss")


def variants(
    form: str = "Wool Coat - {}", colours: tuple[str, ...] = COLOURS, **more: Any
) -> list[dict[str, Any]]:
    """Variants of one coat, each of its own number, colour and photo, named so."""
    return [
        COAT
        | {"name": form.format(colour), "sku": f"C{n}", "color": colour, "image": f"/img/{colour}.jpg"}
        | more
        for n, colour in enumerate(colours)
    ]


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize(
    "form", ["Wool Coat - {}", "Wool Coat {}", "Wool coat ({})", "wool coat/{}", "{} Wool Coat", "Wool Coat"]
)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"url": f"{HERE}?v=1"},
        {"offers": OFFER | {"url": f"{HERE}?variant=3"}},
        {"mpn": "M", "productID": "9"},
    ],
)
def test_variants_side_by_side_are_one_product_of_all_their_colours(
    number: int, form: str, more: dict[str, Any]
) -> None:
    (product,) = read(*variants(form, COLOURS[:number], **more))

    assert product.title.casefold() == "wool coat"
    assert product.colour == ", ".join(COLOURS[:number])
    assert len(product.image_urls) == number
    assert product.product_id == ("acme:9" if "mpn" in more else "acme:C0")


def test_a_node_of_a_review_app_under_the_shared_name_is_one_of_them() -> None:
    (product,) = read(*variants(brand="Acme"), SNIPPET)

    assert (product.colour, product.brand, len(product.image_urls)) == ("Navy, Camel, Moss", "Acme", 3)


def test_names_may_add_the_brand_to_the_heading() -> None:
    (product,) = read(*variants("Acme Wool Coat {}"), head="")

    assert (product.title, product.colour) == ("Acme Wool Coat", "Navy, Camel, Moss")


@pytest.mark.parametrize("beside", [[HAT], [HAT, SCARF]])
def test_a_neighbour_is_no_variant(beside: list[Any]) -> None:
    (product,) = read(*variants(), *beside)

    assert (product.title, product.colour) == ("Wool Coat", "Navy, Camel, Moss")


def test_sizes_in_names_and_names_that_end_alike_are_of_one_product() -> None:
    sizes = [COAT | {"name": f"Wool Coat / {size}", "sku": size, "size": size} for size in "SML"]
    (sized,) = read(*sizes)
    ends = [
        COAT | {"name": f"{colour} wool coat", "sku": colour, "color": colour} for colour in ("Navy", "Moss")
    ]
    (ended,) = read(*ends)

    assert (sized.title, sized.attributes["size"]) == ("Wool Coat", "S, M, L")
    assert (ended.title, ended.colour) == ("wool coat", "Navy, Moss")


@pytest.mark.parametrize(
    ("nodes", "body"),
    [
        # A list: its heading is no product's name, or what the names add is nothing that varies.
        (variants(), "<h1>Coats for women</h1>"),
        ([COAT | {"name": f"Wool Coat {name}", "sku": name} for name in ("Ada", "Bea", "Cleo")], "<h1>Wool Coat</h1>"),
        # Each leads to a page of its own.
        (
            [variant | {"offers": OFFER | {"url": f"/p/{variant['sku']}"}} for variant in variants()],
            "<h1>Wool Coat</h1>",
        ),
        ([variant | {"brand": variant["sku"]} for variant in variants()], "<h1>Wool Coat</h1>"),
    ],
)  # fmt: skip
def test_a_list_of_products_alike_is_no_product(nodes: list[Any], body: str) -> None:
    assert read(*nodes, body=body, head="") == []


def test_how_many_products_a_page_names_can_be_told() -> None:
    nodes = [
        *variants(),
        COAT,
        COAT,
        {"@type": "ProductGroup", "name": "Hat"},
        {"@type": "Article", "name": "On hats"},
    ]
    item = "<p itemscope itemtype='https://schema.org/Product'><b itemprop=name>Cap</b></p>"
    scripts = f"<script type='application/ld+json'>{json.dumps(nodes)}</script>"

    assert products_named_on(HtmlResponse(HERE, body=f"{scripts}{item}".encode(), encoding="utf-8")) == 6


def test_of_variants_the_one_that_the_page_is_headed_by_is_its_product() -> None:
    (product,) = read(*variants(), body="<h1>Wool Coat - Camel</h1>")

    assert (product.title, product.product_id) == ("Wool Coat - Camel", "acme:C1")
