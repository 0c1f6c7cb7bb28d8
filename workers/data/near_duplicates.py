"""Near-duplicate groups: products that share a photo, or nearly the same photo, stay together.

Perceptual hashes alone collide on white-background photos of one garment type: all of them are an
outline in the middle of paper. So two photos count as near-duplicates only if their hashes are close,
their shapes are, and no single part of their 8 x 8 colour thumbnails differs; a mean over the parts
would drown a shoe in paper. What all parts differ by alike is exposure, not content. Photos of low
quality have little that could differ, so for them less difference is allowed.

The same outlines make crowds: of 6,926 products of one shop each had 2.6 others within four bits on average,
so of ten million it would have thousands. Crowds are parted by their thumbnails (thumbnail_splits.py), and
no pair is skipped.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.data.components import Components, merged
from workers.data.hash_tables import Places, Table, near, tables
from workers.data.thumbnail_splits import Crowd

EXPOSURE = 8  # mean difference of the thumbnails in a channel, levels of 255
PART = 12  # difference of one part in a channel beyond the mean, levels of 255
PART_OF_POOR = 6  # the same where either photo is of low quality
POOR = 50  # quality (schemas.image) below which a photo is mostly paper
SHAPE = 0.04  # difference of the aspect ratios, share: a small copy's sides are rounded
CROWD = 256  # photos of a bucket that are compared each with each
_PAIRS = 1 << 16  # thumbnails compared at once: 64 MB
_AT_ONCE = 1 << 22  # hashes compared at once


@dataclass(frozen=True)
class PhotoFeatures:
    """What is compared of N photos.

    hashes      (N,) 64-bit perceptual hashes
    thumbnails  (N, 192) 8 x 8 RGB, row-major
    aspects     (N,) width by height as seen, after EXIF rotation; NaN: nothing is known of the photo
    quality     (N,) 0 to 100, as in schemas.image
    """

    hashes: NDArray[np.uint64]
    thumbnails: NDArray[np.uint8]
    aspects: NDArray[np.float64]
    quality: NDArray[np.int8]


@dataclass(frozen=True)
class PhotoGroups:
    """Photos joined by near-duplicate pairs, however many lie between two of them.

    group        (N,) the smallest photo of each photo's group
    comparisons  pairs of photos whose hashes were compared
    pairs        near-duplicates among them; what is joined already is not compared again
    left_out     photos of which nothing is known, each a group of its own
    """

    group: Places
    comparisons: int
    pairs: int
    left_out: int


def aspects_as_seen(
    width: NDArray[np.int32], height: NDArray[np.int32], orientation: NDArray[np.int8]
) -> NDArray[np.float64]:
    """Width by height of photos stored as `width` x `height`: orientations 5 to 8 stand them up."""
    stored = np.maximum(width, 1) / np.maximum(height, 1)
    return np.where(orientation >= 5, 1 / stored, stored)


def photo_groups(features: PhotoFeatures) -> PhotoGroups:
    """Join every two photos that show nearly the same picture; however many look alike, no pair is skipped.

    Memory beyond the features is about 60 bytes a photo. Time grows with the photos and with the pairs that are
    alike in hash and thumbnail both; tests/bench/near_duplicates.py measures it.
    """
    search = _Search(features)
    for table in tables(features.hashes):
        for one, other in table.pairs_of_small(CROWD):
            search.compare(table, one, other)
        for crowd in table.crowds(CROWD):
            search.part(table, crowd)
        search.joined.fold()
    unknown = int(np.isnan(features.aspects).sum())
    return PhotoGroups(search.joined.smallest(), search.comparisons, search.pairs, unknown)


def product_groups(owners: Places, photos: Places, group_of_photo: Places, products: int) -> Places:
    """(products,) the smallest product of each product's group: those that share a photo or a near-duplicate.

    owners, photos  (M,) product owners[m] shows photo photos[m];  group_of_photo  as PhotoGroups.group
    """
    joined = Components(products + len(group_of_photo))
    joined.add(owners, products + group_of_photo[photos])
    joined.fold()
    return joined.smallest()[:products]


class _Search:
    """What is known while the tables are gone through."""

    def __init__(self, features: PhotoFeatures) -> None:
        self.joined = Components(len(features.hashes))
        self.comparisons = self.pairs = 0
        self._features = features
        self._sums = features.thumbnails.reshape(-1, 64, 3).sum(1, dtype=np.int16)  # 16,320 at most
        self._shapes = np.log(features.aspects)

    def compare(self, table: Table, one: Places, other: Places) -> None:
        """Join the near-duplicates among pairs of places in a table."""
        self.comparisons += len(one)
        near = table.near(one, other)
        self._join(table.order[one[near]], table.order[other[near]])

    def part(self, table: Table, crowd: Places) -> None:
        """Join the near-duplicates of a bucket too large to compare each with each."""
        photos = table.order[crowd]
        poor = self._features.quality[photos] < POOR
        parted = Crowd(
            self._features.thumbnails[photos],
            self._sums[photos].astype(np.int32),
            (PART_OF_POOR if poor.all() else PART, EXPOSURE),
        )
        labels = self.joined.labels[photos]
        for rows in parted.parts(CROWD, lambda rows: bool((labels[rows] == labels[rows[0]]).all())):
            self._compare_all(table, crowd[rows])

    def _compare_all(self, table: Table, places: Places) -> None:
        """Join the near-duplicates among all pairs of some places.

        Of many, the first are compared with all others first: that joins most where all are alike, and what is
        joined is not looked at again.
        """
        photos, hashes, count = table.order[places], table.hashes[places], len(places)
        joined, number = np.unique(self.joined.labels[photos], return_inverse=True)
        distinct, labels = len(joined), number.astype(np.int32)
        first, step = 0, count if count <= CROWD else 1
        while first < count - 1 and distinct > 1:
            rows = np.arange(first, min(first + step, count - 1))
            self.comparisons += int((count - 1 - rows).sum())
            close = near(hashes[rows, None], hashes[None, first + 1 :], table.blocks)
            close &= labels[rows, None] != labels[None, first + 1 :]
            one, other = np.nonzero(np.triu(close))
            one, other = one + first, other + first + 1
            alike = self._join(photos[one], photos[other])
            if count > CROWD and alike.any():
                distinct, labels = merged(labels, distinct, one[alike], other[alike])
            first += step
            step = min(2 * step, max(1, _AT_ONCE // count))

    def _join(self, one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Join those of some pairs with close hashes that are near-duplicates; says which."""
        alike: NDArray[np.bool_] = self.joined.labels[one] != self.joined.labels[other]
        for first in range(0, len(one), _PAIRS):
            piece = np.flatnonzero(alike[first : first + _PAIRS]) + first
            alike[piece] = self._alike(one[piece], other[piece])
        self.joined.add(one[alike], other[alike])
        self.pairs += int(alike.sum())
        return alike

    def _alike(self, one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether photos with close hashes show nearly the same picture; cheap questions first."""
        features = self._features
        exposure = self._sums[one].astype(np.int32) - self._sums[other]
        alike: NDArray[np.bool_] = (np.abs(exposure) <= 64 * EXPOSURE).all(1)
        alike &= np.abs(self._shapes[one] - self._shapes[other]) <= SHAPE
        for parts in (slice(0, 192, 10), slice(None)):  # a few of all channels tell most apart
            left = np.flatnonzero(alike)
            i, j = one[left], other[left]
            apart = 64 * (features.thumbnails[i, parts].astype(np.int32) - features.thumbnails[j, parts])
            apart -= np.tile(exposure[left], 64)[:, parts]
            poor = np.minimum(features.quality[i], features.quality[j]) < POOR
            alike[left] = np.abs(apart).max(1) <= 64 * np.where(poor, PART_OF_POOR, PART)
        return alike
