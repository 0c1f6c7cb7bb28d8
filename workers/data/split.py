"""Who is learnt from and who is asked: by near-duplicate group, so that nothing leaks.

The side is a hash of the group's smallest product id: every photo of a product goes with it, and a
new crawl moves no old product.
"""

import hashlib
from collections.abc import Sequence

TEST_SHARE = 0.25
CUSTOMER = "customer"


def sides(groups: Sequence[int], product_ids: Sequence[str], test_share: float = TEST_SHARE) -> list[bool]:
    """Per product, whether it is held out for testing. Equal within a group."""
    names: dict[int, str] = {}
    for group, product in zip(groups, product_ids, strict=True):
        names[group] = min(names.get(group, product), product)
    held_out = {group: share_of(name) < test_share for group, name in names.items()}
    return [held_out[group] for group in groups]


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
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64
