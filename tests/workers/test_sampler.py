"""workers/sampler.py: the draws are what the paper says (METHODS.md section 4)."""

import numpy as np
import pytest
from scipy.stats import chisquare

from workers.sampler import Bags, WordSampler

BAGS = [[0, 1], [0], [0, 2], [1, 2, 3], [0, 1, 2], [0]]  # document frequencies 5, 3, 3, 1


def draws(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    sampler = WordSampler(Bags.of(BAGS, 5), seed=seed)
    pairs = list(sampler.epoch(1, n, 500))
    return np.concatenate([photos for photos, _ in pairs]), np.concatenate([words for _, words in pairs])


def test_words_are_drawn_uniformly_and_a_word_without_photos_never() -> None:
    _, words = draws(100_000)

    counts = np.bincount(words, minlength=5)
    assert counts[4] == 0
    assert chisquare(counts[:4]).pvalue > 1e-4


def test_photos_of_a_word_are_drawn_uniformly_and_always_hold_it() -> None:
    photos, words = draws(100_000)

    for word in range(4):
        having = [n for n, bag in enumerate(BAGS) if word in bag]
        counts = np.bincount(photos[words == word], minlength=len(BAGS))
        assert counts.sum() == counts[having].sum()
        if len(having) > 1:
            assert chisquare(counts[having]).pvalue > 1e-4


def test_photo_weights_are_one_over_k_times_the_sum_of_one_over_df() -> None:
    df = [5, 3, 3, 1]
    expected = [sum(1 / df[word] for word in bag) / 4 for bag in BAGS]

    weights = WordSampler(Bags.of(BAGS, 5)).photo_weights()

    np.testing.assert_allclose(weights, expected)
    photos, _ = draws(100_000)
    np.testing.assert_allclose(np.bincount(photos) / 100_000, weights, atol=0.01)


def test_the_order_depends_on_seed_epoch_and_rank_alone() -> None:
    bags = Bags.of(BAGS, 5)

    def order(seed: int, epoch: int, rank: int) -> list[int]:
        return [
            int(p)
            for photos, _ in WordSampler(bags, seed=seed, rank=rank).epoch(epoch, 64, 8)
            for p in photos
        ]

    assert order(0, 1, 0) == order(0, 1, 0)
    assert len({tuple(order(*each)) for each in [(0, 1, 0), (1, 1, 0), (0, 2, 0), (0, 1, 1)]}) == 4


@pytest.mark.parametrize(("n", "sizes"), [(10, [4, 4, 2]), (9, [4, 4]), (1, [])])
def test_a_last_batch_of_one_is_left_out(n: int, sizes: list[int]) -> None:
    batches = WordSampler(Bags.of(BAGS, 5)).epoch(1, n, 4)

    assert [len(words) for _, words in batches] == sizes


def test_multi_hot_marks_every_word_of_each_photo() -> None:
    hot = Bags.of(BAGS, 5).multi_hot(np.array([3, 1]))

    assert hot.tolist() == [[False, True, True, True, False], [True, False, False, False, False]]
