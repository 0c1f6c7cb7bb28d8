"""Near-duplicate groups: products that share a photo, or nearly the same photo, stay together.

Perceptual hashes alone collide on white-background photos of one garment type, so two photos count
as near-duplicates only if their hashes are close and their 8 x 8 colour thumbnails are, too.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

HAMMING = 4  # bits of 64
COLOUR = 8.0  # mean absolute difference of the thumbnails, levels of 255
_BANDS = 5  # by the pigeonhole principle, 4 differing bits leave one of 5 bands equal
_CROWD = 200  # a band value shared by more photos than this is background, not a photo


class Groups:
    """Disjoint sets over 0..n-1 (union by the smaller root, path halving)."""

    def __init__(self, n: int) -> None:
        self._root = list(range(n))

    def find(self, item: int) -> int:
        """The smallest member of the item's set."""
        while self._root[item] != item:
            self._root[item] = self._root[self._root[item]]
            item = self._root[item]
        return item

    def join(self, one: int, other: int) -> None:
        """Unite two sets."""
        a, b = self.find(one), self.find(other)
        self._root[max(a, b)] = min(a, b)


def near_duplicates(hashes: NDArray[np.uint64], thumbnails: NDArray[np.uint8]) -> Iterable[tuple[int, int]]:
    """Pairs of photos that show nearly the same picture.

    hashes      (N,) 64-bit perceptual hashes
    thumbnails  (N, 192) 8 x 8 RGB, row-major
    Yields index pairs (i, j), i < j; a pair may come more than once. Never compares all pairs: only
    photos that agree in one of five hash bands are looked at. A band value shared by over 200 photos
    is skipped there, which can miss a pair only if it agrees in no other band.
    """
    edges = np.linspace(0, 64, _BANDS + 1).astype(np.uint64)
    for low, high in pairwise(edges):
        band = (hashes >> low) & np.uint64((1 << int(high - low)) - 1)
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.r_[True, band[order][1:] != band[order][:-1]])
        for bucket in np.split(order, starts[1:]):
            if 1 < len(bucket) <= _CROWD:
                yield from _close(np.sort(bucket), hashes, thumbnails)


def _close(
    bucket: NDArray[np.intp], hashes: NDArray[np.uint64], thumbnails: NDArray[np.uint8]
) -> Iterable[tuple[int, int]]:
    one, other = np.triu_indices(len(bucket), 1)
    one, other = bucket[one], bucket[other]
    near = np.bitwise_count(hashes[one] ^ hashes[other]) <= HAMMING
    one, other = one[near], other[near]
    if len(one):
        apart = np.abs(thumbnails[one].astype(np.int16) - thumbnails[other]).mean(1)
        for i, j in zip(one[apart <= COLOUR], other[apart <= COLOUR], strict=True):
            yield int(i), int(j)


def product_groups(
    photos: Sequence[Sequence[int]], hashes: NDArray[np.uint64], thumbnails: NDArray[np.uint8]
) -> list[int]:
    """One group number per product, equal for products that share a near-duplicate photo.

    photos  per product, indices into `hashes` and `thumbnails`
    """
    owners: dict[int, list[int]] = {}
    for product, indices in enumerate(photos):
        for index in indices:
            owners.setdefault(index, []).append(product)
    groups = Groups(len(photos))
    for sharing in owners.values():
        for one, other in pairwise(sharing):
            groups.join(one, other)
    for i, j in near_duplicates(hashes, thumbnails):
        if i in owners and j in owners:
            groups.join(owners[i][0], owners[j][0])
    return [groups.find(product) for product in range(len(photos))]
