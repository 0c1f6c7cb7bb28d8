"""Which words are learnt: the most frequent ones of the train split, and why the others are not.

Source: Corbière et al. 2017: of 218,536 distinct words the 30,000 most frequent are kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from schemas.label import VOCABULARY

KEPT, STOP, SITE, RARE, BEYOND = "kept", "stop word", "site word", "too rare", "beyond the vocabulary size"


@dataclass(frozen=True)
class Vocabulary:
    """Kept words by id, and the verdict on every word seen.

    words     kept words, index = word_id, most frequent first
    ids       word -> word_id
    verdicts  word -> (document frequency in products, why), for every word seen
    """

    words: tuple[str, ...]
    ids: Mapping[str, int]
    verdicts: Mapping[str, tuple[int, str]]

    def encode(self, bag: Iterable[str]) -> list[int]:
        """Ids of the kept words of a bag, ascending, each once."""
        return sorted({self.ids[word] for word in bag if word in self.ids})

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
            }
            for word, (frequency, why) in order
        ]
        return pa.Table.from_pylist(rows, VOCABULARY)


def build_vocabulary(
    frequencies: Mapping[str, int],
    *,
    size: int = 30_000,
    rarest: int = 2,
    stop: frozenset[str] = frozenset(),
    site: frozenset[str] = frozenset(),
) -> Vocabulary:
    """Keep the `size` most frequent words (ties by alphabet) that stand in at least `rarest` products."""
    verdicts: dict[str, tuple[int, str]] = {}
    kept: list[str] = []
    for word, frequency in sorted(frequencies.items(), key=lambda item: (-item[1], item[0])):
        if word in stop:
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
    return Vocabulary(tuple(kept), {word: number for number, word in enumerate(kept)}, verdicts)
