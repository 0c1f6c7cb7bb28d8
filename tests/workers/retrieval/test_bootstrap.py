"""workers/retrieval/bootstrap.py against scipy's bootstrap, and what a draw is made of."""

import numpy as np
import pytest
from scipy import stats

from workers.retrieval import bootstrap
from workers.retrieval.bootstrap import cluster_numbers, mean_draws, slice_draws


def test_intervals_are_those_of_scipy_over_the_sums_of_clusters() -> None:
    random = np.random.default_rng(0)
    clusters = np.repeat(np.arange(200), random.integers(1, 6, 200))
    values = (random.random(len(clusters)) < 0.3 + 0.4 * (clusters % 2)).astype(float)
    sums, sizes = np.bincount(clusters, values), np.bincount(clusters).astype(float)

    ours = np.percentile(mean_draws(values, clusters, 4_000), [2.5, 97.5])
    theirs = stats.bootstrap(
        (sums, sizes),
        lambda a, b, axis=-1: a.sum(axis) / b.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=4_000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval

    assert ours == pytest.approx([theirs.low, theirs.high], abs=0.004)


def test_slices_share_the_draws_and_memory_bounds_change_nothing_but_the_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(2)
    values, clusters = random.random(90), random.integers(0, 40, 90)
    members = np.stack([np.ones(90, bool), values < 0.5, np.arange(90) == 7], 1)

    drawn = slice_draws(values, clusters, members, 500)
    monkeypatch.setattr(bootstrap, "_AT_ONCE", 41 * 40)
    in_pieces = slice_draws(values, clusters, members, 500)

    assert np.isnan(drawn[:, 2]).mean() == pytest.approx(
        np.exp(-1), abs=0.08
    )  # a cluster is not drawn at all
    for each in (drawn, in_pieces):
        assert np.nanmean(each[:, 1]) == pytest.approx(values[values < 0.5].mean(), abs=0.02)
    assert in_pieces.shape == drawn.shape


def test_clusters_are_numbered_by_name() -> None:
    assert cluster_numbers(["b", "a", "b", 3]).tolist() == [2, 1, 2, 0]
    assert cluster_numbers([]).tolist() == []
