"""Uniform sampling of words: rare words are drawn as often as frequent ones.

Source: Joulin et al., ECCV 2016, as used by Corbière et al. 2017: draw a word uniformly from the
vocabulary, then a photo uniformly among those whose text holds it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bags:
    """Which words each photo has, as CSR: photo n has `words[starts[n]:starts[n + 1]]`."""

    starts: NDArray[np.int64]
    words: NDArray[np.int32]
    vocabulary: int

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]], vocabulary: int) -> "Bags":
        """From one list of word ids per photo."""
        starts = np.zeros(len(lists) + 1, np.int64)
        np.cumsum([len(words) for words in lists], out=starts[1:])
        flat = np.fromiter((word for words in lists for word in words), np.int32, int(starts[-1]))
        return cls(starts, flat, vocabulary)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def multi_hot(self, photos: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(N, V), true where the photo has the word."""
        hot = np.zeros((len(photos), self.vocabulary), bool)
        for row, photo in enumerate(photos):
            hot[row, self.words[self.starts[photo] : self.starts[photo + 1]]] = True
        return hot


class WordSampler:
    """Draws (photo, word) pairs; the order is a function of (seed, epoch, rank) alone.

    Words that no photo of this shard has are never drawn.
    """

    def __init__(self, bags: Bags, *, seed: int = 0, rank: int = 0) -> None:
        self._bags = bags
        counts = np.bincount(bags.words, minlength=bags.vocabulary)
        photo_of = np.repeat(np.arange(len(bags)), np.diff(bags.starts))
        self._photos = photo_of[np.argsort(bags.words, kind="stable")]  # inverted index: word -> photos
        self._starts = np.r_[0, np.cumsum(counts)]
        self._counts = counts
        self._drawable = np.flatnonzero(counts)
        self._seed = seed
        self._rank = rank

    def epoch(
        self, number: int, draws: int, batch: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """`draws` pairs in batches of `batch`: photos (N,) and words (N,). A last single pair is left out,
        because batch normalisation cannot learn from one photo."""
        random = np.random.default_rng([self._seed, number, self._rank])
        for first in range(0, draws, batch):
            size = min(batch, draws - first)
            if size < 2:
                return
            words = random.choice(self._drawable, size)
            place = self._starts[words] + (random.random(size) * self._counts[words]).astype(np.int64)
            yield self._photos[place], words

    def photos(
        self, number: int, draws: int, batch: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The same for photos drawn uniformly: every photo once an epoch, with one of its words each."""
        random = np.random.default_rng([self._seed, number, self._rank])
        order = np.resize(random.permutation(len(self._bags)), draws)
        for first in range(0, draws, batch):
            chosen = order[first : first + batch]
            if len(chosen) < 2:
                return
            begin, length = self._bags.starts[chosen], np.diff(self._bags.starts)[chosen]
            place = begin + (random.random(len(chosen)) * length).astype(np.int64)
            yield chosen, self._bags.words[place].astype(np.int64)

    def photo_weights(self) -> NDArray[np.float64]:
        """P(photo n is drawn) = 1/K sum over its words of 1/df(word); rare words weigh heavily."""
        share = 1 / (len(self._drawable) * np.maximum(self._counts, 1))
        words = np.repeat(np.arange(len(self._counts)), self._counts)
        return np.bincount(self._photos, weights=share[words]).astype(np.float64)
