"""workers/data/split.py: nothing learnt from may be asked."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.data.split import roles, sides


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_a_group_never_stands_on_both_sides(groups: list[int]) -> None:
    held_out = sides(groups, [f"shop:{n}" for n in range(len(groups))], 0.5)

    for group in set(groups):
        assert len({out for g, out in zip(groups, held_out, strict=True) if g == group}) == 1


def test_a_new_product_moves_no_old_one() -> None:
    ids = [f"shop:{n}" for n in range(1000)]
    before = sides(list(range(1000)), ids)

    after = sides(list(range(1001)), [*ids, "shop:new"])

    assert after[:1000] == before
    assert 0.2 < np.mean(before) < 0.3


def test_customers_ask_and_the_shop_answers() -> None:
    assert roles(["front", "back", "customer", "customer"]) == ["gallery", "gallery", "query", "query"]
    assert roles(["", "", ""]) == ["gallery", "query", "gallery"]
    assert roles(["customer"]) == ["gallery"]
