import json
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.extract.schema_org.jsonld import line_in, nodes_on, of_type, values_in
from crawlers.extract.schema_org.property_names import node_of
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
    nodes, broken = nodes_on(page(block))

    assert all(isinstance(node, dict) for node in nodes)
    assert all(isinstance(text, str) for text in broken)


@given(JSON)
def test_a_property_of_any_shape_says_one_line(value: object) -> None:
    assert "\n" not in line_in(value)


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (100123.0, "100123"),
        (4006381333931.0, "4006381333931"),
        (-0.0, "0"),
        (38.5, "38.5"),
        (1e300, "1e+300"),
    ],
)
def test_a_whole_number_says_no_decimals(number: float, line: str) -> None:
    assert line_in(number) == line


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


@given(JSON)
def test_json_is_read_as_what_it_is_but_for_the_spelling_of_names(value: object) -> None:
    assume(
        not (isinstance(value, str) and value.lstrip()[:1] in ("{", "["))
    )  # a block that was encoded twice

    values, rest = values_in(json.dumps(value))

    assert repr(values) == repr([json.loads(json.dumps(value), object_pairs_hook=node_of)])
    assert rest == ""


@given(NODE, st.data())
def test_however_json_is_mutated_it_gives_a_list(node: dict[str, object], data: st.DataObject) -> None:
    text = json.dumps({"@type": "Product", **node})
    at = data.draw(st.integers(0, len(text)))
    scrap = data.draw(
        st.sampled_from(["", '"', "\\", "/*", "//", "<!--", "]]>", "&quot;", "\x00", "{", "]"])
        | st.text(max_size=3)
    )

    values, rest = values_in(text[:at] + scrap + text[at + data.draw(st.integers(0, 5)) :])

    assert isinstance(values, list)
    assert isinstance(rest, str)


@pytest.mark.parametrize(
    ("block", "values"),
    [
        ('{"a": 1};', [{"a": 1}]),
        ('\ufeff\n{"a": 1}\u200b', [{"a": 1}]),
        ('<p>{"a": 1,<br />\n"b": 2}</p>\n', [{"a": 1, "b": 2}]),
        ('{"a": "<p>1<br></p>"},', [{"a": "<p>1<br></p>"}]),
        ('{"a": 1,, "b": [2,,,3,],}', [{"a": 1, "b": [2, 3]}]),
        ('"{\\"a\\": 1}"', [{"a": 1}]),
        ('"[{\\"a\\": \\"5\\\\u20ac\\"}]"', [[{"a": "5\u20ac"}]]),
        ('{"a": 1}{"b": 2}\n[3],', [{"a": 1}, {"b": 2}, [3]]),
        (
            '/* c */ {"a": "/* kept // too */", /* d */ "b": [1,2,],}',
            [{"a": "/* kept // too */", "b": [1, 2]}],
        ),
        ('{"a": "1, ]", "b": ",}"}}', [{"a": "1, ]", "b": ",}"}]),
        ('// one\n{"a": // two\n1}', [{"a": 1}]),
        ('<!-- x --><![CDATA[{"a": "<![CDATA["}]]>', [{"a": "<![CDATA["}]),
        ("{&quot;a&quot;: &quot;b &amp; c&quot;}", [{"a": "b & c"}]),
        ('{"a":\x0b "tab\there\x01"}', [{"a": "tab\there\x01"}]),
        (r'{"a": "it\'s \"q\" \u00e9 \q"}', [{"a": 'it\'s "q" é q'}]),
        ("   ", []),
        ("", []),
    ],
)
def test_every_known_way_to_break_a_block_is_mended(block: str, values: list[object]) -> None:
    assert values_in(block) == (values, "")


@pytest.mark.parametrize("block", ['{"a": "cut', '{"a" "b"}', '{"a": {{ x }}}', "nothing", "[" * 100_000])
def test_what_cannot_be_mended_is_given_back(block: str) -> None:
    values, rest = values_in(block)

    assert values == []
    assert rest


def test_the_whole_values_before_a_broken_one_are_kept() -> None:
    assert values_in('{"a": 1} {"@type": "Product", "name": "cu') == (
        [{"a": 1}],
        '{"@type": "Product", "name": "cu',
    )


@pytest.mark.parametrize(
    "scrap", ['\\"', '"', "/*", "//", "<!--", ",", "\\", "{", "*", "&quot;", '",', "<![CDATA["]
)
def test_mending_takes_linear_time(scrap: str) -> None:
    block = '{"@type": "Product", ' + scrap * (1_000_000 // len(scrap))

    begun = time.process_time()
    values_in(block)

    assert time.process_time() - begun < 5
