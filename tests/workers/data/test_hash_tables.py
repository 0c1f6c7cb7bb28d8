"""workers/data/hash_tables.py: every two hashes within four bits meet in one table, and in one only."""

from collections import Counter

import numpy as np
import pytest

from workers.data.hash_tables import HAMMING, near, tables


def close_hashes(n: int) -> np.ndarray:
    """Families around twenty outlines, each some bits apart; and strangers."""
    random = np.random.default_rng(n)
    hashes = random.integers(0, 2**64, 20, np.uint64)[random.integers(0, 20, n)]
    for _ in range(3):
        hashes ^= np.uint64(1) << random.integers(0, 64, n).astype(np.uint64)
    hashes[: n // 4] = random.integers(0, 2**64, n // 4, np.uint64)
    return hashes


@pytest.mark.parametrize("crowd", [4, 1000])
def test_every_pair_within_four_bits_is_told_once(crowd: int) -> None:
    hashes = close_hashes(400)
    told: Counter[tuple[int, int]] = Counter()
    for table in tables(hashes):
        for one, other in table.pairs_of_small(crowd):
            found = table.near(one, other)
            told.update(
                zip(table.order[one[found]].tolist(), table.order[other[found]].tolist(), strict=True)
            )
        for places in table.crowds(crowd):
            i, j = np.triu_indices(len(places), 1)
            found = table.near(places[i], places[j])
            pairs = table.order[places[i[found]]], table.order[places[j[found]]]
            told.update(zip(*(side.tolist() for side in pairs), strict=True))

    within = np.bitwise_count(hashes[:, None] ^ hashes[None]) <= HAMMING
    assert {tuple(sorted(pair)) for pair in told} == {
        (i, j) for i, j in zip(*map(np.ndarray.tolist, np.nonzero(within)), strict=True) if i < j
    }
    assert set(told.values()) == {1}
    assert len(told) > 500


def test_there_are_fifteen_tables_and_every_photo_is_in_each() -> None:
    found = list(tables(close_hashes(100)))

    assert len(found) == 15
    for table in found:
        assert sorted(table.order.tolist()) == list(range(100))
        assert (table.starts[0], table.starts[-1]) == (0, 100)


def test_the_first_pair_of_blocks_that_two_hashes_share_tells_of_them() -> None:
    zero, last = np.zeros(1, np.uint64), np.array([1], np.uint64)  # all blocks agree but the lowest bits

    assert near(zero, last, (1, 2)).all()
    assert not near(zero, last, (1, 3)).any()
    assert not near(zero, np.array([0b11111], np.uint64), (1, 2)).any()


def test_of_no_hash_there_is_no_pair() -> None:
    for table in tables(np.empty(0, np.uint64)):
        assert not list(table.pairs_of_small(256)) and not list(table.crowds(256))
