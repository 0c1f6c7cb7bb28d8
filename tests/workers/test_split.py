"""workers/split.py and workers/duplicates.py: nothing learnt from may be asked."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workers.duplicates import COLOUR, HAMMING, Groups, near_duplicates, product_groups
from workers.split import roles, sides


def photos(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return (
        random.integers(0, 2**64, n, dtype=np.uint64),
        random.integers(0, 256, (n, 192), dtype=np.uint8),
    )


def test_pairs_found_by_bands_are_those_found_by_comparing_all() -> None:
    hashes, thumbnails = photos(300)
    for copy in range(40):  # 40 near copies, 0 to 6 bits and 0 to 12 levels away
        hashes[copy + 200] = hashes[copy] ^ np.uint64((1 << (copy % 7)) - 1 << (copy % 50))
        thumbnails[copy + 200] = np.clip(thumbnails[copy].astype(int) + copy % 13, 0, 255)

    slow = set()
    for i in range(300):
        for j in range(i + 1, 300):
            bits = bin(int(hashes[i]) ^ int(hashes[j])).count("1")
            colour = np.abs(thumbnails[i].astype(int) - thumbnails[j]).mean()
            if bits <= HAMMING and colour <= COLOUR:
                slow.add((i, j))

    assert set(near_duplicates(hashes, thumbnails)) == slow
    assert len(slow) > 15


def test_the_same_shape_in_another_colour_is_another_product() -> None:
    hashes, thumbnails = photos(1)
    hashes, thumbnails = np.repeat(hashes, 2), np.repeat(thumbnails, 2, 0)
    thumbnails[1] ^= 0b1000000

    assert not list(near_duplicates(hashes, thumbnails))


def test_products_that_share_a_photo_or_a_near_copy_are_one_group() -> None:
    hashes, thumbnails = photos(5)
    hashes[4], thumbnails[4] = hashes[1] ^ np.uint64(1), thumbnails[1]

    groups = product_groups([[0, 1], [2], [2, 3], [4]], hashes, thumbnails)

    assert groups[0] == groups[3]
    assert groups[1] == groups[2]
    assert groups[0] != groups[1]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20))))
def test_joined_sets_are_those_connected_by_a_path(pairs: list[tuple[int, int]]) -> None:
    groups = Groups(21)
    for one, other in pairs:
        groups.join(one, other)

    reached = {n: {n} for n in range(21)}
    for _ in range(21):
        for one, other in pairs:
            both = reached[one] | reached[other]
            for member in both:
                reached[member] = reached[member] | both
    assert all(groups.find(n) == min(reached[n]) for n in range(21))


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
