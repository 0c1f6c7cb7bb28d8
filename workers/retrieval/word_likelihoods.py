"""How likely the shop's own words of a photo's product hold a word, from the cosine of photo and word.

A cosine says little to a person, and that of one word cannot be compared with another's: a frequent word lies near all
photos. A logistic regression for each word (Platt, "Probabilistic outputs for support vector machines", 1999) turns it
into a chance, and chances of several words multiply: a photo must look like each of them. Of several ways to say a
word (dress, dresses, the German shop's kleid) one is enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.data.columns import Csr

WORDS = 256  # fitted at a time
STEPS, CLOSE = 25, 1e-6  # of Newton at most, and the step after which it ends: mostly the tenth
FLATTEST = 1e-3  # slope in standard deviations: a word that photos do not show orders them by nothing else
_PRIOR = 1.0  # precision of a slope of 1 per standard deviation, as if a few photos had said so
_LEAST_SPREAD = 1e-6
Ways = Sequence[Sequence[int]]


@dataclass(frozen=True)
class WordLikelihoods:
    """Of V words: the chance is 1 / (1 + exp(-(slope * cosine + intercept))).

    slopes, intercepts  (V,)
    shares              (V,) share of the photos whose product bears the word, as the fit has it
    """

    slopes: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    shares: NDArray[np.float64]

    def direction(self, words: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
        """The vector (D,), L2 norm 1, whose cosine orders photos by the sum of the log-odds of some words.

        words  (V, D)
        """
        total = (self.slopes[rows, None] * _unit(words[list(rows)])).sum(0)
        direction: NDArray[np.float32] = total / max(float(np.linalg.norm(total)), _LEAST_SPREAD)
        return direction.astype(np.float32)

    def of_each(
        self, vectors: NDArray[np.float32], words: NDArray[np.float32], said: Sequence[Ways]
    ) -> NDArray[np.float64]:
        """(N, R) chance that the shop's words say each of R words in one of its ways; of all of them it is the product.

        vectors  (N, D) photos, L2 norm 1;  words  (V, D)
        said     per word, ways to say it; each is the rows of words that say it together
        """
        rows = sorted({row for ways in said for way in ways for row in way})
        logits = vectors @ _unit(words[rows]).T * self.slopes[rows] + self.intercepts[rows]
        chances: NDArray[np.float64] = np.exp(-np.logaddexp(0, -logits.astype(np.float64)))
        return _of_words(chances, {row: n for n, row in enumerate(rows)}, said)

    def by_chance(self, said: Sequence[Ways]) -> NDArray[np.float64]:
        """The chance (R,) of each word for a photo of which nothing is known."""
        rows = sorted({row for ways in said for way in ways for row in way})
        words: NDArray[np.float64]
        [words] = _of_words(self.shares[None, rows], {row: n for n, row in enumerate(rows)}, said)
        return words


def _of_words(
    chances: NDArray[np.float64], columns: Mapping[int, int], said: Sequence[Ways]
) -> NDArray[np.float64]:
    """(N, R) from the chance (N, C) of each row that is said: all rows of a way, any way of a word."""
    none = [
        np.prod([1 - chances[:, [columns[row] for row in way]].prod(1) for way in ways], axis=0)
        for ways in said
    ]
    words: NDArray[np.float64] = 1 - np.stack(none, axis=1) if none else np.ones((len(chances), 0))
    return words


def fit_likelihoods(vectors: NDArray[np.float32], words: NDArray[np.float32], bags: Csr) -> WordLikelihoods:
    """Fit a slope and an intercept for each word.

    vectors  (N, D) photos, L2 norm 1;  words  (V, D);  bags  the words of each photo's product

    What is told is smoothed as Platt does, so that a word that no photo here has is unlikely and not impossible. A
    word whose cosine says nothing, or the contrary, is as likely for each photo.
    """
    photo, word = bags.of_photos(np.arange(len(bags)))
    slopes, intercepts, shares = (np.zeros(len(words)) for _ in range(3))
    for first in range(0, len(words), WORDS):
        here = slice(first, min(first + WORDS, len(words)))
        cosines = (vectors @ _unit(words[here]).T).astype(np.float64)
        hot = np.zeros(cosines.shape, bool)
        inside = (word >= here.start) & (word < here.stop)
        hot[photo[inside], word[inside] - first] = True
        slopes[here], intercepts[here], shares[here] = _fit(cosines, hot)
    return WordLikelihoods(slopes, intercepts, shares)


def _fit(
    cosines: NDArray[np.float64], hot: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Slope, intercept and share (V,) of words, from cosines (N, V) and where the word is said (N, V)."""
    n, positives = len(cosines), hot.sum(0)
    middle, spread = cosines.mean(0), np.maximum(cosines.std(0), _LEAST_SPREAD)
    scaled = (cosines - middle) / spread
    target = np.where(hot, (positives + 1) / (positives + 2), 1 / (n - positives + 2))
    share = target.mean(0)
    height, slope = np.log(share / (1 - share)), np.ones(len(share))
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(scaled * slope + height, -30, 30)))
        wrong, weight = chance - target, np.maximum(chance * (1 - chance), 1e-9)
        down, down_slope = wrong.sum(0), (wrong * scaled).sum(0) + _PRIOR * (slope - 1)
        bend, cross = weight.sum(0), (weight * scaled).sum(0)
        bend_slope = (weight * scaled**2).sum(0) + _PRIOR
        size = bend * bend_slope - cross**2
        # Newton's step, at most one standard deviation or a factor e of the odds at once, so that it never overshoots.
        higher = np.clip((bend_slope * down - cross * down_slope) / size, -1, 1)
        steeper = np.clip((bend * down_slope - cross * down) / size, -1, 1)
        height, slope = height - higher, slope - steeper
        if max(np.abs(higher).max(), np.abs(steeper).max()) < CLOSE:
            break
    flat = slope < FLATTEST
    slope, height = np.where(flat, FLATTEST, slope), np.where(flat, np.log(share / (1 - share)), height)
    return slope / spread, height - slope * middle / spread, share


def _unit(words: NDArray[np.float32]) -> NDArray[np.float32]:
    """Word vectors at L2 norm 1."""
    lengths = np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-12)
    unit: NDArray[np.float32] = (words / lengths).astype(np.float32)
    return unit
