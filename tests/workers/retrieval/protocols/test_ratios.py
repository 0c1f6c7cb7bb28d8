"""Intervals of scores that are ratios of sums: against a slow resampling, and where there is nothing to resample."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from workers.retrieval.protocols.ratios import Ratios, best, mean


def test_an_interval_is_that_of_resampled_clusters() -> None:
    random = np.random.default_rng(3)
    below = random.integers(0, 4, (60, 5)).astype(np.float64)
    above = np.minimum(below, random.integers(0, 4, (60, 5)))
    clusters = random.integers(0, 20, 60)
    ratios = Ratios(csr_array(above), csr_array(below), mean)

    low, high = ratios.interval(clusters.tolist(), draws=4000)

    slow, draws = [], np.random.default_rng(9)
    names = np.unique(clusters)
    for _ in range(4000):
        rows = np.concatenate([np.flatnonzero(clusters == c) for c in draws.choice(names, len(names))])
        slow.append(np.nanmean(above[rows].sum(0) / below[rows].sum(0)))
    assert (low, high) == pytest.approx(np.percentile(slow, [2.5, 97.5]), abs=0.01)
    assert low < ratios.value < high
    assert ratios.value == pytest.approx(np.mean(above.sum(0) / below.sum(0)))


def test_a_column_without_anything_below_does_not_count() -> None:
    above, below = csr_array(np.array([[1.0, 0.0, 0.0]])), csr_array(np.array([[2.0, 0.0, 1.0]]))

    assert Ratios(above, below, mean).value == 0.25
    assert Ratios(above, below, best(1)).value == 0.5


def test_nothing_at_all_is_no_score() -> None:
    nothing = Ratios(csr_array((2, 1)), csr_array((2, 1)))

    assert np.isnan(nothing.value) and nothing.photos == 0
    assert np.isnan(nothing.interval(["a", "b"])).all()
