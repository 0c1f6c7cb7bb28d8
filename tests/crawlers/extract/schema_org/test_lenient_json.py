"""crawlers/extract/schema_org/lenient_json.py: JSON as people type it, and what stays broken."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.extract.schema_org.jsonld import values_in
from crawlers.extract.schema_org.lenient_json import rewritten

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.from_regex(r"[a-z@]{1,9}", fullmatch=True), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("block", "value"),
    [
        # Quotes inside strings.
        ('{"a": "A 5" heel, "soft" wool", "b": 1}', {"a": 'A 5" heel, "soft" wool', "b": 1}),
        ('{"a": "Sizes "S", "M" and "L"", "b": 1}', {"a": 'Sizes "S", "M" and "L"', "b": 1}),
        ('{"a": "the "big" one"}', {"a": 'the "big" one'}),
        ('{"a": ["a 32" inseam", "b"], "b": {"c": "d"e"}}', {"a": ['a 32" inseam', "b"], "b": {"c": 'd"e'}}),
        ('{"a": "a \\"b\\" "c"",\n "b": "d"}', {"a": 'a "b" "c"', "b": "d"}),
        ('{"a": "<p class="x">b</p>", "b": "c"}', {"a": '<p class="x">b</p>', "b": "c"}),
        # Numbers as people write them.
        ('{"a": 12,90, "b": 1}', {"a": "12,90", "b": 1}),
        ('{"a": 1.129,00}', {"a": "1.129,00"}),
        ('{"a": 1.299,90\n, "b": 5,5}', {"a": "1.299,90", "b": "5,5"}),
        (
            '{"a": 007, "b": .5, "c": 12., "d": +3, "e": 1.5e3, "f": -5}',
            {"a": "007", "b": ".5", "c": "12.", "d": "+3", "e": 1500, "f": -5},
        ),
        ('{"a": [1,2,5], "b": 0012}', {"a": [1, 2, 5], "b": "0012"}),
        # Objects of JavaScript, PHP and Python.
        ("{'a': 1}", {"a": 1}),
        ("{'a': 'Men's coat', 'b': 'it\\'s \"soft\"'}", {"a": "Men's coat", "b": 'it\'s "soft"'}),
        ("{a: `b`, 'c': [`d`, \"e\"]}", {"a": "b", "c": ["d", "e"]}),
        ("{a: 1, @type: 'Product', b_c: [x, y]}", {"a": 1, "@type": "Product", "b_c": ["x", "y"]}),
        (
            '{"a": undefined, "b": NaN, "c": None, "d": True, "e": -Infinity, f: false}',
            {"a": None, "b": None, "c": None, "d": True, "e": None, "f": False},
        ),
        # What lacks, and what is too much.
        ('{"a": , "b": }', {"a": None, "b": None}),
        (
            '{"a": "b"\n"c": "d" "e": [1]\n"f": {"g": 2} "h": 3}',
            {"a": "b", "c": "d", "e": [1], "f": {"g": 2}, "h": 3},
        ),
        ('{"a": [{"b": 1}, {"c": 2', {"a": [{"b": 1}, {"c": 2}]}),
        ('{"a": [{"b": "c"], "d": 5}', {"a": [{"b": "c"}], "d": 5}),
        ('{"a": Liquid error: divided by 0, "b": 1}', {"a": "Liquid error: divided by 0", "b": 1}),
        # Quotes of a typographer, comments, marks.
        ("{&#8220;a&#8221;: &#8220;b&#8221;, &#8220;c&#8221;: 1,50}", {"a": "b", "c": "1,50"}),
        ("{“a”: “b”, „c“: ”d”}", {"a": "b", "c": "d"}),
        ('<!-- {\'a\': /* x */ 1, // y\n "b": "c" /* d */, } -->', {"a": 1, "b": "c"}),
    ],
)
def test_json_as_people_type_it_is_read(block: str, value: object) -> None:
    assert values_in(block) == ([value], "")


@pytest.mark.parametrize(
    "block",
    [
        '{"a": "cut', '{"a": "b", "c', '{"a": "b", "c":', '{"a" "b"}', '{"a": {{ x }}}', '{"a": b" c}', "[" * 1_000,
        '{"a": [[[[[1',
    ],
)  # fmt: skip
def test_a_value_that_was_cut_or_never_filled_stays_broken(block: str) -> None:
    values, rest = values_in(block)

    assert values == [] and rest


def test_values_before_a_broken_one_and_values_one_behind_the_other_are_read() -> None:
    assert values_in("{a: 1} {'b': 2}") == ([{"a": 1}, {"b": 2}], "")
    assert values_in("{a: 1} {'b': 2") == ([{"a": 1}, {"b": 2}], "")
    assert values_in("{a: 1} {'b': '2") == ([{"a": 1}], "{'b': '2")


@given(JSON)
def test_json_itself_stays_what_it_is(value: object) -> None:
    text = json.dumps({"x": value})

    assert json.loads(rewritten(text), strict=False) == {"x": value}


@given(st.text(alphabet="{}[]\"':,\\ \nab1.“”/*<!->", max_size=60))
def test_no_text_raises(text: str) -> None:
    assert isinstance(rewritten(text), str)
