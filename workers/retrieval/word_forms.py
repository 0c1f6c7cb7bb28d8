"""Other forms of words that were learnt: endings, compounds, unspaced scripts; and what is spelt nearly so."""

from collections.abc import Collection
from difflib import get_close_matches

_SHORTEST_STEM = 3
_LONGEST_ENDING = 3
# Endings of German, Dutch, French, Spanish, Italian and Portuguese adjectives and nouns, and of Korean nouns.
_ENDINGS = frozenset(
    [
        *(
            "e",
            "en",
            "er",
            "es",
            "em",
            "n",
            "nen",
            "s",
            "a",
            "o",
            "as",
            "os",
            "i",
            "is",
            "ne",
            "se",
            "x",
            "esse",
        ),
        *("은", "는", "이", "가", "을", "를", "의", "에", "용", "형", "핏"),
    ]
)
_SHORTEST_PART = 2  # of a compound in a script with spaces three, of any other two
_LONGEST_WORD = 60
_NEAR = 0.75


def other_forms(word: str, learnt: Collection[str]) -> list[str]:
    """Find the learnt words that `word` is another form of, or is made of; none where there are none.

    schwarzes is a form of schwarz, sommerkleider is sommer and kleider, 여름원피스 is 여름 and 원피스.
    """
    word = word.lower()[:_LONGEST_WORD]
    forms = [each for each in learnt if is_form(word, each)]
    if forms:
        return [min(forms, key=lambda form: (abs(len(form) - len(word)), form))]
    return _parts(word, learnt if isinstance(learnt, set | frozenset | dict) else set(learnt))


def near_words(word: str, learnt: Collection[str], most: int = 3) -> list[str]:
    """Find learnt words that are spelt nearly as `word`, the nearest first."""
    return get_close_matches(word.lower()[:_LONGEST_WORD], learnt, most, _NEAR)


def is_form(word: str, other: str) -> bool:
    """Whether one is the other with an ending, or both have endings of one stem."""
    shared = 0
    for one, two in zip(word, other, strict=False):
        if one != two:
            break
        shared += 1
    if shared < (_SHORTEST_STEM if word.isascii() or word[0] < "\u3000" else _SHORTEST_PART):
        return False
    endings = (word[shared:], other[shared:])
    if "" in endings:
        return max(endings, key=len) in _ENDINGS
    return shared > _SHORTEST_STEM and all(ending in _ENDINGS for ending in endings)


def _parts(word: str, learnt: Collection[str]) -> list[str]:
    """Cut a word into learnt ones, as few as possible; nothing where a rest is left but a joining s or an ending."""
    shortest = _SHORTEST_PART if word[:1] >= "\u3000" else _SHORTEST_STEM
    ways: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for begin in range(max(0, end - _LONGEST_WORD), end - shortest + 1):
            before, part = ways[begin], word[begin:end]
            if before is None:
                continue
            known = part if part in learnt else part[:-1] if part[:-1] in learnt and part[-1] == "s" else ""
            shorter = ways[end] is None or len(before) + 1 < len(ways[end] or ())
            if known and shorter:
                ways[end] = [*before, known]
    for ending in range(min(_LONGEST_ENDING, len(word) - shortest) + 1):
        way = ways[len(word) - ending]
        if way and len(way) > 1 and (not ending or word[len(word) - ending :] in _ENDINGS):
            return way
    return []
