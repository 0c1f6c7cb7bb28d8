"""Which photos a step learns from, as a function of (seed, epoch, step, rank) alone.

Any batch can be made without making those before it, so a run that is resumed needs to know no more than
where it stopped.

words   a word uniformly from the vocabulary, so that rare ones come as often as frequent ones, then a photo
        uniformly among those whose text holds it: Joulin et al., ECCV 2016, as used by Corbière et al. 2017
photos  every photo once an epoch, with one of its words
pk, pairs  by product, see workers/data/product_sampler.py
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.errors import InputError
from workers.data.columns import Csr

NO_WORD = -1


class Draw(NamedTuple):
    """photos (N,) of one step, and the word (N,) drawn with each; None where none is drawn."""

    photos: NDArray[np.int64]
    words: NDArray[np.int64] | None


class Sampler(Protocol):
    """Draws the photos of a step.

    together  photos that only make sense beside each other; a batch holds whole lots of them
    """

    together: int

    def __len__(self) -> int:
        """What there is to draw from; 0: no batch can be made."""

    def draw(self, epoch: int, step: int, first: int, size: int) -> Draw:
        """The `size` photos at places first, first + 1 ... of an epoch."""


class WordSampler:
    """A word first, then a photo that has it. Words that no photo here has are never drawn.

    spread  (V,) photos that have each word on all workers together; the words of a shard are drawn in
            proportion to the share of their photos that lies in it, so that all shards together draw uniformly
    The inverted index costs 4 bytes per word occurrence.
    """

    together = 1

    def __init__(
        self, bags: Csr, *, seed: int = 0, rank: int = 0, spread: NDArray[np.int64] | None = None
    ) -> None:
        counts = bags.photos_per_id()
        photo_of = np.repeat(np.arange(len(bags), dtype=np.int32), np.diff(bags.starts))
        self._photos = photo_of[np.argsort(bags.ids, kind="stable")]  # inverted index: word -> photos
        self._starts = np.r_[0, np.cumsum(counts)]
        self._counts = counts
        self._drawable = np.flatnonzero(counts)
        everywhere = counts if spread is None else spread
        self._shares = counts[self._drawable] / everywhere[self._drawable]
        self._cumulated = np.cumsum(self._shares) / max(self._shares.sum(), 1e-300)
        self._seed, self._rank = seed, rank

    def __len__(self) -> int:
        return len(self._drawable)

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
        return Draw(self._photos[nth].astype(np.int64), words)

    def photo_weights(self) -> NDArray[np.float64]:
        """P(photo n is drawn) = 1/K sum over its words of 1/df(word); rare words weigh heavily."""
        chance = np.zeros(len(self._counts))
        chance[self._drawable] = self._shares / self._shares.sum() / self._counts[self._drawable]
        return np.bincount(self._photos, np.repeat(chance, self._counts)).astype(np.float64)


class PhotoSampler:
    """Every photo once an epoch, with one of its words; an epoch longer than the shard begins again."""

    together = 1

    def __init__(self, photos: int, bags: Csr | None = None, *, seed: int = 0, rank: int = 0) -> None:
        self._photos, self._bags, self._seed, self._rank = photos, bags, seed, rank
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        return self._photos

    def draw(self, epoch: int, step: int, first: int, size: int) -> Draw:
        """The photos at places first..first + size of the epoch's order, and a word of each that has one."""
        if epoch != self._epoch:
            shuffled = np.random.default_rng([self._seed, epoch, self._rank]).permutation(self._photos)
            self._epoch, self._order = epoch, shuffled
        photos = self._order[np.arange(first, first + size) % len(self._order)]
        if self._bags is None:
            return Draw(photos, None)
        begin, length = self._bags.starts[photos], self._bags.counts[photos]
        random = np.random.default_rng([self._seed, epoch, step, self._rank])
        nth = begin + (random.random(size) * length).astype(np.int64)
        words = np.full(size, NO_WORD, np.int64)
        words[length > 0] = self._bags.ids[nth[length > 0]]
        return Draw(photos, words)


class Order(Protocol):
    """Which photos each step of each epoch takes."""

    @property
    def sampler(self) -> Sampler:
        """What draws them."""

    @property
    def steps(self) -> int:
        """Steps of one epoch; none where there is nothing to draw."""

    def __call__(self, epoch: int, step: int) -> Draw:
        """The photos of one step, counted from 0."""


@dataclass(frozen=True)
class BatchSampler:
    """The batches of every epoch: `draws` photos in steps of `batch`.

    A last single photo is left out, because batch normalisation cannot learn from one. Raises InputError for a batch
    that is no number of whole lots.
    """

    sampler: Sampler
    draws: int
    batch: int

    def __post_init__(self) -> None:
        if self.batch % self.sampler.together:
            raise InputError(f"batch {self.batch}", f"is no multiple of {self.sampler.together}")

    @property
    def steps(self) -> int:
        """Steps of one epoch; none where there is nothing to draw."""
        whole, rest = divmod(self._drawn, self.batch)
        return whole + (rest > 1)

    def __call__(self, epoch: int, step: int) -> Draw:
        """The photos of one step, counted from 0."""
        first = step * self.batch
        return self.sampler.draw(epoch, step, first, min(self.batch, self._drawn - first))

    @property
    def _drawn(self) -> int:
        return self.draws - self.draws % self.sampler.together if len(self.sampler) else 0
