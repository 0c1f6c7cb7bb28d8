import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.extract.text import category_path, line_of, printable, text_of, words_listed


def test_blocks_separate_words_and_inline_tags_do_not() -> None:
    markup = "<div>T<b>-shirt</b><ul><li>cotton</li><li>washable</li></ul>last</div>"

    assert text_of(markup) == "T-shirt\ncotton\nwashable\nlast"


def test_scripts_styles_and_comments_say_nothing() -> None:
    assert text_of("<p>a<!-- b --><script>c()</script><style>d{}</style> e</p>") == "a e"


def test_a_line_break_in_the_source_is_a_space() -> None:
    assert text_of("<p>one\n  two<br>three</p>") == "one two\nthree"


def test_text_without_tags_is_left_alone_but_for_entities() -> None:
    assert text_of(" size < 40 & up\nTom &amp; Jerry ") == "size < 40 & up\nTom & Jerry"


def test_a_title_is_one_line() -> None:
    assert line_of("<b>Red</b>\n dress") == "Red dress"


@pytest.mark.parametrize("depth", [1000])
def test_a_deeply_nested_page_is_read_without_recursion(depth: int) -> None:
    assert "end" in text_of("<div>" * depth + "end")


@pytest.mark.parametrize(
    ("given_path", "path"),
    [
        ("Women > Coats", ("Women", "Coats")),
        ("Women/Coats", ("Women", "Coats")),
        (["Women", " Coats ", None, ""], ("Women", "Coats")),
        ("A/B > C", ("A/B", "C")),
        (None, ()),
        (7, ()),
        (["Women", {"name": "Coats"}, ["x"]], ("Women",)),
    ],
)
def test_a_category_path_is_outer_first(given_path: object, path: tuple[str, ...]) -> None:
    assert category_path(given_path) == path


def test_tags_are_listed_once_without_empties() -> None:
    assert words_listed("a, b,,a ") == words_listed(["a", "b", "", None, "a"]) == ("a", "b")


@given(st.text())
def test_no_markup_breaks_the_reading(markup: str) -> None:
    for read in (text_of(markup), text_of(f"<p>{markup}</p>")):
        assert read == read.strip()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mRed\x1b[0m dress", "[31mRed[0m dress"),
        ("\x1b]0;owned\x07Red", "]0;ownedRed"),
        ("\x9b2JRed", "2JRed"),
        ("Re\x00d\x08\x7f", "Red"),
        ("evil\u202egpj.exe\u2066", "evilgpj.exe"),
        ("one\r\ntwo\rthree\x0bfour\u2028five", "one\ntwo\nthree\nfour\nfive"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("plain", "plain"),
        ("Größe 38 – 紺 👗 \u00a0\u200b", "Größe 38 – 紺 👗 \u00a0\u200b"),
    ],
)
def test_what_could_steer_a_terminal_is_left_out_and_words_stay(written: str, shown: str) -> None:
    assert printable(written) == shown


@pytest.mark.parametrize("read", [text_of, line_of, lambda text: " ".join(category_path([text]))])
@pytest.mark.parametrize(
    "written",
    [
        "\x1b[2JRed\x00",
        "<p>\x1b[2JRed\x00</p>",
        "&#x9b;&#27;[2JRed&#8238;&#0;",
        "<b>&#x202e;</b>[2JRed&#x1b;",
        "<p title='\x1b'>[2JRed</p>",
    ],
)
def test_no_entity_or_tag_smuggles_a_control_character_in(read: Callable[[str], str], written: str) -> None:
    assert "[2JRed" in read(written)
    assert forbidden_in(read(written)) == set()


@given(st.text(st.characters() | st.characters(max_codepoint=0x9F)), st.booleans())
def test_no_text_of_a_shop_holds_a_control_character(text: str, as_markup: bool) -> None:
    markup = f"<p>{text}</p>" if as_markup else text

    assert forbidden_in(text_of(markup)) == set()
    assert forbidden_in(" ".join(words_listed([markup, text]))) == set()
    text_of(markup).encode()


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_words_are_kept_to_the_letter(text: str) -> None:
    assert printable(text) == text


def forbidden_in(text: str) -> set[str]:
    """Control characters and bidirectional overrides; newline and tab are allowed."""
    return {
        c
        for c in text
        if (unicodedata.category(c) == "Cc" and c not in "\n\t")
        or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    }
