"""What changed in the shops' words since the last label run, and which words a trained model cannot see.

Both look at earlier runs; their figures are rows of the weak-label report card (workers/text/report_card.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from workers.text.report_card import Row, row
from workers.text.vocabulary import KEPT, Vocabulary

MOVERS = 5  # words shown each way
NEW_WORDS = 10
FEWEST_PHOTOS = 5  # with fewer, an AUC says nothing
HARDLY = 0.55  # AUC below which a word hardly ever helps; 0.5 is chance
MOST_WEAK, BEST = 200, 10  # words listed


@dataclass(frozen=True)
class WordsSaid:
    """The words of one label run.

    frequencies  every word seen -> products of the train split it stands in
    kept         the words learnt
    products     products labelled
    """

    frequencies: Mapping[str, int]
    kept: frozenset[str]
    products: int

    @classmethod
    def of_table(cls, table: pa.Table, products: int) -> "WordsSaid":
        """From a vocabulary of any version: word, document_frequency, kept."""
        words, numbers, kept = (table[name].to_pylist() for name in ("word", "document_frequency", "kept"))
        learnt = frozenset(word for word, is_kept in zip(words, kept, strict=True) if is_kept)
        return cls(dict(zip(words, numbers, strict=True)), learnt, products)

    @classmethod
    def of_vocabulary(cls, vocabulary: Vocabulary, products: int) -> "WordsSaid":
        """From the vocabulary just built."""
        frequencies = {word: number for word, (number, _) in vocabulary.verdicts.items()}
        return cls(frequencies, frozenset(vocabulary.words), products)


def drift_rows(now: WordsSaid, earlier: WordsSaid) -> list[Row]:
    """New and gone words, divergence of the frequencies, the biggest movers, and products.

    Frequencies are shares among all occurrences of the words that either run learns, so that a
    catalogue that grows evenly does not drift.
    """
    words = sorted(now.kept | earlier.kept)
    counts = [np.array([said.frequencies.get(word, 0) for word in words], float) for said in (now, earlier)]
    new, gone = (_most(a.frequencies, a.kept - b.kept) for a, b in ((now, earlier), (earlier, now)))
    rows = [
        row("drift", "products", now.products - earlier.products, "products", f"{earlier.products:,} before"),
        row("drift", "words new", len(now.kept - earlier.kept), "words", new),
        row("drift", "words gone", len(earlier.kept - now.kept), "words", gone),
    ]
    if not all(count.sum() for count in counts):
        return rows
    p, q = (count / count.sum() for count in counts)
    rows.append(
        row(
            "drift",
            "divergence",
            jensen_shannon(p, q),
            "bit",
            "Jensen-Shannon, of the word frequencies; 0 to 1",
        )
    )
    change = 100 * (p - q)
    order = np.argsort(change, kind="stable")
    for name, places in (("up", order[::-1][:MOVERS]), ("down", order[:MOVERS])):
        for place in places:
            if change[place] * (1 if name == "up" else -1) > 0:
                was, is_now = (int(count[place]) for count in (counts[1], counts[0]))
                detail = f"{was:,} products before, {is_now:,} now"
                unit = "percentage points of all occurrences"
                rows.append(row(f"words that went {name}", words[place], change[place], unit, detail))
    return rows


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """Divergence of two distributions (V,) in bits: 0 where equal, 1 where they share no word.

    Source: Lin, IEEE Trans. Information Theory 1991.
    """
    middle = (p + q) / 2

    def to_middle(one: np.ndarray) -> float:
        some = one > 0
        return float((one[some] * np.log2(one[some] / middle[some])).sum())

    return max(0.0, (to_middle(p) + to_middle(q)) / 2)


def helpful_rows(scores: pa.Table, vocabulary: Vocabulary, run_id: str) -> list[Row]:
    """Kept words that a trained model hardly ever sees in a photo, and those it sees best.

    scores  table word_scores of train run `run_id`: word, positives, auc

    Words are told by their text: the ids of another label run mean other words.
    """
    judged = [
        (auc, word, positives)
        for word, positives, auc in zip(
            *(scores[name].to_pylist() for name in ("word", "positives", "auc")), strict=True
        )
        if auc is not None
        and positives >= FEWEST_PHOTOS
        and vocabulary.verdicts.get(word, (0, ""))[1] == KEPT
    ]
    judged.sort()
    weak = [entry for entry in judged if entry[0] < HARDLY]
    best = [entry for entry in judged[::-1] if entry[0] >= HARDLY][:BEST]
    enough = f"on {FEWEST_PHOTOS} photos or more, of {len(vocabulary.words):,} kept"
    shown = f"AUC under {HARDLY}" + (f", {MOST_WEAK} listed" if len(weak) > MOST_WEAK else "")
    rows = [
        row("visible words", "judged", len(judged), "words", f"by train run {run_id}, {enough}"),
        row("visible words", "hardly ever help", len(weak), "words", shown),
    ]
    for section, entries in (("words that hardly ever help", weak[:MOST_WEAK]), ("words best seen", best)):
        rows += [
            row(section, word, auc, "AUC, 0.5 is chance", f"{positives:,} photos")
            for auc, word, positives in entries
        ]
    return rows


def _most(frequencies: Mapping[str, int], words: frozenset[str]) -> str:
    """The most frequent of some words, for people."""
    order = sorted(words, key=lambda word: (-frequencies.get(word, 0), word))[:NEW_WORDS]
    return ", ".join(f"{word} {frequencies.get(word, 0):,}" for word in order)
