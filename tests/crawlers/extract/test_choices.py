"""crawlers/extract/choices.py: what a <select> lets one choose."""

import pytest
from lxml.html import fragment_fromstring

from crawlers.extract.choices import choices_in

COLOURS = ["Navy", "All-black"]


@pytest.mark.parametrize(
    "prompt",
    [
        "<option>Choose a colour</option>",
        "<option>Choose Navy</option>",
        "<option value=''>Farbe</option>",
        "<option selected disabled>Colour</option>",
        "<option>-- Farbe wählen --</option>",
        "<option>Bitte auswählen</option>",
        "<option>Choisissez une couleur</option>",
        "<option>Elige un color</option>",
        "<option>Kies een kleur</option>",
        "<option>Välj färg</option>",
        "<option>Wybierz kolor</option>",
        "<option>カラーを選択してください</option>",
        "<option>색상 선택</option>",
        "<option>---</option>",
        "<option></option>",
        "",
    ],
)
def test_a_line_that_asks_to_choose_is_no_choice(prompt: str) -> None:
    markup = f"<select>{prompt}<optgroup><option>Navy <i></i></option><option value=b>All-black</optgroup></select>"

    assert choices_in(fragment_fromstring(markup)) == COLOURS


@pytest.mark.parametrize(
    "first", ["All-black", "Anyway blue", "Selvedge", "Pickle", "Red (select stores only)", "Peach"]
)
def test_a_colour_is_one_wherever_it_stands(first: str) -> None:
    select = fragment_fromstring(f"<select><option>{first}</option><option>Choose me</option></select>")

    assert choices_in(select) == [first, "Choose me"]
    assert choices_in(select[0]) == [first]
