"""workers/layers/networks/googlenet.py: torchvision's network under our names."""

import warnings
from pathlib import Path

import pytest
import torch
from torchvision.models import GoogLeNet_Weights, googlenet

from workers.layers.networks.backbone import Backbone
from workers.layers.networks.googlenet import network, renamed


def test_the_network_is_torchvision_s_without_its_classifiers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    assert Backbone("googlenet", "auto").origin == "random"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = googlenet(weights=None, transform_input=True, init_weights=False).eval()
    photos = torch.rand(2, 3, 64, 64)
    for module in theirs.modules():  # statistics as of a network that has learnt
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    theirs.train()(photos)
    theirs.eval()
    (tmp_path / "checkpoints").mkdir()
    torch.save(theirs.state_dict(), tmp_path / "checkpoints" / Path(GoogLeNet_Weights.DEFAULT.url).name)
    as_imagenet = GoogLeNet_Weights.DEFAULT.transforms()
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (as_imagenet.mean, as_imagenet.std))

    ours = Backbone("googlenet", "auto").eval()

    assert ours.origin == "torchvision:GoogLeNet_Weights.IMAGENET1K_V1"
    with torch.no_grad():
        logits = theirs.fc(ours(photos).mean((2, 3)))
        torch.testing.assert_close(logits, theirs((photos - mean) / std), rtol=1e-3, atol=1e-2)


def test_depths_hold_every_weight_once_in_order() -> None:
    ours = network("googlenet")

    in_depths = [id(parameter) for part in ours.depths for parameter in part.parameters()]
    assert len(ours.depths) == 5 and in_depths == [id(parameter) for parameter in ours.maps.parameters()]
    assert sum(parameter.numel() for parameter in ours.maps.parameters()) == 5_599_904
    assert renamed({"fc.bias": 1, "aux1.fc1.bias": 2, "other": 3}) == {"other": 3}
