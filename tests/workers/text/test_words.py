"""workers/text/words.py: what a word is, in every script."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.text.words import product_words, stop_words, texts, tokens

# Characters where splitting, folding and composing meet: scripts of every kind, marks, jamo, forms that
# decompose, letters whose lower case depends on what follows, and what cannot be seen.
TRICKY = st.text(
    "aAéßſİıΣσςЖя'-1 .한글을를가ᄒ\u1161\u11a8"
    "漢字かガー゛ไทยั้ำहि्न्द\u0301\u0307\u0323\u00ad\u200b\u200d\u0640ſﬁㄱﳲℌ㎏ⅷ²ʼ𝐀"
)
ANY = st.text() | TRICKY


def test_tokens_are_lower_cased_letters_only() -> None:
    assert tokens("V-Neck T-Shirt, 100% Cotton_Blend (XL)") == ["vneck", "tshirt", "cotton", "blend", "xl"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Größe L: weißes Kleid", ["größe", "weißes", "kleid"]),
        ("Robe d'été à fleurs", ["robe", "été", "fleurs"]),
        ("İSTANBUL elbise", ["istanbul", "elbise"]),
        ("Платье и юбка", ["платье", "юбка"]),
        ("ΦΟΡΕΜΑ ΜΑΥΡΟΣ", ["φορεμα", "μαυρος"]),
        ("빨간 드레스, 옷", ["빨간", "드레스", "옷"]),
        ("हिन्दी कुर्ता", ["हिन्दी", "कुर्ता"]),
        ("قُطن شــراب", ["قُطن", "شراب"]),
    ],
)
def test_scripts_with_spaces_give_runs_of_letters_with_their_marks(text: str, words: list[str]) -> None:
    assert tokens(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("连衣裙", ["连衣", "衣裙"]),
        ("赤いドレス", ["赤い", "いド", "ドレ", "レス"]),
        ("靴", ["靴"]),
        ("靴 100%", ["靴"]),
        ("ﾜﾝﾋﾟ", ["ワン", "ンピ"]),  # half-width, with its mark apart
        ("กิน", ["กิน"]),  # a vowel above belongs to its consonant: two characters
        ("เสื้อ", ["เสื้", "สื้อ"]),
    ],
)
def test_scripts_without_spaces_give_overlapping_pairs(text: str, words: list[str]) -> None:
    assert tokens(text) == words


def test_a_word_of_two_scripts_is_two_words() -> None:
    assert tokens("USB충전 Nike티셔츠 T恤 женскийtop") == [
        "usb",
        "충전",
        "nike",
        "티셔츠",
        "恤",
        "женский",
        "top",
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("드레스를", "드레스"),
        ("신발을", "신발"),
        ("가을", "가을"),  # autumn: 을 after a vowel is no particle
        ("마을을", "마을"),
        ("얇은", "얇은"),  # thin: the end of an adjective
        ("하의", "하의"),  # trousers: the end of a noun
        ("옷을", "옷을"),  # a stem of one syllable cannot be told from a verb's
    ],
)
def test_of_korean_particles_only_those_that_are_certain_are_taken_off(text: str, word: str) -> None:
    assert tokens(text) == [word]


def test_what_cannot_be_seen_does_not_part_a_word_but_a_space_without_width_does() -> None:
    assert tokens("Sommer\u00adkleid Wo\u200dlle Rock\u200bBluse \ufeffHemd") == [
        "sommerkleid", "wolle", "rock", "bluse", "hemd",
    ]  # fmt: skip


@given(ANY)
def test_any_text_gives_lower_case_letters_and_their_marks(text: str) -> None:
    for token in tokens(text):
        assert token
        assert unicodedata.category(token[0])[0] == "L"
        assert {unicodedata.category(char)[0] for char in token} <= {"L", "M"}
        assert token == token.lower()


@given(ANY)
def test_a_token_gives_itself(text: str) -> None:
    for token in tokens(text):
        assert tokens(token) == [token]


@given(ANY)
def test_case_and_the_form_of_accents_do_not_matter(text: str) -> None:
    words = tokens(text)

    assert tokens(text.lower()) == words
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert tokens(unicodedata.normalize(form, text)) == words


def test_every_letter_of_unicode_can_be_read() -> None:
    """One text per hundred characters of all assigned ones: beyond what random texts reach."""
    letters = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] in "LM"]
    letters = [c for c in letters if not "\u4e00" < c < "\u9fff" and not "가" < c < "힣" and c < "\U00020000"]
    for first in range(0, len(letters), 100):
        text = "".join(letters[first : first + 100])
        words = tokens(text)
        assert words == tokens(unicodedata.normalize("NFD", text)) == tokens(text.lower())
        assert [again for word in words for again in tokens(word)] == words


def test_a_product_s_words_come_from_the_asked_fields_once_each() -> None:
    product = {
        "title": "Red dress",
        "categories": ["Women", "Dress"],
        "tags": None,
        "description": "a red thing",
    }

    assert product_words(product, ["title", "categories", "tags"]) == ["red", "dress", "women"]
    assert list(texts(product, ["categories", "tags", "title"])) == ["Women", "Dress", "Red dress"]


def test_stop_words_are_those_of_the_language_and_of_english() -> None:
    assert {"und", "mit", "hat", "the", "with"} <= stop_words("de")
    assert {"pour", "avec", "the"} <= stop_words("fr")
    assert {"og", "ikke", "the"} <= stop_words("no")
    assert not {"und", "mit", "hat", "pour"} & stop_words("en")
    assert stop_words("und") == stop_words("en")  # undetermined


def test_words_that_name_a_look_are_no_stop_words_of_their_own_language() -> None:
    assert not {"top", "long", "men", "hat", "tan", "hem", "short", "red", "fine", "ring"} & stop_words("en")
    assert not {"haut", "droite"} & stop_words("fr")
    assert "largo" not in stop_words("es")
    assert "tan" in stop_words("es")  # "so", and no look: the colour is an English word
