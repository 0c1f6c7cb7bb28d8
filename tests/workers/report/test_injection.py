"""A shop's page cannot put anything into the report: read as a browser reads it, only text comes through."""

import re
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree, html

from flows.queries.report import write_report
from tests.workers.report.small_lake import SmallLake

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)",
    "JaVaScRiPt\t:alert(1)//<a href=javascript:alert(2)>x</a>",
    "data:text/html,<script>alert(1)</script>",
    "</style><script>alert(1)</script><style>",
    "</title></svg></text><svg onload=alert(1)>",
    "--></p><iframe srcdoc='<script>alert(1)</script>'></iframe><!--",
    "]]></desc><foreignObject><body onload=alert(1)>",
    "<base href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><button formaction=javascript:alert(1)>buy</button></form>",
    "<link rel=stylesheet href=//evil.example><math><a xlink:href=javascript:alert(1)>x",
    "{{ 7*7 }}{% for x in () %}{% endfor %}${7*7}#{7*7}",
    "}body{background:url(//evil.example)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;&#60;script>alert(2)&#60;/script>",
    "\x1b[2J\x00\x9b31m\u202etxet desrever\u2066\u2028\u2029\x07",
    "$x^{\\frac{1}{2}}$ %s %(x)s \\input{/etc/passwd}",
)
LEADING = {"href", "src", "srcset", "action", "formaction", "data", "poster", "ping", "background"}
RUNNING = {"script", "iframe", "object", "embed", "form", "base", "link", "frame", "img", "video", "audio"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    lake = SmallLake(tmp_path_factory.mktemp("hostile"), hostile=HOSTILE)
    return Path(write_report(lake.lake.uri)["report"]).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree(page: str) -> etree._Element:
    return html.document_fromstring(page)


def test_the_hostile_words_are_on_the_page_as_text(page: str, tree: etree._Element) -> None:
    shown = " ".join(tree.itertext()) + " ".join(
        value for node in tree.iter() for value in node.attrib.values()
    )

    for words in ("<script>alert(1)</script>", "onerror=alert(1)", "javascript:alert(1)", "{{ 7*7 }}"):
        assert words in shown
    assert "49" not in re.findall(r"\{\{.{0,9}", page)


def test_there_is_no_element_that_runs_fetches_or_leads_away(tree: etree._Element) -> None:
    names = Counter(str(node.tag).lower() for node in tree.iter(etree.Element))

    assert not RUNNING & set(names)
    assert not {name for name in names if ":" in name or "foreign" in name}
    assert [node.get("http-equiv") for node in tree.iter("meta") if node.get("http-equiv")] == [
        "Content-Security-Policy"
    ]
    assert names["style"] == 2


def test_there_is_no_handler_and_every_link_stays_on_the_page(tree: etree._Element) -> None:
    for node in tree.iter(etree.Element):
        for name, value in node.attrib.items():
            assert not name.lower().startswith("on"), (node.tag, name, value)
            if name.lower().rpartition(":")[2] in LEADING:
                assert value.startswith("#"), (node.tag, name, value)
            if name.lower() == "style":
                assert "url(" not in value.replace("url(#", "") and "expression" not in value


def test_no_style_comes_from_a_shop(tree: etree._Element) -> None:
    for node in tree.iter("style"):
        assert "evil.example" not in node.text
        assert not re.findall(r"url\((?!data:image/jpeg;base64,)", node.text)


def test_what_steers_a_pager_or_turns_the_words_around_is_gone(page: str) -> None:
    assert "txet desrever" in page
    assert not re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
