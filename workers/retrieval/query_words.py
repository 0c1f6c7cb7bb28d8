"""What the words of a query mean on a vocabulary: each in every form and language in which it was learnt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workers.retrieval import translations
from workers.retrieval.spelling import COMPOUND, Learnt, key, name_words
from workers.retrieval.word_forms import is_form, near_words, other_forms

MOST_WAYS = 24  # of saying one word
_SHORTEST_BEGINNING = 3


@dataclass(frozen=True)
class Way:
    """One way to say a word of a query.

    language  of a translation, "" for the word itself
    rows      of the learnt words that say it together
    """

    language: str
    rows: tuple[int, ...]


@dataclass
class QueryWords:
    """The words of a query.

    ways      per word that is known in any way, the ways to say it, itself first; a photo shows the word if one holds
    unknown   words that were never learnt
    read_as   a word that is another form of learnt ones, or is made of them -> these
    near      an unknown word -> learnt ones that are spelt nearly so
    also      a word -> learnt words that say the same: its plural, and other shops' languages
    """

    ways: list[tuple[Way, ...]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    read_as: dict[str, list[str]] = field(default_factory=dict)
    near: dict[str, list[str]] = field(default_factory=dict)
    also: dict[str, list[str]] = field(default_factory=dict)

    def vector(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """One vector (D,) in the photos' space, L2 norm 1, of at least one known word; each as it is said first.

        vectors  (V, D) of the learnt words

        It is the sum of the words' unit vectors, so that no single frequent word drowns the rest.
        """
        rows = vectors[[row for ways in self.ways for row in ways[0].rows]]
        total = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).sum(0)
        unit: NDArray[np.float32] = (total / np.linalg.norm(total)).astype(np.float32)
        return unit


class QueryReader:
    """Reads queries on one vocabulary; `ids` word -> row, in the order of rows."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        self._ids, self._words = ids, list(ids)
        self._learnt = Learnt(ids)
        self._lexicon = translations.shipped()
        self._spoken = sorted(self._lexicon.spoken({key([word]) for word in ids}))
        self._by_beginning: dict[str, list[str]] = {}
        for word in ids:
            self._by_beginning.setdefault(word[:_SHORTEST_BEGINNING], []).append(word)

    def read(self, query: str) -> QueryWords:
        """Find what each word of a query was learnt as."""
        found = QueryWords()
        plain = {(letter + word).lower(): word.lower() for letter, word in COMPOUND.findall(query)}
        words = list(dict.fromkeys(name_words(query)))
        for word, names in zip(words, self._lexicon.meant(words), strict=True):
            kept = word if self._learnt.forms(word) else plain.get(word, word)
            if ways := self._ways(kept, names):
                self._add(found, kept, ways)
            elif parts := other_forms(kept, self._ids):
                found.read_as[kept] = parts
                for part, meant in zip(parts, self._lexicon.meant(parts), strict=True):
                    self._add(found, part, self._ways(part, meant))
            else:
                found.unknown.append(kept)
                if near := near_words(kept, self._ids):
                    found.near[kept] = near
        return found

    def _add(self, found: QueryWords, word: str, ways: tuple[Way, ...]) -> None:
        if ways not in found.ways:
            found.ways.append(ways)
        said = [" ".join(self._words[row] for row in way.rows) for way in ways]
        if others := [each for each in said if each != word]:
            found.also[word] = others

    def _ways(self, word: str, names: Mapping[str, Sequence[str]]) -> tuple[Way, ...]:
        """A word's own forms, then its names in the languages that are spoken."""
        ways = [Way("", (self._ids[form],)) for form in self._learnt.forms(word)]
        for language in self._spoken:
            for name in names.get(language, ()):
                ways += [Way(language, rows) for rows in self._said(name)]
        unique = {way.rows: way for way in reversed(ways)}
        return tuple(sorted(unique.values(), key=ways.index))[:MOST_WAYS]

    def _said(self, name: str) -> list[tuple[int, ...]]:
        """The rows of a name in each spelling and ending that was learnt."""
        words = name_words(name)
        spellings = self._learnt.spellings(words)
        if len(words) == 1:
            alike = self._by_beginning.get(words[0][:_SHORTEST_BEGINNING], ())
            spellings += [(each,) for each in alike if is_form(words[0], each)]
        return [tuple(self._ids[each] for each in spelling) for spelling in spellings]
