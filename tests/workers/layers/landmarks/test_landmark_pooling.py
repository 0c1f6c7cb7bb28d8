"""workers/layers/landmarks/landmark_pooling.py against a loop over windows, and where its gradients go."""

import math

import pytest
import torch
from torch import Tensor

from workers.layers.landmarks.landmark_pooling import LandmarkPooling

N, C, H, W, L = 2, 3, 7, 9, 6


def middle(row: int, column: int) -> tuple[float, float]:
    """x and y of a cell's middle, in half sides."""
    return (2 * column + 1) / W - 1, (2 * row + 1) / H - 1


@pytest.fixture
def maps() -> Tensor:
    return torch.randn(N, C, H, W, generator=torch.Generator().manual_seed(0), requires_grad=True)


def at(*cells: tuple[int, int]) -> Tensor:
    """(N, cells, 2): the same places in every photo."""
    return torch.tensor([[middle(*cell) for cell in cells]] * N)


def slow(maps: Tensor, places: Tensor, seen: Tensor, bins: int, cells: int) -> Tensor:
    """Bin by bin, cell by cell."""
    pooled = torch.zeros(N, C, places.shape[1], bins, bins)
    for n, k in torch.cartesian_prod(torch.arange(N), torch.arange(places.shape[1])).tolist():
        x, y = places[n, k].tolist()
        row = min(max(math.floor((y + 1) / 2 * H), 0), H - 1) - bins * cells // 2
        column = min(max(math.floor((x + 1) / 2 * W), 0), W - 1) - bins * cells // 2
        for i, j in torch.cartesian_prod(torch.arange(bins), torch.arange(bins)).tolist():
            rows = [r for r in range(row + i * cells, row + (i + 1) * cells) if 0 <= r < H]
            columns = [c for c in range(column + j * cells, column + (j + 1) * cells) if 0 <= c < W]
            for channel in range(C) if rows and columns and seen[n, k] else ():
                pooled[n, channel, k, i, j] = max(maps[n, channel, r, c] for r in rows for c in columns)
    return pooled


@pytest.mark.parametrize(("bins", "cells"), [(1, 1), (1, 3), (3, 1), (3, 2), (2, 3), (4, 2)])
def test_it_equals_a_loop_over_the_cells_of_every_window_and_so_do_its_gradients(
    maps: Tensor, bins: int, cells: int
) -> None:
    generator = torch.Generator().manual_seed(bins + cells)
    places = torch.rand(N, L, 2, generator=generator) * 2.4 - 1.2  # some outside the picture
    seen = torch.rand(N, L, generator=generator) < 0.7
    wanted = torch.randn(N, C, L, bins, bins, generator=generator)

    fast, loop = LandmarkPooling(bins, cells)(maps, places, seen), slow(maps, places, seen, bins, cells)

    assert torch.equal(fast, loop)
    (gradient,) = torch.autograd.grad((fast * wanted).sum(), maps)
    (expected,) = torch.autograd.grad((loop * wanted).sum(), maps)
    torch.testing.assert_close(gradient, expected)


def test_the_largest_cell_alone_gets_the_gradient_even_of_equal_ones(maps: Tensor) -> None:
    flat = torch.zeros(N, C, H, W, requires_grad=True)
    seen = torch.tensor([[True, False, True]] * N)
    for one in (maps, flat):
        pooled = LandmarkPooling(1, 3)(one, at((1, 1), (3, 3), (5, 7)), seen)

        (gradient,) = torch.autograd.grad(pooled.sum(), one)

        assert (
            int((gradient == 1).sum()) == int(seen.sum()) * C and float(gradient.sum()) == int(seen.sum()) * C
        )


def test_a_landmark_that_is_not_seen_gives_nothing_and_teaches_nothing(maps: Tensor) -> None:
    pooled = LandmarkPooling(3, 2)(maps, at((3, 3), (3, 3)), torch.tensor([[True, False]] * N))

    assert (pooled[:, :, 1] == 0).all() and (pooled[:, :, 0] != 0).any()
    assert not torch.autograd.grad(pooled[:, :, 1].sum(), maps)[0].any()


def test_a_landmark_one_cell_further_has_its_window_one_cell_further(maps: Tensor) -> None:
    pool, seen = LandmarkPooling(3, 1), torch.ones(N, 2, dtype=torch.bool)

    here = pool(maps, at((2, 3), (4, 5)), seen)
    there = pool(maps.roll((1, 1), (2, 3)), at((3, 4), (5, 6)), seen)

    assert torch.equal(here, there)


def test_a_landmark_outside_the_picture_is_at_its_nearest_edge(maps: Tensor) -> None:
    pool, seen = LandmarkPooling(3, 2), torch.ones(N, 1, dtype=torch.bool)
    outside = torch.tensor([[[-3.0, 0.0]]] * N)

    assert torch.equal(pool(maps, outside, seen), pool(maps, at((H // 2, 0)), seen))


def test_places_get_no_gradient(maps: Tensor) -> None:
    places = at((2, 2)).requires_grad_()

    pooled = LandmarkPooling(3, 2)(maps, places, torch.ones(N, 1, dtype=torch.bool))

    assert torch.autograd.grad(pooled.sum(), places, allow_unused=True) == (None,)
