"""workers/layers/unit_vectors.py: lengths before and after."""

import torch
import torch.nn.functional as F

from workers.layers.unit_vectors import blurred, spread


def test_numbers_of_spread_vectors_are_one_on_average() -> None:
    vectors = F.normalize(torch.randn(9, 256), dim=1)

    torch.testing.assert_close(spread(vectors).square().mean(1), torch.ones(9))


def test_blurred_vectors_have_length_one_and_lie_as_far_away_as_the_noise_says() -> None:
    torch.manual_seed(0)
    vectors = F.normalize(torch.randn(500, 256), dim=1)

    moved = blurred(vectors, 1.0)

    torch.testing.assert_close(moved.norm(dim=1), torch.ones(500))
    assert abs(float((moved * vectors).sum(1).mean()) - 0.5**0.5) < 0.02  # a right angle of two equal lengths
    torch.testing.assert_close(blurred(vectors, 0.0), vectors)
