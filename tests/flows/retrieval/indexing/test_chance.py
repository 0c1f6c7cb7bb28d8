"""flows/retrieval/indexing/chance.py: how alike a query and a photo are by chance."""

import numpy as np
import pytest

from flows.retrieval.indexing.chance import chance


def unit(count: int, dim: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_random_photos_are_alike_as_often_as_theory_says() -> None:
    cosines = chance(unit(2_000, 64, 0), np.arange(2_000), 3 * unit(50, 64, 1))

    assert cosines["photos"] == pytest.approx(
        1.645 / 8, abs=0.02
    )  # the cosine of random directions: N(0, 1/D)
    assert cosines["words"] == pytest.approx(0, abs=0.02)


def test_two_photos_of_one_product_are_no_chance() -> None:
    vectors = np.repeat(unit(10, 16, 0), 50, 0)

    assert chance(vectors, np.repeat(np.arange(10), 50), None)["photos"] < 0.99
    assert chance(vectors, np.zeros(500, np.int64), None) == {}
    assert chance(vectors[:0], np.zeros(0, np.int64), None) == {}
