"""What a <select> lets one choose, without the line that asks to: "Choose a colour", "-- Farbe wählen --"."""

import re
from itertools import islice
from typing import Any

_MOST = 250  # options of one <select>
_LONGEST = 200  # characters of a prompt that are looked at
_PROMPT = re.compile(
    r"\W*(?:$|(?:please|choose|select|pick|bitte|kies|maak)\b|(?:any|all) (?:colou?r|size)|auswahl|ausw[äa]hlen"
    r"|w[äa]hle|veuillez|choisi"
    r"|sélectionne|elige|elija|escog|seleccion|selecione|escolh|scegli|selezion|selecteer|vælg|velg|välj"
    r"|valitse|wybierz|wybór|vyberte|zvolte|válassz|alege|selecta|seçin|выбер|выбрать|оберіть|изберете|επιλέξτε"
    r"|選択|お選び|选择|選擇|请选|선택|اختر|בחר)"
    r"|.{0,60}(?:\b(?:aus)?w[äa]hlen|\bauswahl|\bseçin(?:iz)?|を選択\w*|を選\w*|선택\w*)\W*$",
    re.I | re.S,
)


def choices_in(element: Any) -> list[str]:
    """List the texts of the options in an element, or of an option itself; of lxml. A prompt is no choice.

    That is one without a value, or that cannot be chosen, or the first one where its words ask to choose.
    """
    texts: list[str] = []
    for place, option in enumerate(islice(element.iter("option"), _MOST)):
        text = " ".join("".join(option.itertext()).split())
        is_prompt = not text or option.get("value") == "" or option.get("disabled") is not None
        if not is_prompt and not (place == 0 and _PROMPT.match(text[:_LONGEST])):
            texts.append(text)
    return texts
