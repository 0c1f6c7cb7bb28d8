"""workers/retrieval/query_words.py and translations.py: what a query means on a vocabulary of one or many languages."""

import csv

import numpy as np
import pytest

from workers.retrieval.query_words import QueryReader, QueryWords
from workers.retrieval.spelling import name_words
from workers.retrieval.translations import SHIPPED, Translations, shipped

ENGLISH = "red dress dresses frock black shirt blue trousers coat tshirt"
GERMAN = "rot rotes kleid kleider sommerkleid schwarz hemd hose blau mantel"
ROT, KLEID = ("rot", "rotes"), ("kleid", "kleider")
FRENCH = "rouge robe noir chemise bleu pantalon manteau"


def read(query: str, learnt: str) -> tuple[QueryWords, list[set[str]]]:
    """The query, and per word the learnt words that say it."""
    words = learnt.split()
    found = QueryReader({word: n for n, word in enumerate(words)}).read(query)
    return found, [{" ".join(words[row] for row in way.rows) for way in ways} for ways in found.ways]


@pytest.mark.parametrize(
    ("query", "learnt", "said"),
    [
        ("red dress", f"{ENGLISH} {GERMAN}", [{"red", *ROT}, {"dress", "dresses", "frock", *KLEID}]),
        ("Rotes Kleid", ENGLISH, [{"red"}, {"dress", "dresses", "frock"}]),
        ("rotes Kleid", GERMAN, [{"rotes", "rot"}, {"kleid", "kleider"}]),
        ("robe rouge", f"{FRENCH} {GERMAN}", [{"robe", "kleid", "kleider"}, {"rouge", "rot", "rotes"}]),
        ("vestido negro", f"{ENGLISH} {FRENCH}", [{"dress", "dresses", "frock", "robe"}, {"black", "noir"}]),
        ("red robe", f"{ENGLISH} bathrobe {GERMAN}", [{"red", "rot", "rotes"}, {"bathrobe"}]),
        ("sommerkleid", f"{ENGLISH} {GERMAN}", [{"sommerkleid"}]),
        ("sommerkleider", f"sommer {GERMAN}".replace("sommerkleid ", ""), [{"sommer"}, {"kleider", "kleid"}]),
        ("red dress", "red dress kleid", [{"red"}, {"dress"}]),  # one word is no language
        ("T-Shirt", "shirt tshirts", [{"tshirts"}]),
        ("T-Shirt", "shirt dress", [{"shirt"}]),
        ("red red dress", "red dress", [{"red"}, {"dress"}]),
    ],
)  # fmt: skip
def test_a_word_is_looked_for_in_every_form_and_language_that_shops_write(
    query: str, learnt: str, said: list[set[str]]
) -> None:
    assert read(query, learnt)[1] == said


def test_a_name_of_two_things_is_that_of_the_language_of_the_words_beside_it() -> None:
    """A robe is a dress in French and a bathrobe in English; alone it is either, and is not translated."""
    learnt = f"{ENGLISH} bathrobe {FRENCH} {GERMAN} bademantel"

    assert read("robe noir", learnt)[1][0] >= {"robe", "dress", "kleid"}
    assert read("black robe", learnt)[1][1] == {"robe", "bathrobe", "bademantel"}
    assert read("robe", learnt)[1] == [{"robe"}]


def test_what_was_not_learnt_as_it_stands_is_told() -> None:
    found, _ = read("reds zebra summerdress gren rotes", f"{ENGLISH} summer green")

    assert found.unknown == ["zebra", "gren"]
    assert found.read_as == {"summerdress": ["summer", "dress"]}
    assert found.near == {"gren": ["green"]}
    assert found.also["rotes"] == ["red"]
    assert read("zebra", ENGLISH)[0] == QueryWords(unknown=["zebra"])
    assert read("", ENGLISH)[0] == QueryWords()


def test_a_query_in_words_is_the_direction_between_them_as_they_are_said_first() -> None:
    angles = np.radians([0, 90, 45])
    vectors = 3 * np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)

    found, _ = read("red, zebra dresses", "red dress dresses")
    np.testing.assert_allclose(found.vector(vectors), [np.cos(np.pi / 8), np.sin(np.pi / 8)], atol=1e-6)
    found, _ = read("a red dress", "red dress")
    np.testing.assert_allclose(found.vector(vectors), [0.5**0.5, 0.5**0.5], atol=1e-6)


def test_every_shipped_row_has_each_language_and_a_name_is_one_thing_within_its_language() -> None:
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert all(len(row) == len(header) and all(row) for row in rows)
    for column, language in enumerate(header):
        names: dict[tuple[str, ...], int] = {}
        twice = []
        for n, row in enumerate(rows):
            for name in row[column].split("|"):
                assert name == name.strip() and name_words(name), (language, name)
                if names.setdefault(name_words(name), n) != n:
                    twice.append(name)
        assert not twice, (language, twice)


def test_a_language_is_spoken_by_words_that_no_other_has() -> None:
    things = Translations(
        [
            {"en": ["dress"], "de": ["kleid"], "fr": ["mode"]},
            {"en": ["skirt"], "de": ["rock"], "fr": ["jupe"]},
            {"en": ["mode"], "de": ["mantel"], "fr": ["jean"]},
            {"en": ["red"], "de": ["rot"], "fr": ["bleu"]},
        ]
    )

    assert things.spoken({"dress", "skirt", "mode"}) == frozenset()
    assert things.spoken({"dress", "skirt", "red", "kleid", "mode", "jupe", "jean"}) == {"en"}
    assert things.spoken({"rot", "kleid", "rock", "jupe", "jean", "bleu"}) == {"de", "fr"}
    assert shipped().spoken(set()) == frozenset()
