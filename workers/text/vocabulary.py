"""Which words are learnt: the most frequent ones of the train split, and why the others are not.

Source: Corbière et al. 2017: of 218,536 distinct words the 30,000 most frequent are kept.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from schemas.label import VOCABULARY
from workers.text.languages import UNCLEAR
from workers.text.words import stop_words

KEPT, STOP, SITE, RARE, BEYOND = "kept", "stop word", "site word", "too rare", "beyond the vocabulary size"

# A word that is a function word in this share of its products is one. The rest are products whose language
# was mistaken; "hat", a stop word of German, is a garment in more of the products of a mixed catalogue.
MOSTLY_STOP = 0.9


@dataclass(frozen=True)
class WordCounts:
    """In how many products each word stands, as one that may be learnt.

    frequencies  word -> products it stands in other than as a function word of their language;
                 for a stop word, all products it stands in
    stop         words that are function words wherever they stand, or nearly
    languages    word -> language of more than half of the products it stands in, else unclear
    """

    frequencies: Mapping[str, int]
    stop: frozenset[str] = frozenset()
    languages: Mapping[str, str] = field(default_factory=dict)


class WordTally:
    """Counts words per bucket of products: those of a language, or of a shop whose language is not known yet."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], dict[str, int]] = {}

    def add(self, words: Mapping[str, int], shop: str, language: str = UNCLEAR) -> None:
        """Count in how many products each word stands; the shop matters where their language is unclear."""
        counts = self._counts.setdefault(("", language) if language != UNCLEAR else (shop, UNCLEAR), {})
        for word, number in words.items():
            counts[word] = counts.get(word, 0) + number

    def counts(self, of_shop: Callable[[str], str]) -> WordCounts:
        """What was counted, once the language of every shop is known."""
        learnable: dict[str, int] = {}
        stopped: dict[str, int] = {}
        leading: dict[str, tuple[int, str]] = {}
        by_language: dict[str, list[dict[str, int]]] = {}
        for (shop, language), counts in self._counts.items():
            by_language.setdefault(language if language != UNCLEAR else of_shop(shop), []).append(counts)
        for language, parts in sorted(by_language.items()):
            merged = parts[0] if len(parts) == 1 else _added(parts)
            functional = stop_words(language)
            for word, number in merged.items():
                into = stopped if word in functional else learnable
                into[word] = into.get(word, 0) + number
                leading[word] = max(leading.get(word, (0, "")), (number, language))
        total = {word: learnable.get(word, 0) + stopped.get(word, 0) for word in leading}
        stop = frozenset(word for word, number in stopped.items() if number >= MOSTLY_STOP * total[word])
        return WordCounts(
            {word: number if word in stop else learnable[word] for word, number in total.items()},
            stop,
            {
                word: language if 2 * number > total[word] else UNCLEAR
                for word, (number, language) in leading.items()
            },
        )


@dataclass(frozen=True)
class Vocabulary:
    """Kept words by id, and the verdict on every word seen.

    words      kept words, index = word_id, most frequent first
    ids        word -> word_id
    verdicts   word -> (document frequency in products, why), for every word seen
    languages  word -> ISO 639-1, as in WordCounts; a word without one is unclear
    """

    words: tuple[str, ...]
    ids: Mapping[str, int]
    verdicts: Mapping[str, tuple[int, str]]
    languages: Mapping[str, str] = field(default_factory=dict)

    def dropped(self) -> dict[str, int]:
        """Number of words by the reason they were dropped for."""
        reasons: dict[str, int] = {}
        for _, why in self.verdicts.values():
            if why != KEPT:
                reasons[why] = reasons.get(why, 0) + 1
        return reasons

    def table(self) -> pa.Table:
        """All words seen as a table of schemas.label.VOCABULARY, kept ones first by id."""
        order = sorted(self.verdicts.items(), key=lambda item: (item[1][1] != KEPT, -item[1][0], item[0]))
        rows = [
            {
                "word_id": self.ids.get(word, -1),
                "word": word,
                "document_frequency": frequency,
                "kept": why == KEPT,
                "why": why,
                "language": self.languages.get(word, UNCLEAR),
            }
            for word, (frequency, why) in order
        ]
        return pa.Table.from_pylist(rows, VOCABULARY)


def build_vocabulary(
    counts: WordCounts, *, size: int = 30_000, rarest: int = 2, site: frozenset[str] = frozenset()
) -> Vocabulary:
    """Keep the `size` most frequent words (ties by alphabet) that stand in at least `rarest` products."""
    verdicts: dict[str, tuple[int, str]] = {}
    kept: list[str] = []
    for word, frequency in sorted(counts.frequencies.items(), key=lambda item: (-item[1], item[0])):
        if word in counts.stop:
            why = STOP
        elif word in site:
            why = SITE
        elif frequency < rarest:
            why = RARE
        elif len(kept) >= size:
            why = BEYOND
        else:
            why = KEPT
            kept.append(word)
        verdicts[word] = (frequency, why)
    ids = {word: number for number, word in enumerate(kept)}
    return Vocabulary(tuple(kept), ids, verdicts, counts.languages)


def _added(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in parts:
        for word, number in counts.items():
            total[word] = total.get(word, 0) + number
    return total
