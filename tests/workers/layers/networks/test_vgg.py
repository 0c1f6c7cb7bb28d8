"""workers/layers/networks/vgg.py: torchvision's VGG in two parts, at any width, and weights in torch.hub's cache."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from schemas.errors import CheckpointError, InputError
from workers.layers.networks.vgg import COLUMNS, Trunk, cut_vgg
from workers.layers.pixels import normalise


def numbers(*parts: nn.Module) -> int:
    return sum(parameter.numel() for part in parts for parameter in part.parameters())


@pytest.mark.parametrize(("name", "batch_norm"), [("vgg11", False), ("vgg13", True)])
def test_the_two_parts_are_torchvision_s_layers(name: str, batch_norm: bool, tmp_path: Path) -> None:
    theirs = make_layers(cfgs[COLUMNS[name]], batch_norm).eval()
    saved = {f"features.{key}": value for key, value in theirs.state_dict().items()}
    torch.save(saved | {"classifier.0.weight": torch.zeros(1)}, tmp_path / "vgg.pth")
    trunk, last = cut_vgg(name, str(tmp_path / "vgg.pth"), batch_norm=batch_norm)
    photos = torch.rand(1, 3, 64, 64)

    with torch.no_grad():
        maps = trunk.eval()(photos)
        expected = theirs(normalise(photos, trunk.mean, trunk.std))
        torch.testing.assert_close(last.eval()(maps), expected)

    assert maps.shape == (1, 512, 8, 8) and trunk.origin.startswith("file:")
    assert "0.485" in trunk.normalisation


def test_the_sixteen_layers_are_cut_at_the_last_convolution_of_the_fourth_stage() -> None:
    with torch.device("meta"):
        trunk, last = cut_vgg("vgg16")

    kinds = [type(layer).__name__ for layer in trunk.maps]
    assert kinds.count("Conv2d") == 2 + 2 + 3 + 3 and kinds.count("MaxPool2d") == 3 and kinds[-1] == "ReLU"
    assert [type(layer).__name__ for layer in last] == ["MaxPool2d", *["Conv2d", "ReLU"] * 3, "MaxPool2d"]
    assert numbers(trunk, last) == 14_714_688 and numbers(last) == 3 * (512 * 512 * 9 + 512)
    assert trunk.dim == 512 and trunk.flat(224) == 25_088


def test_a_narrow_one_has_a_share_of_the_channels_and_no_published_weights() -> None:
    trunk, last = cut_vgg("vgg16", "auto", width=1 / 16)

    assert trunk.origin == "random" and trunk.dim == 32
    assert last(trunk(torch.zeros(2, 3, 40, 40, dtype=torch.uint8))).shape == (2, 32, 1, 1)
    with pytest.raises(CheckpointError, match="none but of width 1"):
        cut_vgg("vgg16", "imagenet", width=0.5)
    with pytest.raises(InputError, match="image_size 31: VGG halves a photo five times: 32 at least"):
        trunk.flat(31)


def test_weights_in_torch_hub_s_cache_are_what_auto_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    theirs = make_layers(cfgs["A"])
    saved = {f"features.{key}": value for key, value in theirs.state_dict().items()}
    torch.save(saved, tmp_path / "checkpoints" / "vgg11-8a719046.pth")

    trunk, _ = cut_vgg("vgg11", "auto")

    assert isinstance(trunk, Trunk) and trunk.origin == "torchvision:VGG11_Weights.IMAGENET1K_V1"
    assert torch.equal(trunk.maps[0].weight, theirs[0].weight)
