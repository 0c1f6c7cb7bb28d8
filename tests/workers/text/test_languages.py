"""workers/text/languages.py: paragraphs tell their language, short titles take their shop's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.text.languages import LANGUAGES, SURE, UNCLEAR, ShopLanguages, guess, longest_text

GERMAN = "Ein leichtes Sommerkleid aus reiner Baumwolle mit weitem Rock und schmalem Gürtel in der Taille."
ENGLISH = "A light summer dress made of pure cotton with a wide skirt and a narrow belt at the waist."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "de"),
        (ENGLISH, "en"),
        ("Une robe d'été légère en coton avec une jupe large et une ceinture fine à la taille.", "fr"),
        ("면 소재의 가벼운 여름 원피스입니다. 허리에 벨트가 있습니다.", "ko"),
        ("綿素材の軽い夏のワンピースです。ウエストにベルトが付いています。", "ja"),
        ("เดรสฤดูร้อนผ้าฝ้ายเนื้อเบา", "th"),
    ],
)
def test_a_sentence_tells_its_language(text: str, language: str) -> None:
    found, confidence = guess(text)

    assert found == language
    assert confidence >= SURE


@pytest.mark.parametrize("text", ["", "123 / 456", "★ 100 %"])
def test_without_a_letter_nothing_is_said(text: str) -> None:
    assert guess(text) == (UNCLEAR, 0.0)


@settings(deadline=None)  # the first example reads the model
@given(st.text())
def test_any_text_has_one_of_our_languages_or_none(text: str) -> None:
    language, confidence = guess(text)

    assert language in {*LANGUAGES, UNCLEAR}
    assert 0 <= confidence <= 1


def test_the_longest_field_is_asked_and_a_list_counts_as_one() -> None:
    product = {"title": "Kleid", "tags": ["red", "blue", "green"], "description": None}

    assert longest_text(product) == "red, blue, green"
    assert longest_text(product, ["title"]) == "Kleid"
    assert longest_text(product, ["description"]) == ""


def test_a_short_title_takes_its_shop_s_language() -> None:
    shops = ShopLanguages()
    short = guess("Top Rosa 12")
    assert short[1] < SURE
    for _ in range(3):
        assert shops.observe("nord", *guess(longest_text({"title": "Kleid", "description": GERMAN}))) == "de"
    assert shops.observe("nord", *short) == UNCLEAR

    assert shops.of_shop("nord") == "de"
    assert shops.of_product("nord", *short) == "de"
    assert shops.of_product("nord", *guess(ENGLISH)) == "en"
    assert shops.of_product("nord", *guess("501")) == "de"


def test_a_shop_without_a_leading_language_is_unclear() -> None:
    shops = ShopLanguages()
    assert shops.of_shop("nowhere") == UNCLEAR
    for text in (GERMAN, ENGLISH, "Une robe d'été légère en coton avec une jupe large et une ceinture fine."):
        shops.observe("mixed", *guess(text))

    assert shops.of_shop("mixed") == UNCLEAR
    assert shops.of_product("mixed", *guess("501")) == UNCLEAR
