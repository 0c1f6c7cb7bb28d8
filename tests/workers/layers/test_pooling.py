"""workers/layers/pooling.py: one number per channel."""

import pytest
import torch

from schemas.errors import InputError
from workers.layers.pooling import Pool


def test_pooling_is_the_mean_the_maximum_or_a_mean_between_them() -> None:
    maps = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))

    mean, peak, gem = (Pool(kind)(maps) for kind in ("gap", "max", "gem"))

    torch.testing.assert_close(mean, maps.flatten(2).mean(2))
    torch.testing.assert_close(peak, maps.flatten(2).max(2).values)
    torch.testing.assert_close(gem.detach(), maps.flatten(2).pow(3).mean(2) ** (1 / 3))
    with pytest.raises(InputError, match="there are gap, gem and max"):
        Pool("rmac")
