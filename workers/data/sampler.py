"""Which photos and words a step learns from, as a function of (seed, epoch, step, rank) alone.

Any batch can be made without making those before it, so a run that is resumed needs to know no more than
where it stopped. Words are drawn uniformly, so that rare ones come as often as frequent ones.

Source: Joulin et al., ECCV 2016, as used by Corbière et al. 2017: draw a word uniformly from the
vocabulary, then a photo uniformly among those whose text holds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.errors import InputError

Draw = tuple[NDArray[np.int64], NDArray[np.int64]]


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

    def of_photos(self, photos: NDArray[np.int64]) -> Draw:
        """rows (M,) and ids (M,): photo photos[rows[m]] has the word ids[m]; all of them, photo by photo."""
        counts = self.starts[photos + 1] - self.starts[photos]
        rows = np.repeat(np.arange(len(photos)), counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        ids = self.words[np.repeat(self.starts[photos], counts) + np.arange(len(rows)) - first]
        return rows, ids.astype(np.int64)

    def photos_per_word(self) -> NDArray[np.int64]:
        """(V,) document frequency."""
        return np.bincount(self.words, minlength=self.vocabulary)


class WordSampler:
    """A word first, then a photo that has it. Words that no photo here has are never drawn.

    spread  (V,) photos that have each word on all workers together; the words of a shard are drawn in
            proportion to the share of their photos that lies in it, so that all shards together draw uniformly
    The inverted index costs 4 bytes per word occurrence.
    """

    def __init__(
        self, bags: Bags, *, seed: int = 0, rank: int = 0, spread: NDArray[np.int64] | None = None
    ) -> None:
        counts = bags.photos_per_word()
        photo_of = np.repeat(np.arange(len(bags), dtype=np.int32), np.diff(bags.starts))
        self._photos = photo_of[np.argsort(bags.words, kind="stable")]  # inverted index: word -> photos
        self._starts = np.r_[0, np.cumsum(counts)]
        self._counts = counts
        self._drawable = np.flatnonzero(counts)
        everywhere = counts if spread is None else spread
        self._shares = counts[self._drawable] / everywhere[self._drawable]
        self._cumulated = np.cumsum(self._shares) / max(self._shares.sum(), 1e-300)
        self._seed, self._rank = seed, rank

    @property
    def index_bytes(self) -> int:
        """Bytes of the inverted index."""
        return int(self._photos.nbytes + self._starts.nbytes)

    def draw(self, epoch: int, step: int, first: int, size: int) -> Draw:
        """photos (size,) and words (size,) of one step."""
        random = np.random.default_rng([self._seed, epoch, step, self._rank])
        place = np.searchsorted(self._cumulated, random.random(size), side="right")
        words = self._drawable[np.minimum(place, len(self._drawable) - 1)]
        nth = self._starts[words] + (random.random(size) * self._counts[words]).astype(np.int64)
        return self._photos[nth].astype(np.int64), words

    def photo_weights(self) -> NDArray[np.float64]:
        """P(photo n is drawn) = 1/K sum over its words of 1/df(word); rare words weigh heavily."""
        chance = np.zeros(len(self._counts))
        chance[self._drawable] = self._shares / self._shares.sum() / self._counts[self._drawable]
        return np.bincount(self._photos, np.repeat(chance, self._counts)).astype(np.float64)


class PhotoSampler:
    """Every photo once an epoch, with one of its words; an epoch longer than the shard begins again."""

    def __init__(self, bags: Bags, *, seed: int = 0, rank: int = 0) -> None:
        self._bags, self._seed, self._rank = bags, seed, rank
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def draw(self, epoch: int, step: int, first: int, size: int) -> Draw:
        """The photos at places first..first + size of the epoch's order, and a word of each."""
        if epoch != self._epoch:
            shuffled = np.random.default_rng([self._seed, epoch, self._rank]).permutation(len(self._bags))
            self._epoch, self._order = epoch, shuffled
        photos = self._order[np.arange(first, first + size) % len(self._order)]
        begin, length = self._bags.starts[photos], self._bags.starts[photos + 1] - self._bags.starts[photos]
        random = np.random.default_rng([self._seed, epoch, step, self._rank])
        nth = begin + (random.random(size) * length).astype(np.int64)
        return photos, self._bags.words[nth].astype(np.int64)


@dataclass(frozen=True)
class Order:
    """The batches of every epoch: `draws` pairs in steps of `batch`.

    A last single pair is left out, because batch normalisation cannot learn from one photo.
    """

    sampler: WordSampler | PhotoSampler
    draws: int
    batch: int

    @property
    def steps(self) -> int:
        """Steps of one epoch."""
        whole, rest = divmod(self.draws, self.batch)
        return whole + (rest > 1)

    def __call__(self, epoch: int, step: int) -> Draw:
        """photos (N,) and words (N,) of one step, counted from 0."""
        first = step * self.batch
        return self.sampler.draw(epoch, step, first, min(self.batch, self.draws - first))


def sampler_of(
    kind: str, bags: Bags, *, seed: int, rank: int, spread: NDArray[np.int64] | None = None
) -> WordSampler | PhotoSampler:
    """What a Config's `sampling` names. Raises InputError for another name."""
    if kind == "words":
        return WordSampler(bags, seed=seed, rank=rank, spread=spread)
    if kind == "photos":
        return PhotoSampler(bags, seed=seed, rank=rank)
    raise InputError(f"sampling {kind}", "there are words and photos")
