"""Bootstrap by cluster: how sure a mean of queries is, where two queries of one cluster are no two witnesses.

Clusters are drawn with replacement, and all that lies in one comes with it. Source: Field and Welsh, "Bootstrapping
clustered data", JRSS B 2007; Davison and Hinkley, "Bootstrap methods and their application", 1997, chapter 2.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
_AT_ONCE = 8_000_000  # draws of clusters held at once


def cluster_numbers(clusters: Sequence[object]) -> NDArray[np.int64]:
    """(Q,) each query's cluster as a number from 0."""
    named = np.asarray(list(map(str, clusters)), dtype=object)
    numbers: NDArray[np.int64] = (
        np.unique(named, return_inverse=True)[1] if len(named) else np.empty(0, np.int64)
    )
    return numbers


def mean_draws(values: Values, clusters: NDArray[np.int64], draws: int, seed: int = 0) -> Values:
    """(draws,) the mean of resampled queries, each drawn cluster with all of its queries; needs a query.

    values (Q,);  clusters (Q,) numbers from 0
    """
    return slice_draws(values, clusters, np.ones((len(values), 1), bool), draws, seed)[:, 0]


def slice_draws(
    values: Values, clusters: NDArray[np.int64], members: NDArray[np.bool_], draws: int, seed: int = 0
) -> Values:
    """(draws, S) the means of several slices in the same resamples; nan where a draw holds nothing of a slice.

    values (Q,);  clusters (Q,) numbers from 0;  members (Q, S) which queries each slice has
    """
    count = int(clusters.max()) + 1
    sums, sizes = (np.zeros((count, members.shape[1])) for _ in range(2))
    np.add.at(sums, clusters, members * values[:, None])
    np.add.at(sizes, clusters, members.astype(np.float64))
    pieces = [_ratio(weights @ sums, weights @ sizes) for weights in _resamples(count, draws, seed)]
    return np.concatenate(pieces)


def _ratio(sums: Values, sizes: Values) -> Values:
    means: Values = np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0)
    return means


def _resamples(count: int, draws: int, seed: int) -> Iterator[Values]:
    """Yield how often each of `count` clusters is drawn, (n, count) at a time, `draws` in all."""
    step = max(1, min(draws, _AT_ONCE // count))
    if step == draws:
        yield _weights(count, draws, seed)
        return
    random = np.random.default_rng(seed)
    for first in range(0, draws, step):
        yield _drawn(random, count, min(step, draws - first))


@lru_cache(maxsize=4)  # every metric of a slice asks for the same ones
def _weights(count: int, draws: int, seed: int) -> Values:
    return _drawn(np.random.default_rng(seed), count, draws)


def _drawn(random: np.random.Generator, count: int, draws: int) -> Values:
    cells = random.integers(count, size=(draws, count)) + count * np.arange(draws)[:, None]
    weights: Values = (
        np.bincount(cells.ravel(), minlength=draws * count).reshape(draws, count).astype(np.float64)
    )
    return weights
