"""Who is learnt from and who is asked: by near-duplicate group, so that nothing leaks.

A group is named by the smallest product id in it, and its side is a hash of that name: every photo of a product
goes with it, and a new crawl moves no old product, unless one with a smaller id joins its group. Then, too, what a
model learnt from stays on the train side.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

TEST_SHARE = 0.25
CUSTOMER = "customer"


def group_numbers(groups: NDArray[np.int64], product_ids: pa.Array) -> NDArray[np.int64]:
    """(P,) the number of each product's group: 63 bits of the SHA-256 of the smallest product id in it.

    groups  (P,) any product of the group, as from near_duplicates.product_groups;  product_ids  (P,) strings
    """
    by_id = pc.sort_indices(product_ids).to_numpy()
    smallest = np.empty(len(groups), np.int64)
    smallest[groups[by_id[::-1]]] = by_id[::-1]  # of several, the last written stays
    present, number = np.unique(groups, return_inverse=True)
    names = product_ids.take(pa.array(smallest[present]))
    return np.fromiter((_number(name.as_py()) for name in names), np.int64, len(names))[number]


def held_out(
    groups: NDArray[np.int64],
    numbers: NDArray[np.int64],
    test_share: float = TEST_SHARE,
    learnt: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """(P,) whether each product is held out for testing; equal within a group.

    numbers  as from `group_numbers`;  learnt  (P,) products that a model learnt from: their groups are not held out
    """
    out = numbers / 2.0**63 < test_share
    if learnt is not None:
        of_group = np.zeros(len(groups), bool)
        of_group[groups[learnt]] = True
        out &= ~of_group[groups]
    return out


def roles(views: Sequence[str]) -> list[str]:
    """Query or gallery, for the photos of one held-out product in the shop's order.

    Photos by customers ask and the shop's own answer. A product without customer photos asks with
    every second photo of its own; a single photo only answers, as a distractor.
    """
    if CUSTOMER in views and any(view != CUSTOMER for view in views):
        return ["query" if view == CUSTOMER else "gallery" for view in views]
    return ["query" if place % 2 else "gallery" for place in range(len(views))]


def share_of(name: str) -> float:
    """A number in [0, 1) that depends on the name alone."""
    return _number(name) / 2**63


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 1
