"""A linear reading: it ranks what a line can rank, and gives shares where vectors say nothing."""

import numpy as np
import pytest

from workers.retrieval.protocols.ridge import fit_ridge, ridge_scores


def test_a_line_is_found() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(400, 6)).astype(np.float32)
    true = np.stack([vectors[:, 0] > 0.5, vectors[:, 1] + vectors[:, 2] < 0], 1)

    scores = ridge_scores(fit_ridge(vectors[:300], true[:300]), vectors[300:])

    for column in range(2):
        has = true[300:, column]
        better = scores[has, column][:, None] > scores[~has, column][None]
        assert better.mean() > 0.97


def test_equal_vectors_give_each_attribute_its_share() -> None:
    vectors = np.ones((10, 3), np.float32)
    true = np.arange(10)[:, None] < [3, 8]

    assert ridge_scores(fit_ridge(vectors, true), vectors[:1])[0] == pytest.approx([0.3, 0.8])
