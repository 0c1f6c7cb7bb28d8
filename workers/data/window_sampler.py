"""The draws of an epoch in an order in which photos can be read from storage: window by window of whole row groups.

A photo cannot be read without the row group that it lies in, so photos drawn from everywhere would cost a row group
each. What is drawn in an epoch is left as the sampler has it, photo by photo and word by word, however often; only
when it comes is changed. The row groups are shuffled anew each epoch, a window takes the draws of the next of them,
and within the window they come as the sampler drew them. An epoch of one window is the sampler's own.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.data.sampler import BatchSampler, Draw, Sampler

_STREAM = 2  # tells these random numbers from those of the samplers


class _Epoch(NamedTuple):
    number: int
    photos: NDArray[np.int64]
    words: NDArray[np.int64] | None


class WindowSampler:
    """A BatchSampler's draws, window by window.

    batches  whose draws they are
    groups   (N,) which row group each photo lies in, from 0
    window   most draws of a window; a whole number of batches, one at least
    Photos that only make sense together stay together, in the window of the first of them. The row group in which one
    window ends and the next begins is read for both.
    """

    def __init__(
        self, batches: BatchSampler, groups: NDArray[np.int64], window: int, *, seed: int = 0, rank: int = 0
    ) -> None:
        self._batches, self._groups, self._seed, self._rank = batches, groups, seed, rank
        self.steps_of_window = max(1, window // batches.batch)
        self._epoch = _Epoch(-1, np.empty(0, np.int64), None)

    @property
    def sampler(self) -> Sampler:
        """What draws the photos."""
        return self._batches.sampler

    @property
    def steps(self) -> int:
        """Steps of one epoch, as without windows."""
        return self._batches.steps

    def __call__(self, epoch: int, step: int) -> Draw:
        """The photos of one step, counted from 0."""
        if epoch != self._epoch.number:
            self._epoch = self._ordered(epoch)
        _, photos, words = self._epoch
        here = slice(step * self._batches.batch, (step + 1) * self._batches.batch)
        return Draw(photos[here], None if words is None else words[here])

    def _ordered(self, epoch: int) -> _Epoch:
        """All draws of an epoch: 16 bytes each."""
        drawn = [self._batches(epoch, step) for step in range(self.steps)]
        photos = np.concatenate([draw.photos for draw in drawn])
        together = self.sampler.together
        turn = np.random.default_rng([self._seed, epoch, self._rank, _STREAM]).permutation(
            int(self._groups.max()) + 1
        )
        by_group = np.argsort(turn[self._groups[photos[::together]]], kind="stable")
        window = np.arange(len(by_group)) // (self.steps_of_window * self._batches.batch // together)
        lots = by_group[np.lexsort((by_group, window))]
        order = (lots[:, None] * together + np.arange(together)).ravel()
        words = [draw.words for draw in drawn if draw.words is not None]
        return _Epoch(epoch, photos[order], np.concatenate(words)[order] if words else None)
