"""Words of fashion in several languages: what one shop calls a dress another calls a Kleid.

`translations.csv` has a row per thing and a column per language; names are parted by `|`. A name may be another thing
in another language (a French robe is a dress, a Swedish rock a coat), so that a word is taken for what it is in the
language of the words beside it, and only languages that the vocabulary speaks are translated into.
"""

import csv
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

from workers.retrieval.spelling import key, name_words
from workers.retrieval.word_forms import other_forms

SHIPPED = Path(__file__).with_name("translations.csv")
SPOKEN = 3  # names that are words of one language alone: so many learnt ones say that shops speak it


class Translations:
    """Things by their names.

    things  per row of the file: names by language
    """

    def __init__(self, things: Sequence[dict[str, list[str]]]) -> None:
        self.things = things
        self._places: dict[str, set[tuple[str, int]]] = {}
        for n, thing in enumerate(things):
            for language, names in thing.items():
                for name in names:
                    self._places.setdefault(key(name_words(name)), set()).add((language, n))

    def spoken(self, keys: Collection[str]) -> frozenset[str]:
        """The languages of a vocabulary, given the key of each of its words (workers/retrieval/spelling.py)."""
        only: dict[str, int] = {}
        for name, places in self._places.items():
            if name in keys and len(languages := {language for language, _ in places}) == 1:
                [language] = languages
                only[language] = only.get(language, 0) + 1
        return frozenset(language for language, count in only.items() if count >= SPOKEN)

    def meant(self, words: Sequence[str]) -> list[dict[str, list[str]]]:
        """What each word names, by language; nothing for a word of which several things are meant, or none is known.

        The words are taken to be of one language: that in which most of them are names.
        """
        places = [self._of(word) for word in words]
        counts: dict[str, int] = {}
        for found in places:
            for language in {language for language, _ in found}:
                counts[language] = counts.get(language, 0) + 1
        most = max(counts.values(), default=0)
        meant: list[dict[str, list[str]]] = []
        for found in places:
            things = {n for language, n in found if counts[language] == most}
            meant.append(self.things[things.pop()] if len(things) == 1 else {})
        return meant

    def _of(self, word: str) -> set[tuple[str, int]]:
        """Where a word stands, as it is or in another form of one name."""
        if found := self._places.get(key([word])):
            return found
        forms = other_forms(word, self._places)
        return self._places[forms[0]] if len(forms) == 1 else set()


@cache
def shipped() -> Translations:
    """The translations that come with vitrine."""
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        return Translations(
            [
                {language: names.split("|") for language, names in row.items() if names}
                for row in csv.DictReader(file)
            ]
        )
