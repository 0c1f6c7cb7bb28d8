import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.extract.schema_org.microdata import RDFA, nodes_on

PRODUCT = "itemscope itemtype='https://schema.org/Product'"
SCRAPS = st.sampled_from(
    [
        *(
            "<div itemscope>",
            f"<p {PRODUCT}>",
            f"<p {PRODUCT} itemprop='a' itemref='x y x'>",
            "<b itemprop='a b'>",
        ),
        *(
            "<i id='x'>",
            "<i id='y' itemprop='c'>",
            f"<i id='x' itemprop='d' {PRODUCT} itemref='y'>",
            "</p>",
            "</div>",
        ),
        *(
            "<meta itemprop='e'>",
            "<img itemprop='f' src='//['>",
            "<time itemprop='g'>",
            "<table itemprop>",
            "text",
        ),
    ]
)


def page(body: str) -> HtmlResponse:
    return HtmlResponse("https://shop.example/p/1", body=body.encode(), encoding="utf-8")


def item(inside: str) -> dict[str, object]:
    """The one item that holds `inside`."""
    (node,) = nodes_on(page(f"<div {PRODUCT}>{inside}</div>"))
    return node


@pytest.mark.parametrize(
    ("markup", "value"),
    [
        ("<meta itemprop='v' content='c'>", "c"),
        ("<meta itemprop='v'>", ""),
        ("<img itemprop='v' src=' /a.jpg '>", "https://shop.example/a.jpg"),
        ("<video itemprop='v' src='a.mp4'></video>", "https://shop.example/p/a.mp4"),
        ("<a itemprop='v' href='/p/2'>words</a>", "https://shop.example/p/2"),
        ("<link itemprop='v' href='http://schema.org/InStock'>", "http://schema.org/InStock"),
        ("<object itemprop='v' data='/o.png'></object>", "https://shop.example/o.png"),
        ("<data itemprop='v' value='7'>seven</data>", "7"),
        ("<meter itemprop='v' value='3'>much</meter>", "3"),
        ("<time itemprop='v' datetime='2026-01-02'>today</time>", "2026-01-02"),
        ("<time itemprop='v'>2026</time>", "2026"),
        ("<span itemprop='v' content='1299'>1.299</span>", "1299"),
        ("<span itemprop='v'>plain</span>", "plain"),
        ("<span itemprop='v'>W<b>oo</b>l<script>x()</script><br>coat</span>", "Wool\ncoat"),
        (
            "<img itemprop='v' src='data:image/gif;base64,R0' data-src='/late.jpg'>",
            "https://shop.example/late.jpg",
        ),
        ("<a itemprop='v' href='http://[broken'>x</a>", "http://[broken"),
    ],
)
def test_a_property_has_the_value_the_html_standard_gives_it(markup: str, value: str) -> None:
    assert item(markup)["v"] == value


def test_one_element_may_be_several_properties_and_one_property_several_elements() -> None:
    node = item("<b itemprop='color pattern'>Red</b><b itemprop='color'>Blue</b>")

    assert node["color"] == ["Red", "Blue"]
    assert node["pattern"] == "Red"


def test_properties_belong_to_the_nearest_item() -> None:
    inside = (
        "<b itemprop='name'>Coat</b><div itemprop='offers' itemscope itemtype='https://schema.org/Offer'>"
        "<p><b itemprop='price'>5</b></p></div><section itemscope><b itemprop='name'>Not the coat</b></section>"
    )

    node = nodes_on(page(f"<div {PRODUCT}>{inside}</div>"))[0]

    assert node["name"] == "Coat"
    assert node["offers"] == {"@type": ["https://schema.org/Offer"], "price": "5"}


def test_items_that_are_no_property_stand_by_themselves_in_page_order() -> None:
    nodes = nodes_on(
        page(f"<div {PRODUCT}><ul itemscope itemtype='List'></ul></div><i {PRODUCT} itemprop='stray'></i>")
    )

    assert [node["@type"] for node in nodes] == [
        ["https://schema.org/Product"],
        ["List"],
        ["https://schema.org/Product"],
    ]


def test_itemref_brings_properties_from_elsewhere_but_not_those_of_other_items() -> None:
    (node, _) = nodes_on(
        page(
            f"<div {PRODUCT} itemref='n missing'></div>"
            "<p id='n'><b itemprop='name'>Cape</b><i itemscope><b itemprop='name'>Someone</b></i></p>"
        )
    )

    assert node["name"] == "Cape"


def test_items_that_refer_to_themselves_end() -> None:
    body = f"<div id='a' {PRODUCT} itemref='b'></div><div id='b' itemprop='x' itemscope itemref='c'></div>"
    body += "<div id='c' itemprop='y' itemscope itemref='b'></div>"

    node = nodes_on(page(body))[0]

    assert node["x"]["y"] == {"@type": []}


def test_pages_without_a_product_are_not_read() -> None:
    assert nodes_on(page("<div itemscope itemtype='https://schema.org/Person'></div>")) == []
    assert nodes_on(page("<div itemscope itemtype='BreadcrumbList'></div>"), of=("BreadcrumbList",))


def test_properties_inside_properties_do_not_hold_the_crawl() -> None:
    body = f"<div {PRODUCT}>" + "<div itemprop='name'>x" * 1900

    begun = time.process_time()
    nodes_on(page(body))

    assert time.process_time() - begun < 3  # extruct needs tens of seconds for this page


@given(st.lists(SCRAPS, max_size=25).map("".join))
def test_any_nesting_of_items_gives_a_list_of_nodes(body: str) -> None:
    nodes = nodes_on(page(body))

    assert isinstance(nodes, list)
    assert all("@type" in node for node in nodes)


RDFA_SCRAPS = st.sampled_from(
    [
        *(
            "<div typeof>",
            "<p typeof='v:Product' resource=x>",
            "<p typeof=Product property='a' href=y>",
            "<b property>",
        ),
        *(
            "<b property='v: : a:b:'>",
            "<i property=image>",
            "<meta property='og:title' content=x>",
            "</p>",
            "text",
        ),
    ]
)


@given(st.lists(RDFA_SCRAPS, max_size=12))
def test_whatever_rdfa_a_page_holds_it_is_read(scraps: list[str]) -> None:
    assert isinstance(nodes_on(page("<p typeof=Product>" + "".join(scraps)), RDFA), list)


def test_tags_of_opengraph_are_no_properties_of_an_item() -> None:
    tags = "<meta property='og:title' content='Coat'>"

    assert nodes_on(
        page(f"{tags}<p typeof='schema:Product'><b property='schema:name'>Coat</b></p>"), RDFA
    ) == [{"@type": ["schema:Product"], "name": "Coat"}]
    assert nodes_on(page(f"{tags}<script>typeof='Product'</script>"), RDFA) == []
