"""One word in the spellings that English has of it, and the learnt words by what their spellings share."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product

from workers.text.words import tokens

MOST_SPELLINGS = 16  # of one name: singular and plural of each of its words

# A letter that stands before a word belongs to it: the tokeniser drops single letters, and without this
# "T-shirt" would be a shirt. Not the "s" of "men's".
COMPOUND = re.compile(r"(?<![\w'’])([a-z])[\s\-‐‑–/]+([^\W\d_]{2,})", re.IGNORECASE)


def name_words(name: str) -> tuple[str, ...]:
    """The tokens of a name, with single letters joined to the word they stand before."""
    return tuple(tokens(COMPOUND.sub(r"\1\2", name)))


def key(words: Iterable[str]) -> str:
    """What all spellings of one name share: "T-Shirts" and "tshirt", "Flip Flops" and "flipflop"."""
    return "".join(stem(word) for word in words)


def stem(word: str) -> str:
    """What singular and plural share. For words of English; others keep theirs but for a last s."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-2]
    kept = word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
    if kept.endswith("xe") or (kept.endswith("e") and len(kept) > 4):
        kept = kept[:-1]  # boxes and box, dresses and dress, gloves and glove
    if kept.endswith("f") and len(kept) > 3:
        return kept[:-1] + "v"  # scarf and scarves
    return kept[:-1] + "i" if kept.endswith("y") and len(kept) > 3 else kept


class Learnt:
    """The learnt words by their stem."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        self.ids = ids
        self._by_stem: dict[str, list[str]] = {}
        for word in ids:
            self._by_stem.setdefault(stem(word), []).append(word)

    def forms(self, word: str) -> list[str]:
        """Singular and plural of a word, those that were learnt; the word itself first."""
        forms = self._by_stem.get(stem(word), [])
        return sorted(forms, key=lambda form: (form != word, form))

    def spellings(self, words: Sequence[str]) -> list[tuple[str, ...]]:
        """A name in learnt words: each in any of its forms, and all as one word; none where a word is unknown."""
        forms = [self.forms(word) for word in words]
        spellings = list(islice(product(*forms), MOST_SPELLINGS)) if words else []
        if len(words) > 1:
            spellings += [(form,) for form in self._by_stem.get(key(words), [])]
        return spellings
