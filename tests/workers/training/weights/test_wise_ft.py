"""workers/training/weights/wise_ft.py: weights between the first and the last."""

import copy

import pytest
import torch
from torch import nn

from workers.layers.networks.backbone import Backbone
from workers.training.weights.wise_ft import FirstWeights


class Net(nn.Module):
    """A network and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.head = Backbone("efficientnet_lite0"), nn.Linear(1280, 2)


def learnt() -> tuple[Net, FirstWeights, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """A method that moved by 1 everywhere after its first weights were kept; the state before and after."""
    net = Net()
    first = FirstWeights(net, 0.25)
    before = copy.deepcopy(net.state_dict())
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.add_(1)
    return net, first, before, copy.deepcopy(net.state_dict())


def test_the_network_goes_a_quarter_of_the_way_back_and_the_head_stays() -> None:
    net, first, before, after = learnt()

    with first.applied():
        mixed = copy.deepcopy(net.state_dict())

    for name, tensor in mixed.items():
        stays = name.startswith("head.") or not tensor.is_floating_point()
        wanted = after[name] if stays else 0.25 * before[name] + 0.75 * after[name]
        assert torch.allclose(tensor, wanted, atol=1e-6), name
    assert all(torch.equal(tensor, after[name]) for name, tensor in net.state_dict().items())


def test_what_was_learnt_is_back_also_after_an_error() -> None:
    net, first, _, after = learnt()

    with pytest.raises(ValueError, match="no room"), first.applied():
        raise ValueError("no room")

    assert all(torch.equal(tensor, after[name]) for name, tensor in net.state_dict().items())


def test_no_share_keeps_no_copy_and_changes_nothing() -> None:
    net = Net()
    first, before = FirstWeights(net, 0.0), copy.deepcopy(net.state_dict())
    net.trunk.maps.stem.conv.weight.data.add_(1)

    with first.applied():
        assert not torch.equal(
            net.state_dict()["trunk.maps.stem.conv.weight"], before["trunk.maps.stem.conv.weight"]
        )
    assert first.first == []
