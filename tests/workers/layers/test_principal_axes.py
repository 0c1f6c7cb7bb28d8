"""workers/layers/principal_axes.py: what lies along few directions is kept whole, by one worker as by two."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.workers.gloo_workers import together
from workers.layers.principal_axes import Moments, PrincipalAxes

LENGTH, AXES = 20, 4


def planted(count: int = 50, directions: int = AXES, seed: int = 0) -> Tensor:
    """Vectors (N, LENGTH) that lie in the span of so many directions."""
    random = torch.Generator().manual_seed(seed)
    return torch.randn(count, directions, generator=random) @ torch.randn(
        directions, LENGTH, generator=random
    )


def fitted(vectors: Tensor, axes: int = AXES) -> tuple[PrincipalAxes, float]:
    made = PrincipalAxes(LENGTH, axes)
    return made, Moments(made).add(vectors[:7]).add(vectors[7:]).fit()


def test_vectors_of_few_directions_keep_every_inner_product() -> None:
    vectors = planted()

    axes, left_out = fitted(vectors)

    kept = axes(vectors)
    assert kept.shape == (50, AXES) and axes.dim == AXES and left_out == pytest.approx(0, abs=1e-6)
    assert torch.allclose(kept @ kept.T, vectors @ vectors.T, rtol=1e-4, atol=1e-3)
    assert torch.allclose(axes.within(vectors), vectors, atol=1e-4)


def test_the_longest_directions_are_kept_and_the_share_of_the_others_is_told() -> None:
    vectors = torch.diag(torch.arange(LENGTH, 0, -1).float())  # the k-th axis has energy (LENGTH - k)^2

    axes, left_out = fitted(vectors)

    assert torch.allclose(axes.directions, torch.eye(AXES, LENGTH), atol=1e-6)
    energies = torch.arange(LENGTH, 0, -1).double() ** 2
    assert left_out == pytest.approx(float(energies[AXES:].sum() / energies.sum()))


def test_words_behind_the_axes_score_photos_as_they_score_what_is_kept() -> None:
    axes, _ = fitted(planted(directions=9))
    photos, words = planted(5, 9, seed=1), planted(3, 9, seed=2)

    assert torch.allclose(axes(photos) @ axes(words).T, axes.within(photos) @ words.T, rtol=1e-4, atol=1e-3)


def test_before_the_fit_directions_are_orthogonal_and_the_same_everywhere() -> None:
    one, other = PrincipalAxes(LENGTH, AXES), PrincipalAxes(LENGTH, AXES)

    assert torch.equal(one.directions, other.directions)
    assert torch.allclose(one.directions @ one.directions.T, torch.eye(AXES), atol=1e-5)


@pytest.mark.parametrize("axes", [0, LENGTH, LENGTH + 1])
def test_as_many_axes_as_numbers_change_nothing(axes: int) -> None:
    vectors = planted()

    made, left_out = fitted(vectors, axes)

    assert (made.dim, left_out) == (LENGTH, 0.0) and not made.state_dict()
    assert made(vectors) is vectors and made.within(vectors) is vectors


def half_fitted(rank: int, shares: tuple[int, int]) -> tuple[float, NDArray[np.float32]]:
    """The fit of one worker's photos."""
    vectors = planted(directions=9)
    own = vectors[: shares[0]] if rank == 0 else vectors[shares[0] :]
    axes, left_out = fitted(own)
    return left_out, axes.directions.numpy()


@pytest.mark.parametrize("shares", [(25, 25), (41, 9)])
def test_two_workers_fit_what_one_fits_to_the_photos_of_both(shares: tuple[int, int], tmp_path: Path) -> None:
    axes, left_out = fitted(planted(directions=9))

    first, second = together(2, tmp_path / "meeting", half_fitted, shares)

    assert np.array_equal(first[1], second[1])
    assert np.allclose(first[1], axes.directions.numpy(), atol=1e-4)
    assert first[0] == pytest.approx(left_out, abs=1e-6)
