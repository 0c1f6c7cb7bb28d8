"""workers/data/window_sampler.py: the sampler's own draws, in an order that reads each row group once."""

from itertools import pairwise

import numpy as np
import pytest

from workers.contract import Stage
from workers.data.columns import Csr
from workers.data.dataset import Dataset
from workers.data.product_sampler import sampler_of
from workers.data.sampler import BatchSampler
from workers.data.window_sampler import WindowSampler

PHOTOS, EACH, BATCH = 240, 10, 8
GROUPS = np.repeat(np.arange(PHOTOS // EACH), EACH)


def dataset() -> Dataset:
    random = np.random.default_rng(0)
    bags = [np.sort(random.choice(20, 3, replace=False, p=np.arange(1, 21) / 210)) for _ in range(PHOTOS)]
    columns = {"words": Csr.of(bags, 20), "product": np.arange(PHOTOS) // 4, "domain": np.arange(PHOTOS) % 2}
    return Dataset(np.sort(np.frombuffer(random.bytes(32 * PHOTOS), "S32")), columns)


def batches(sampling: str, draws: int = PHOTOS) -> BatchSampler:
    stage = Stage("all", 1, [], sampler=sampling, photos_per_product=4)
    return BatchSampler(sampler_of(stage, dataset(), seed=1, rank=0), draws, BATCH)


def epoch(order: BatchSampler | WindowSampler, number: int) -> list[tuple[int, int]]:
    """Every draw of an epoch in order: photo and word."""
    drawn = [order(number, step) for step in range(order.steps)]
    photos = np.concatenate([draw.photos for draw in drawn])
    words = [draw.words for draw in drawn if draw.words is not None]
    return list(zip(photos, np.concatenate(words) if words else np.zeros_like(photos), strict=True))


@pytest.mark.parametrize("sampling", ["words", "photos", "pk", "pairs"])
def test_an_epoch_draws_what_it_draws_without_windows_and_reads_row_groups_once(sampling: str) -> None:
    plain = batches(sampling, draws=PHOTOS + 2)
    order = WindowSampler(plain, GROUPS, 6 * BATCH, seed=1)

    assert order.steps == plain.steps
    assert sorted(epoch(order, 3)) == sorted(epoch(plain, 3))
    assert epoch(order, 3) != epoch(plain, 3)
    windows = [
        {int(GROUPS[photo]) for photo, _ in epoch(order, 3)[first : first + 6 * BATCH]}
        for first in range(0, PHOTOS, 6 * BATCH)
    ]
    if sampling in ("words", "photos"):  # a product's photos may lie in two row groups
        for one, following in pairwise(windows):
            assert len(one & following) <= 1
        assert sum(map(len, windows)) <= len(set.union(*windows)) + len(windows) - 1


def test_photos_that_belong_together_stay_together() -> None:
    order = WindowSampler(batches("pk"), GROUPS, 4 * BATCH, seed=1)

    for step in range(order.steps):
        products = order(2, step).photos.reshape(-1, 4) // 4
        assert (products == products[:, :1]).all()


@pytest.mark.parametrize("sampling", ["words", "photos", "pk", "pairs"])
def test_one_window_is_the_sampler_s_own_order(sampling: str) -> None:
    plain = batches(sampling)

    assert epoch(WindowSampler(plain, GROUPS, 2 * PHOTOS, seed=1), 2) == epoch(plain, 2)


def test_epochs_differ_and_a_step_is_the_same_whenever_it_is_asked_for() -> None:
    order = WindowSampler(batches("words"), GROUPS, 4 * BATCH, seed=1)
    again = WindowSampler(batches("words"), GROUPS, 4 * BATCH, seed=1)

    assert epoch(order, 1) != epoch(order, 2)
    np.testing.assert_array_equal(order(1, 17).photos, again(1, 17).photos)


def test_a_window_holds_row_groups_from_all_over_the_shard() -> None:
    order = WindowSampler(batches("photos"), GROUPS, 6 * BATCH, seed=1)

    first = {int(GROUPS[photo]) for photo, _ in epoch(order, 1)[: 6 * BATCH]}

    assert max(first) - min(first) > len(GROUPS) // EACH // 2
