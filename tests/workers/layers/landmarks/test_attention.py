"""workers/layers/landmarks/attention.py: attention adds and takes nothing away."""

import pytest
import torch

from workers.layers.landmarks.attention import BottomUpTopDown, attended


def test_without_attention_maps_stay_and_with_all_of_both_they_are_three_times_as_large() -> None:
    maps, one = torch.randn(2, 3, 4, 4), torch.ones(2, 1, 4, 4)

    assert torch.equal(attended(maps, 0 * one, torch.zeros_like(maps)), maps)
    torch.testing.assert_close(attended(maps, one, torch.ones_like(maps)), 3 * maps)


def test_what_is_not_negative_only_grows() -> None:
    maps, by_place, by_channel = torch.rand(2, 3, 4, 4), torch.rand(2, 1, 4, 4), torch.rand(2, 3, 4, 4)

    found = attended(maps, by_place, by_channel)

    assert (found >= maps).all()
    torch.testing.assert_close(
        found[1, 2, 3, 0], (1 + by_place[1, 0, 3, 0] + by_channel[1, 2, 3, 0]) * maps[1, 2, 3, 0]
    )


@pytest.mark.parametrize("side", [1, 4, 7, 28])
def test_down_and_up_again_gives_a_number_in_0_to_1_per_cell_and_channel(side: int) -> None:
    attention = BottomUpTopDown(6, 4)(torch.randn(2, 6, side, side))

    assert attention.shape == (2, 6, side, side) and (attention > 0).all() and (attention < 1).all()


def test_its_middle_is_a_quarter_as_wide() -> None:
    block, seen = BottomUpTopDown(6, 4), []
    block.middle.register_forward_hook(lambda module, given, found: seen.append(tuple(found.shape)))

    block(torch.randn(1, 6, 28, 28))

    assert seen == [(1, 4, 7, 7)]
