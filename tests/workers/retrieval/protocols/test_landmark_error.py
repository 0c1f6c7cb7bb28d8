"""Normalised error by hand: in the box, visible landmarks alone, the mean of landmarks and not of instances."""

import numpy as np
import pytest

from workers.data.geometry import in_square
from workers.retrieval.protocols.landmark_error import (
    distances,
    normalised_error,
    one_error,
    shares_of_square,
)

TRUE = np.array([[[0.5, 0.5], [0.25, 0.5]], [[0.5, 0.5], [0.1, 0.1]]])
TOLD = np.array([[[0.5, 0.6], [0.25, 0.5]], [[0.8, 0.9], [0.9, 0.9]]])
BOXES = np.array([[0.0, 0.0, 0.5, 0.5], [np.nan] * 4])


def test_distances_are_in_shares_of_the_box() -> None:
    apart = distances(TOLD, TRUE, BOXES)

    assert apart == pytest.approx(np.array([[0.2, 0.0], [0.5, np.hypot(0.8, 0.8)]]))


def test_the_average_is_that_of_landmarks_over_photos_that_show_them() -> None:
    visible = np.array([[True, True], [True, False]])
    apart = distances(TOLD, TRUE, BOXES)

    assert one_error(apart, visible, 0).value == pytest.approx(0.35)
    assert one_error(apart, visible, 1).value == pytest.approx(0.0)
    assert normalised_error(apart, visible).value == pytest.approx((0.35 + 0) / 2)  # pooled: 0.7 / 3
    slow = [np.mean([apart[n, t] for n in range(2) if visible[n, t]]) for t in range(2)]
    assert normalised_error(apart, visible).value == pytest.approx(np.mean(slow))


def test_a_landmark_that_no_photo_shows_is_not_averaged() -> None:
    visible = np.array([[True, False], [True, False]])

    assert normalised_error(distances(TOLD, TRUE, BOXES), visible).value == pytest.approx(0.35)


def test_places_in_the_square_come_back_as_shares_of_the_photo() -> None:
    shares = np.random.default_rng(0).random((3, 4, 2)).astype(np.float32)
    sizes = np.array([[300, 200], [120, 240], [64, 64]], np.int32)

    back = shares_of_square(in_square(shares, sizes, 56), [(300, 200), (120, 240), (64, 64)], 56)

    assert back == pytest.approx(shares, abs=1e-6)
