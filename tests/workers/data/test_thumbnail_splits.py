"""workers/data/thumbnail_splits.py: photos that may be alike are never parted, and those that are not mostly are."""

import numpy as np
import pytest

from workers.data.thumbnail_splits import Crowd

PART, MEAN = 12, 8


def crowd(n: int, spread: int, seed: int = 0) -> Crowd:
    random = np.random.default_rng(seed)
    thumbnails = np.full((n, 192), 250, np.uint8)
    thumbnails[:, 40:100] = 100 + random.integers(0, spread + 1, (n, 60))
    sums = thumbnails.reshape(-1, 64, 3).sum(1, dtype=np.int32)
    return Crowd(thumbnails, sums, (PART, MEAN))


def within_tolerance(photos: Crowd) -> set[tuple[int, int]]:
    means = photos.sums / 64
    centred = photos.thumbnails - np.tile(means, 64)
    found = set()
    for i in range(len(means)):
        alike = (np.abs(centred[i] - centred).max(1) <= PART) & (np.abs(means[i] - means).max(1) <= MEAN)
        found |= {(i, j) for j in np.flatnonzero(alike).tolist() if j > i}
    return found


@pytest.mark.parametrize("spread", [16, 40, 120])
def test_two_photos_within_tolerance_share_a_part(spread: int) -> None:
    photos = crowd(400, spread)

    together = set()
    for rows in photos.parts(20, lambda rows: False):
        assert (np.diff(rows) > 0).all()
        together |= {(i, j) for i in rows.tolist() for j in rows.tolist() if i < j}

    assert within_tolerance(photos) <= together
    assert spread == 16 or len(together) < 400 * 399 / 2 / 2


def test_what_no_value_parts_stays_whole() -> None:
    [rows] = crowd(300, 3).parts(20, lambda rows: False)

    assert rows.tolist() == list(range(300))


def test_what_is_done_is_left_out() -> None:
    photos = crowd(400, 120)

    assert not list(photos.parts(20, lambda rows: True))
    assert all(0 in rows for rows in photos.parts(20, lambda rows: 0 not in rows))
