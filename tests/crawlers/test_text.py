import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.text import category_path, line_of, text_of, words_listed


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
    ],
)
def test_a_category_path_is_outer_first(given_path: object, path: tuple[str, ...]) -> None:
    assert category_path(given_path) == path


def test_tags_are_listed_once_without_empties() -> None:
    assert words_listed("a, b,,a ") == words_listed(["a", "b", "", None, "a"]) == ("a", "b")


@given(st.text())
def test_no_markup_breaks_the_reading(markup: str) -> None:
    text_of(markup)
    text_of(f"<p>{markup}</p>")
