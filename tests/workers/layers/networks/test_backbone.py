"""workers/layers/networks/backbone.py: where first weights come from, and what is refused."""

from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

from schemas.errors import CheckpointError, InputError
from workers.layers.networks.backbone import Backbone


def test_weights_of_a_file_are_taken_and_named_by_their_hash(tmp_path: Path) -> None:
    net, path = resnet18(), tmp_path / "weights.pt"
    torch.save(
        {name: tensor for name, tensor in net.state_dict().items() if not name.startswith("fc.")}, path
    )

    backbone = Backbone("resnet18", str(path))

    assert torch.equal(backbone.maps[0].weight, net.conv1.weight)
    assert backbone.origin.startswith("file:") and backbone.dim == 512
    assert backbone(torch.zeros(1, 3, 64, 64)).shape == (1, 512, 2, 2)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"conv1.weight": torch.zeros(64, 3, 7, 7)}, "weights of another network"),
        ({"conv1.weight": torch.zeros(1)}, "weights of another shape"),
        ([1, 2], "is no state dict"),
    ],
)
def test_weights_that_do_not_fit_are_refused_in_one_line(tmp_path: Path, state: object, why: str) -> None:
    path = tmp_path / "weights.pt"
    torch.save(state, path)

    with pytest.raises(CheckpointError, match=why) as caught:
        Backbone("resnet18", str(path))

    assert "\n" not in str(caught.value)


def test_an_unknown_backbone_and_a_file_that_is_not_there_are_refused() -> None:
    with pytest.raises(InputError, match="there are resnet18, resnet50"):
        Backbone("vgg16")
    with pytest.raises(CheckpointError, match="no such weights file"):
        Backbone("resnet18", "nowhere.pt")
