"""crawlers/extract/page_language.py: what a page says of its language."""

import pytest
from scrapy.http import HtmlResponse

from crawlers.extract.page_language import alternates_of, language_of, main_language

URL = "https://shop.example/en/"
LINK = "<link rel='alternate' hreflang='{}' href='{}'>"


def page(body: str, **headers: str) -> HtmlResponse:
    return HtmlResponse(URL, body=body.encode(), encoding="utf-8", headers=headers)


@pytest.mark.parametrize(
    ("body", "tag"),
    [
        ("<html lang='de-AT'>", "de-at"),
        ("<html xml:lang='fr'>", "fr"),
        ("<html lang=''><meta http-equiv='Content-Language' content='it'>", "it"),
        ("<html><meta property='og:locale' content='nl_BE'>", "nl-be"),
        ("<html lang='en'><meta property='og:locale' content='nl_BE'>", "en"),
        ("<html><body><p lang='ja'>x", ""),
    ],
)
def test_a_page_states_its_language_in_one_of_several_places(body: str, tag: str) -> None:
    assert language_of(page(body)) == tag


def test_the_header_counts_where_the_page_says_nothing() -> None:
    assert language_of(page("<p>x", **{"Content-Language": "sv"})) == "sv"
    assert language_of(page("<p>x", **{"Content-Language": "sv, da"})) == ""


def test_alternates_are_read_with_whole_addresses_and_tell_a_silent_home_page_s_language() -> None:
    links = LINK.format("x-default", "/en") + LINK.format("de", "../de/") + LINK.format("en-GB", "/en/")
    broken = LINK.format("nonsense!", "/q") + LINK.format("fr", "javascript:x")

    home = page(f"<html><head>{links}{broken}</head>")

    assert alternates_of(home) == [
        ("x-default", "https://shop.example/en"),
        ("de", "https://shop.example/de/"),
        ("en-gb", "https://shop.example/en/"),
    ]
    assert main_language(home) == "en-gb"
    assert main_language(page(f"<html lang=fi><head>{links}</head>")) == "fi"
    assert main_language(page("<p>x")) == ""
