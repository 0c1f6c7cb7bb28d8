"""How well photos tell each word: the area under the ROC curve of its score.

0.5 is what chance gives: such a word has no visible meaning, or too few photos to learn it from.
"""

import numpy as np
from numpy.typing import NDArray

from workers.data.columns import Csr

FEWEST = 50  # photos to score words on; with fewer held out, photos that were learnt from are taken
MOST = 2_000
WORDS = 256  # ranked at a time


def word_aucs(scores: NDArray[np.float32], hot: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(V,) chance that a photo with the word scores above one without it, ties counting half.

    scores  (N, V), hot (N, V) true where the photo has the word
    NaN for a word that all photos have, or none.
    Source: the Mann-Whitney statistic, from mid-ranks; Hanley and McNeil, Radiology 1982.
    """
    n, positives = len(scores), hot.sum(0)
    aucs = np.full(scores.shape[1], np.nan)
    for word in np.flatnonzero((positives > 0) & (positives < n)):
        ordered, own = np.sort(scores[:, word]), scores[hot[:, word], word]
        below, upto = (np.searchsorted(ordered, own, side=side) for side in ("left", "right"))
        ranks = ((below + upto + 1) / 2).sum()
        with_it = positives[word]
        aucs[word] = (ranks - with_it * (with_it + 1) / 2) / (with_it * (n - with_it))
    return aucs


def word_scores(
    vectors: NDArray[np.float32], words: NDArray[np.float32], bags: Csr
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """positives (V,) and AUC (V,) of every word; vectors (N, D) of the photos of `bags`, words (V, D)."""
    photo, word = bags.of_photos(np.arange(len(bags)))
    positives, aucs = np.bincount(word, minlength=len(words)), np.full(len(words), np.nan)
    for first in range(0, len(words), WORDS):
        last = min(first + WORDS, len(words))
        here = (word >= first) & (word < last)
        hot = np.zeros((len(vectors), last - first), bool)
        hot[photo[here], word[here] - first] = True
        aucs[first:last] = word_aucs(vectors @ words[first:last].T, hot)
    return positives, aucs
