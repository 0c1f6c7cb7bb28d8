"""workers/data/product_sampler.py: batches of products and of pairs of domains."""

import numpy as np
import pytest

from schemas.errors import InputError
from schemas.image_ids import ID
from workers.contract import Stage
from workers.data.dataset import Dataset
from workers.data.product_sampler import pair_sampler, pk_sampler, sampler_of
from workers.data.sampler import BatchSampler

PRODUCTS = np.array([7, 3, 7, 9, 3, 7, 5, 5, 7, 7])  # 9 has one photo
DOMAINS = np.array([0, 0, 1, 1, -1, 0, 1, 0, 1, 0])  # 3 is seen in one domain only


def test_a_batch_holds_some_photos_of_each_of_some_products() -> None:
    order = BatchSampler(pk_sampler(PRODUCTS, 3, seed=1, rank=0), 9, 9)

    photos = order(1, 0).photos

    lots = PRODUCTS[photos].reshape(3, 3)
    assert (lots == lots[:, :1]).all() and sorted(lots[:, 0].tolist()) == [3, 5, 7]
    of_seven = photos[PRODUCTS[photos] == 7]
    assert len(set(of_seven.tolist())) == 3  # enough of them: none comes twice
    assert set(photos[PRODUCTS[photos] == 5].tolist()) == {6, 7}  # two photos, so that one comes again


def test_products_come_once_before_any_comes_again_and_a_rest_is_left_out() -> None:
    order = BatchSampler(pk_sampler(PRODUCTS, 2, seed=0, rank=0), 11, 4)

    products = np.concatenate([PRODUCTS[order(5, step).photos][::2] for step in range(order.steps)])

    assert order.steps == 3 and len(products) == 5  # 10 of 11 draws: lots of two
    assert sorted(products[:3].tolist()) == [3, 5, 7]


def test_a_pair_is_one_product_in_both_domains_the_shop_s_photo_first() -> None:
    order = BatchSampler(pair_sampler(PRODUCTS, DOMAINS, seed=0, rank=0), 8, 4)

    for step in range(order.steps):
        pairs = order(2, step).photos.reshape(-1, 2)
        assert (PRODUCTS[pairs[:, 0]] == PRODUCTS[pairs[:, 1]]).all()
        assert (DOMAINS[pairs] == [0, 1]).all()
        assert set(PRODUCTS[pairs[:, 0]].tolist()) == {5, 7}


def test_where_there_is_no_pair_there_is_no_step() -> None:
    sampler = pair_sampler(PRODUCTS, np.zeros(10, np.int64), seed=0, rank=0)

    assert len(sampler) == 0 and BatchSampler(sampler, 10, 2).steps == 0


def test_another_sampling_and_one_whose_columns_are_not_read_are_refused() -> None:
    photos = Dataset(np.zeros(10, ID), {"product": PRODUCTS})

    with pytest.raises(InputError, match="there are words, photos, pk, pairs"):
        sampler_of(Stage("all", 1, (), "triples"), photos, seed=0, rank=0)
    with pytest.raises(InputError, match="needs a method that reads domain"):
        sampler_of(Stage("all", 1, (), "pairs"), photos, seed=0, rank=0)
