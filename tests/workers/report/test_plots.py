"""Plots as inline SVG: text stays text, colours follow the page, ids do not clash."""

import re
from functools import cache
from xml.etree import ElementTree

import pytest

from workers.report import plots
from workers.report.data import Epoch, Histogram, Score, Word
from workers.report.svg import printable

NASTY = "<script>alert(1)</script> & $\\frac{1}{0}$ \x00 日本 👗"
SCORES = [
    Score("item-retrieval", "all", "recall", k, v, v - 0.05, v + 0.05, 40, method)
    for method, values in {"corbiere": (0.5, 0.9), "untrained": (0.2, 0.6)}.items()
    for k, v in zip((1, 20), values, strict=True)
]
EPOCHS = [Epoch("words" if n < 3 else "all", n, 3 / n, 3.1 / n if n > 1 else None, 40.0) for n in range(1, 6)]
ONE_OF_EACH = {
    "bars": lambda: plots.bars("Bars", [(NASTY, 3), ("b", 0)]),
    "stacked": lambda: plots.stacked_bars("Stacked", ["a", "b"], {f"shop {n}": [1, 2] for n in range(9)}),
    "nothing": lambda: plots.bars("Nothing", [("a", 0)]),
    "histogram": lambda: plots.histogram("Prices", Histogram([0, 10, 20], [3, 1], "EUR"), NASTY),
    "words": lambda: plots.word_curve(
        "Words", [Word(n, f"w{n}", 100 // n, n % 2 == 0) for n in range(1, 50)]
    ),
    "losses": lambda: plots.losses("Losses", EPOCHS),
    "one epoch": lambda: plots.losses("One", EPOCHS[:1]),
    "speeds": lambda: plots.speeds("Speeds", EPOCHS),
    "recalls": lambda: plots.recalls(
        "Recalls", SCORES, {"corbiere": "corbiere", "untrained": NASTY}, "corbiere"
    ),
    "slices": lambda: plots.slices("Slices", SCORES, {"all": 0.3}, "untrained network"),
}


@cache
def drawn(name: str) -> str:
    return ONE_OF_EACH[name]()


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_plot_is_well_formed_and_names_no_address(name: str) -> None:
    drawing = drawn(name)

    ElementTree.fromstring(drawing)
    assert drawing.startswith('<svg viewBox="0 0 ') and "http" not in drawing
    assert "<style" not in drawing and "<metadata" not in drawing


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_plot_uses_the_pages_colours_only(name: str) -> None:
    drawing = drawn(name)

    assert "var(--" in drawing
    assert set(re.findall(r"#[0-9a-f]{6}", drawing)) <= {"#000000", "#ffffff"}
    assert not re.findall(r"(?:fill|stroke): #(?:000000|ffffff)", drawing)


def test_text_stays_text_and_is_escaped() -> None:
    drawing = plots.bars("Bars", [("<b>red & blue</b>", 1234)])

    assert "&lt;b&gt;red &amp; blue&lt;/b&gt;" in drawing and "1,234" in drawing


def test_two_plots_share_no_id_and_the_same_plot_is_drawn_the_same() -> None:
    one, other = (plots.losses(label, EPOCHS) for label in ("One", "Other"))

    assert not set(re.findall(r' id="([^"]*)"', one)) & set(re.findall(r' id="([^"]*)"', other))
    assert one == plots.losses("One", EPOCHS)


def test_more_shops_than_colours_fold_into_a_last_one() -> None:
    folded = plots.fold({f"shop {n}": [n, 1] for n in range(9)})

    assert list(folded) == [*(f"shop {n}" for n in range(5)), "4 others"]
    assert list(folded["4 others"]) == [5 + 6 + 7 + 8, 4]


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1234, "1,234"), (12.34, "12.3"), (0.0123, "0.012")])
def test_numbers_are_for_people(value: float, text: str) -> None:
    assert plots.number(value) == text


def test_a_label_is_one_short_line() -> None:
    assert printable("a\n\x00 b\u202e  c") == "a b c"
    assert printable("x" * 50, 10) == "x" * 9 + "…"
