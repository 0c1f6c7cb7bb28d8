"""crawlers/fetch/optout.py: noai and noimageai count where they are said to everybody or to us."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector
from scrapy.http.headers import Headers

from crawlers.fetch.optout import OptOut, opt_outs


def said(*robots_tags: str, page: str | None = None, **more: str) -> tuple[bool, bool]:
    headers = Headers({"X-Robots-Tag": list(robots_tags)} | {k.replace("_", "-"): v for k, v in more.items()})
    found = opt_outs(headers, None if page is None else Selector(page))
    return found.noai, found.noimageai


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ([], (False, False)),
        (["noai"], (True, False)),
        (["noimageai"], (False, True)),
        (["noai, noimageai"], (True, True)),
        (["NoAI,NOIMAGEAI"], (True, True)),
        (["noindex", "noai"], (True, False)),
        (["*: noai"], (True, False)),
        (["vitrine: noai, noimageai"], (True, True)),
        (["Vitrine : noimageai"], (False, True)),
        (["googlebot: noai"], (False, False)),
        (["googlebot: noindex, noai"], (False, False)),
        (["noai, googlebot: noindex"], (True, False)),
        (["googlebot: noindex, vitrine: noai"], (True, False)),
        (["otherbot: noai", "noimageai"], (False, True)),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST, noai"], (True, False)),
        (["max-image-preview: large, noimageai"], (False, True)),
        (["vitrine-other: noai"], (False, False)),
        (["noaim, anoai, no ai"], (False, False)),
        (["", ",", ":", "::,:"], (False, False)),
    ],
)
def test_headers_count_for_everybody_or_for_us(tags: list[str], found: tuple[bool, bool]) -> None:
    assert said(*tags) == found


@pytest.mark.parametrize(
    ("meta", "found"),
    [
        ('<meta name="robots" content="noai, noimageai">', (True, True)),
        ('<META NAME="Robots" CONTENT="index,NOAI">', (True, False)),
        ('<meta name="vitrine" content="noimageai">', (False, True)),
        ('<meta content="noai noimageai" name=" robots ">', (True, True)),
        ('<meta name="googlebot" content="noai">', (False, False)),
        ('<meta name="description" content="noai">', (False, False)),
        ('<meta name="robots">', (False, False)),
        ('<meta property="robots" content="noai">', (False, False)),
        ('<!-- <meta name="robots" content="noai"> -->', (False, False)),
        ('<meta name="robots" content="all"><meta name="robots" content="noai">', (True, False)),
    ],
)
def test_meta_tags_count_for_everybody_or_for_us(meta: str, found: tuple[bool, bool]) -> None:
    assert said(page=f"<html><head><title>x</title>{meta}</head><body>noai</body></html>") == found


def test_header_and_page_are_taken_together_and_say_where() -> None:
    page = Selector('<meta name="robots" content="noimageai"><meta name="tdm-reservation" content="1">')

    found = opt_outs(Headers({"X-Robots-Tag": "noai"}), page)

    assert found == OptOut(True, True, "noai in X-Robots-Tag, noimageai in meta robots, tdm-reservation: 1")


@pytest.mark.parametrize(("value", "detail"), [("1", "tdm-reservation: 1"), ("0", "")])
def test_a_rights_reservation_is_told_and_forbids_nothing(value: str, detail: str) -> None:
    assert opt_outs(Headers({"tdm-reservation": value}), None) == OptOut(False, False, detail)


def test_a_json_feed_has_no_meta_tags() -> None:
    assert opt_outs(Headers(), Selector('{"meta": "noai"}', type="json")) == OptOut()


def test_a_sitemap_has_none_either() -> None:
    assert opt_outs(Headers(), Selector("<urlset/>", type="xml")) == OptOut()


@given(st.binary(max_size=60), st.text(max_size=80))
def test_anything_may_be_said(header: bytes, page: str) -> None:
    found = opt_outs(Headers({"X-Robots-Tag": header}), Selector(page, type="html") if page else None)

    assert {type(found.noai), type(found.noimageai)} == {bool}
