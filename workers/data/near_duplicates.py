"""Near-duplicate groups: products that share a photo, or nearly the same photo, stay together.

Perceptual hashes alone collide on white-background photos of one garment type: all of them are an
outline in the middle of paper. So two photos count as near-duplicates only if their hashes are close,
their shapes are, and no single part of their 8 x 8 colour thumbnails differs; a mean over the parts
would drown a shoe in paper. What all parts differ by alike is exposure, not content. Photos of low
quality have little that could differ, so for them less difference is allowed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

HAMMING = 4  # bits of 64
EXPOSURE = 8.0  # mean difference of the thumbnails in a channel, levels of 255
PART = 12.0  # difference of one part in a channel beyond the mean, levels of 255
PART_OF_POOR = 6.0  # the same where either photo is of low quality
POOR = 50  # quality (schemas.image) below which a photo is mostly paper
SHAPE = 0.04  # difference of the aspect ratios, share: a small copy's sides are rounded
_BANDS = 5  # by the pigeonhole principle, 4 differing bits leave one of 5 bands equal
_CROWD = 200  # a band value shared by more photos than this is background, not a photo


@dataclass(frozen=True)
class PhotoFeatures:
    """What is compared of N photos.

    hashes      (N,) 64-bit perceptual hashes
    thumbnails  (N, 192) 8 x 8 RGB, row-major
    aspects     (N,) width by height as seen, after EXIF rotation
    quality     (N,) 0 to 100, as in schemas.image
    """

    hashes: NDArray[np.uint64]
    thumbnails: NDArray[np.uint8]
    aspects: NDArray[np.float64]
    quality: NDArray[np.int8]


def aspects_as_seen(
    width: NDArray[np.int32], height: NDArray[np.int32], orientation: NDArray[np.int8]
) -> NDArray[np.float64]:
    """Width by height of photos stored as `width` x `height`: orientations 5 to 8 stand them up."""
    stored = np.maximum(width, 1) / np.maximum(height, 1)
    return np.where(orientation >= 5, 1 / stored, stored)


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


def near_duplicates(features: PhotoFeatures) -> Iterable[tuple[int, int]]:
    """Pairs of photos that show nearly the same picture.

    Yields index pairs (i, j), i < j; a pair may come more than once. Never compares all pairs: only
    photos that agree in one of five hash bands are looked at. A band value shared by over 200 photos
    is skipped there, which can miss a pair only if it agrees in no other band.
    """
    edges = np.linspace(0, 64, _BANDS + 1).astype(np.uint64)
    for low, high in pairwise(edges):
        band = (features.hashes >> low) & np.uint64((1 << int(high - low)) - 1)
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.r_[True, band[order][1:] != band[order][:-1]])
        for bucket in np.split(order, starts[1:]):
            if 1 < len(bucket) <= _CROWD:
                yield from _close(np.sort(bucket), features)


def _close(bucket: NDArray[np.intp], features: PhotoFeatures) -> Iterable[tuple[int, int]]:
    one, other = np.triu_indices(len(bucket), 1)
    one, other = bucket[one], bucket[other]
    near = np.bitwise_count(features.hashes[one] ^ features.hashes[other]) <= HAMMING
    near &= np.abs(np.log(features.aspects[one] / features.aspects[other])) <= SHAPE
    one, other = one[near], other[near]
    if len(one):
        parts = features.thumbnails.reshape(-1, 64, 3)
        apart = parts[one].astype(np.float32) - parts[other]
        exposure = apart.mean(1, keepdims=True)
        poor = np.minimum(features.quality[one], features.quality[other]) < POOR
        alike = np.abs(apart - exposure).max((1, 2)) <= np.where(poor, PART_OF_POOR, PART)
        alike &= np.abs(exposure).max((1, 2)) <= EXPOSURE
        for i, j in zip(one[alike], other[alike], strict=True):
            yield int(i), int(j)


def product_groups(photos: Sequence[Sequence[int]], features: PhotoFeatures) -> list[int]:
    """One group number per product, equal for products that share a near-duplicate photo.

    photos  per product, indices into `features`
    """
    owners: dict[int, list[int]] = {}
    for product, indices in enumerate(photos):
        for index in indices:
            owners.setdefault(index, []).append(product)
    groups = Groups(len(photos))
    for sharing in owners.values():
        for one, other in pairwise(sharing):
            groups.join(one, other)
    for i, j in near_duplicates(features):
        if i in owners and j in owners:
            groups.join(owners[i][0], owners[j][0])
    return [groups.find(product) for product in range(len(photos))]
