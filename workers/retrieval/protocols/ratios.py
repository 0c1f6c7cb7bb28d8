"""Scores that are sums over photos divided by sums over photos, column by column, and how sure they are.

Recall over all attributes, recall attribute by attribute, an error landmark by landmark: each is such a ratio, or an
average of several, and none is a mean of one number per photo. So photos are resampled, and the ratios formed anew.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Values = NDArray[np.float64]
DRAWS = 1000
_AT_ONCE = 4_000_000  # numbers of resampled clusters, or of columns, held at once


def only(ratios: Values) -> Values:
    """(..., 1) -> (...): of one column, itself."""
    return ratios[..., 0]


def mean(ratios: Values) -> Values:
    """(..., C) -> (...): the unweighted mean of the columns that have a ratio."""
    there = ~np.isnan(ratios)
    count = there.sum(-1)
    total = np.where(there, ratios, 0).sum(-1)
    means: Values = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return means


def best(columns: int) -> Callable[[Values], Values]:
    """The same over the `columns` that have the highest ratio only."""

    def mean_of_best(ratios: Values) -> Values:
        highest = -np.sort(-ratios, axis=-1)[..., :columns]  # nan last
        return mean(highest)

    return mean_of_best


@dataclass(frozen=True)
class Ratios:
    """N photos and C columns.

    above, below  (N, C) what each photo adds to each column's numerator and denominator
    average       (..., C) ratios, nan where nothing is below -> (...)
    """

    above: csr_array
    below: csr_array
    average: Callable[[Values], Values] = only

    @property
    def value(self) -> float:
        """The score; nan where no column has a ratio."""
        return float(self.average(_divided(self.above.sum(0), self.below.sum(0))))

    @property
    def photos(self) -> int:
        """How many photos add to a denominator."""
        return int((self.below.sum(1) > 0).sum())

    def interval(self, clusters: Sequence[object], draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
        """95 % percentile bootstrap interval, photos drawn by cluster: two of one product are no two witnesses.

        clusters  (N,) what each photo belongs to
        """
        if not self.photos:
            return float("nan"), float("nan")
        _, cluster = np.unique(
            np.asarray(list(map(str, clusters)), dtype=object).astype(str), return_inverse=True
        )
        count = int(cluster.max()) + 1
        into = csr_array((np.ones(len(cluster)), (cluster, np.arange(len(cluster)))), (count, len(cluster)))
        above, below = into @ self.above, into @ self.below
        values = [
            self.average(_divided(weights @ above, weights @ below))
            for weights in _resamples(count, above.shape[1], draws, seed)
        ]
        low, high = np.nanpercentile(np.concatenate(values), [2.5, 97.5])
        return float(low), float(high)


def _divided(above: Values, below: Values) -> Values:
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    ratios: Values = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return ratios


def _resamples(count: int, columns: int, draws: int, seed: int) -> Iterator[Values]:
    """How often each of `count` clusters is drawn, some draws at a time."""
    random, step = np.random.default_rng(seed), max(1, _AT_ONCE // max(count, columns))
    for first in range(0, draws, step):
        several = min(step, draws - first)
        chosen = random.integers(count, size=(several, count)) + count * np.arange(several)[:, None]
        yield (
            np.bincount(chosen.ravel(), minlength=several * count).reshape(several, count).astype(np.float64)
        )
