"""workers/layers/landmarks/heat_maps.py: Gaussians by their formula, and the places that peaks say."""

import math

import torch

from workers.layers.landmarks.heat_maps import gaussians, peaks


def test_a_map_is_a_gaussian_of_the_distance_in_cells() -> None:
    places = torch.tensor([[[0.25, -0.5], [1.0, 1.0]]])

    maps = gaussians(places, 8, 1.5)

    for k, (x, y) in enumerate(((0.25, -0.5), (1.0, 1.0))):
        for row in range(8):
            for column in range(8):
                apart = ((x + 1) * 4 - column - 0.5) ** 2 + ((y + 1) * 4 - row - 0.5) ** 2
                assert abs(maps[0, k, row, column].item() - math.exp(-apart / (2 * 1.5**2))) < 1e-6


def test_a_gaussian_s_peak_is_where_it_was_drawn_between_the_cells_too() -> None:
    places = torch.rand(20, 3, 2, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8

    torch.testing.assert_close(peaks(gaussians(places, 12, 1.0)), places, atol=1e-4, rtol=0)


def test_at_the_edge_and_on_a_flat_map_a_peak_is_a_cell_s_middle() -> None:
    corner = torch.zeros(1, 1, 4, 4)
    corner[0, 0, 0, 3] = 1

    assert peaks(corner).tolist() == [[[0.75, -0.75]]]
    assert peaks(torch.zeros(1, 1, 4, 4)).tolist() == [[[-0.75, -0.75]]]
    assert peaks(torch.full((1, 1, 4, 4), float("nan"))).shape == (1, 1, 2)
