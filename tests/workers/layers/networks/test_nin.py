"""workers/layers/networks/nin.py: four convolutions with 1 x 1 ones behind them."""

import pytest
import torch
from torch import nn

from schemas.errors import CheckpointError
from workers.layers.networks.backbone import Backbone


def test_the_network_has_the_convolutions_of_the_paper_s_authors_and_halves_five_times() -> None:
    backbone = Backbone("nin", "auto").eval()
    convolutions = [module for module in backbone.modules() if isinstance(module, nn.Conv2d)]

    assert backbone.origin == "random" and backbone.dim == 1024
    assert [(c.out_channels, c.kernel_size[0]) for c in convolutions] == [
        (96, 11), (96, 1), (96, 1), (256, 5), (256, 1), (256, 1), (384, 3), (384, 1), (384, 1), (1024, 3), (1024, 1),
    ]  # fmt: skip
    with torch.no_grad():
        assert backbone(torch.zeros(1, 3, 224, 224)).shape == (1, 1024, 7, 7)
        assert backbone(torch.zeros(1, 3, 32, 32)).shape == (1, 1024, 1, 1)


def test_it_has_no_weights_to_download() -> None:
    with pytest.raises(CheckpointError, match="nin imagenet weights: are in no package"):
        Backbone("nin", "imagenet")
