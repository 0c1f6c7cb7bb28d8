"""workers/retrieval/word_forms.py: other forms of learnt words, and words spelt nearly so."""

import pytest

from workers.retrieval.word_forms import near_words, other_forms

LEARNT = {
    "schwarz",
    "rot",
    "kleid",
    "sommer",
    "hemd",
    "noir",
    "vestido",
    "blumen",
    "원피스",
    "여름",
    "코트",
    "ワンピース",
}


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("schwarzes", ["schwarz"]),
        ("Schwarze", ["schwarz"]),
        ("rotes", ["rot"]),
        ("noire", ["noir"]),
        ("vestidos", ["vestido"]),
        ("hemden", ["hemd"]),
        ("sommerkleid", ["sommer", "kleid"]),
        ("sommerkleider", ["sommer", "kleid"]),
        ("여름원피스", ["여름", "원피스"]),
        ("원피스를", ["원피스"]),
        ("코트는", ["코트"]),
        ("rotwein", []),
        ("kleinod", []),
        ("no", []),
        ("", []),
        ("x" * 100_000, []),
    ],
)
def test_a_form_or_a_compound_of_learnt_words_is_found(word: str, forms: list[str]) -> None:
    assert other_forms(word, LEARNT) == forms


def test_what_is_spelt_nearly_so_is_named() -> None:
    assert near_words("shwarz", LEARNT) == ["schwarz"]
    assert near_words("vestida", LEARNT)[0] == "vestido"
    assert near_words("paisley", LEARNT) == []
