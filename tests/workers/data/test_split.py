"""workers/data/split.py: nothing learnt from may be asked."""

import hashlib

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from workers.data.split import group_numbers, held_out, roles, share_of


def ids(n: int) -> pa.Array:
    return pa.array([f"shop:{number}" for number in range(n)], pa.string())


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_a_group_never_stands_on_both_sides(members: list[int]) -> None:
    groups = np.array([members.index(group) for group in members])  # named by its first product

    numbers = group_numbers(groups, ids(len(groups)))
    out = held_out(groups, numbers, 0.5)

    for group in set(groups.tolist()):
        assert len(set(out[groups == group].tolist())) == 1
        smallest = min(f"shop:{n}" for n in np.flatnonzero(groups == group))
        first = int.from_bytes(hashlib.sha256(smallest.encode()).digest()[:8]) >> 1
        assert set(numbers[groups == group].tolist()) == {first}
        assert out[groups == group][0] == (share_of(smallest) < 0.5)


def test_a_new_product_moves_no_old_one() -> None:
    before = held_out(np.arange(1000), group_numbers(np.arange(1000), ids(1000)))

    after = held_out(np.arange(1001), group_numbers(np.arange(1001), ids(1001)))

    assert after[:1000].tolist() == before.tolist()
    assert 0.2 < np.mean(before) < 0.3


def test_a_group_of_which_a_model_learnt_a_product_is_not_held_out() -> None:
    groups = np.array([0, 0, 2, 3])
    numbers = np.array([0, 0, 1, 2**62])

    assert held_out(groups, numbers).tolist() == [True, True, True, False]
    learnt = np.array([False, True, False, False])
    assert held_out(groups, numbers, learnt=learnt).tolist() == [False, False, True, False]


def test_customers_ask_and_the_shop_answers() -> None:
    assert roles(["front", "back", "customer", "customer"]) == ["gallery", "gallery", "query", "query"]
    assert roles(["", "", ""]) == ["gallery", "query", "gallery"]
    assert roles(["customer"]) == ["gallery"]
