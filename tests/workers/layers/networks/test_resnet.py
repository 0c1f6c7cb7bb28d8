"""workers/layers/networks/resnet.py: torchvision's networks under our names, and weights in its cache."""

from pathlib import Path

import pytest
import torch
from torchvision.models import get_model

from workers.layers.networks.backbone import Backbone, installed
from workers.layers.networks.resnet import NAMES, network, renamed


@pytest.mark.parametrize("name", NAMES)
def test_the_network_is_torchvision_s_without_its_classifier(name: str) -> None:
    theirs, ours = get_model(name, weights=None).eval(), network(name)
    ours.maps.load_state_dict(renamed(theirs.state_dict()))
    photos = torch.rand(2, 3, 64, 64)

    with torch.no_grad():
        logits = theirs.fc(ours.maps.eval()(photos).mean((2, 3)))
        assert torch.allclose(logits, theirs(photos), atol=1e-4)

    in_depths = [id(parameter) for part in ours.depths for parameter in part.parameters()]
    assert len(ours.depths) == 5 and in_depths == [id(parameter) for parameter in ours.maps.parameters()]


def test_weights_in_torch_hub_s_cache_are_what_auto_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    assert not installed("resnet18") and Backbone("resnet18", "auto").origin == "random"
    (tmp_path / "checkpoints").mkdir()
    theirs = get_model("resnet18", weights=None)
    torch.save(theirs.state_dict(), tmp_path / "checkpoints" / "resnet18-f37072fd.pth")

    backbone = Backbone("resnet18", "auto")

    assert backbone.origin == "torchvision:ResNet18_Weights.IMAGENET1K_V1"
    assert torch.equal(backbone.maps[0].weight, theirs.conv1.weight)
