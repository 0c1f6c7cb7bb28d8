"""workers/data/sampler.py: the draws are what the paper says."""

import numpy as np
import pytest
from scipy.stats import chisquare

from schemas.errors import InputError
from schemas.image_ids import ID
from workers.contract import Stage
from workers.data.columns import Csr
from workers.data.dataset import Dataset
from workers.data.product_sampler import sampler_of
from workers.data.sampler import BatchSampler, PhotoSampler, Sampler, WordSampler

BAGS = [[0, 1], [0], [0, 2], [1, 2, 3], [0, 1, 2], [0]]  # document frequencies 5, 3, 3, 1
DRAWS = 100_000


def draws(sampler: WordSampler, n: int = DRAWS, batch: int = 500) -> tuple[np.ndarray, np.ndarray]:
    order = BatchSampler(sampler, n, batch)
    pairs = [order(1, step) for step in range(order.steps)]
    return np.concatenate([photos for photos, _ in pairs]), np.concatenate([words for _, words in pairs])


def test_words_are_drawn_uniformly_and_a_word_without_photos_never() -> None:
    _, words = draws(WordSampler(Csr.of(BAGS, 5)))

    counts = np.bincount(words, minlength=5)
    assert counts[4] == 0
    assert chisquare(counts[:4]).pvalue > 1e-4


def test_photos_of_a_word_are_drawn_uniformly_and_always_hold_it() -> None:
    photos, words = draws(WordSampler(Csr.of(BAGS, 5)))

    for word in range(4):
        having = [n for n, bag in enumerate(BAGS) if word in bag]
        counts = np.bincount(photos[words == word], minlength=len(BAGS))
        assert counts.sum() == counts[having].sum()
        if len(having) > 1:
            assert chisquare(counts[having]).pvalue > 1e-4


def test_photo_weights_are_one_over_k_times_the_sum_of_one_over_df() -> None:
    df = [5, 3, 3, 1]
    expected = [sum(1 / df[word] for word in bag) / 4 for bag in BAGS]
    sampler = WordSampler(Csr.of(BAGS, 5))

    np.testing.assert_allclose(sampler.photo_weights(), expected)

    photos, _ = draws(sampler)
    assert chisquare(np.bincount(photos), np.array(expected) * DRAWS).pvalue > 1e-4


def test_shards_of_equal_size_draw_words_uniformly_together() -> None:
    """A word whose photos all lie in one shard must come as often as one that lies in both."""
    bags = Csr.of(BAGS, 5)
    shards = [Csr.of(BAGS[:3], 5), Csr.of(BAGS[3:], 5)]
    samplers = [
        WordSampler(shard, rank=rank, spread=bags.photos_per_id()) for rank, shard in enumerate(shards)
    ]

    words = [draws(sampler)[1] for sampler in samplers]

    # shares of photos in the first shard: 3/5, 1/3, 1/3, 0/1; normalised over its words
    first = np.array([3 / 5, 1 / 3, 1 / 3])
    assert chisquare(np.bincount(words[0]), first / first.sum() * DRAWS).pvalue > 1e-4
    second = np.array([2 / 5, 2 / 3, 2 / 3, 1])
    assert chisquare(np.bincount(words[1]), second / second.sum() * DRAWS).pvalue > 1e-4


def sampler(kind: str, bags: Csr, seed: int = 0, rank: int = 0) -> Sampler:
    """Of photos that come two to a product, one of each domain."""
    photos = np.arange(len(bags))
    columns = {"words": bags, "product": photos // 2, "domain": photos % 2}
    stage = Stage("all", 1, (), kind, photos_per_product=2)
    return sampler_of(stage, Dataset(np.zeros(len(bags), ID), columns), seed=seed, rank=rank)


@pytest.mark.parametrize("kind", ["words", "photos", "pk", "pairs"])
def test_any_step_can_be_made_without_those_before_it(kind: str) -> None:
    bags = Csr.of(BAGS * 5, 5)

    def order() -> BatchSampler:
        return BatchSampler(sampler(kind, bags, 7, 1), 30, 4)

    one_by_one = [order()(2, step) for step in range(8)]
    whole = order()
    backwards = [whole(2, step) for step in reversed(range(8))][::-1]

    for (photos, words), (same, also) in zip(one_by_one, backwards, strict=True):
        assert photos.tolist() == same.tolist()
        assert words is None if also is None else words.tolist() == also.tolist()


@pytest.mark.parametrize("kind", ["words", "photos", "pk", "pairs"])
def test_the_order_differs_by_seed_epoch_step_and_rank(kind: str) -> None:
    bags = Csr.of(BAGS * 20, 5)

    def drawn(seed: int, epoch: int, step: int, rank: int) -> tuple[int, ...]:
        photos, _ = BatchSampler(sampler(kind, bags, seed, rank), 64, 16)(epoch, step)
        return tuple(photos.tolist())

    places = [(0, 1, 0, 0), (1, 1, 0, 0), (0, 2, 0, 0), (0, 1, 1, 0), (0, 1, 0, 1)]
    assert drawn(*places[0]) == drawn(*places[0])
    assert len({drawn(*place) for place in places}) == 5


def test_every_photo_comes_once_an_epoch_with_one_of_its_words() -> None:
    order = BatchSampler(PhotoSampler(6, Csr.of(BAGS, 5)), 6, 4)

    pairs = [order(3, step) for step in range(order.steps)]

    photos = np.concatenate([photos for photos, _ in pairs])
    words = np.concatenate([words for _, words in pairs])
    assert sorted(photos.tolist()) == list(range(6))
    assert all(word in BAGS[photo] for photo, word in zip(photos, words, strict=True))


def test_a_shard_smaller_than_an_epoch_begins_again() -> None:
    order = BatchSampler(PhotoSampler(3, Csr.of(BAGS[:3], 5)), 5, 5)

    photos, _ = order(1, 0)

    assert sorted(photos[:3].tolist()) == [0, 1, 2]
    assert photos[3:].tolist() == photos[:2].tolist()


@pytest.mark.parametrize(("n", "sizes"), [(10, [4, 4, 2]), (9, [4, 4]), (1, [])])
def test_a_last_batch_of_one_is_left_out(n: int, sizes: list[int]) -> None:
    order = BatchSampler(WordSampler(Csr.of(BAGS, 5)), n, 4)

    assert [len(order(1, step)[1]) for step in range(order.steps)] == sizes


def test_the_inverted_index_costs_four_bytes_a_word_occurrence_and_eight_a_word() -> None:
    sampler = WordSampler(Csr.of(BAGS, 5))

    assert sampler.index_bytes == 4 * sum(map(len, BAGS)) + 8 * (5 + 1)


def test_a_photo_without_words_comes_as_often_and_draws_none() -> None:
    photos, words = BatchSampler(PhotoSampler(3, Csr.of([[4], [], [2]], 5)), 3, 3)(1, 0)

    assert dict(zip(photos.tolist(), words.tolist(), strict=True)) == {0: 4, 1: -1, 2: 2}


def test_without_a_column_of_words_none_is_drawn() -> None:
    assert BatchSampler(PhotoSampler(4), 4, 4)(1, 0).words is None


def test_a_batch_that_cuts_a_lot_in_two_is_refused() -> None:
    with pytest.raises(InputError, match="batch 5: is no multiple of 2"):
        BatchSampler(sampler("pairs", Csr.of(BAGS, 5)), 6, 5)
