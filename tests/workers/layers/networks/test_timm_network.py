"""workers/layers/networks/timm_network.py: networks of timm where it is installed, one line where it is not."""

import sys

import pytest
import torch

from schemas.errors import CheckpointError, InputError
from workers.layers.networks.backbone import Backbone, installed

SMALL = "timm:test_resnet"  # 0.4 million parameters, made by timm for tests


def test_without_timm_there_is_one_line_that_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)

    for ask in (Backbone, installed):
        with pytest.raises(InputError, match=r"timm is not installed: pip install vitrine\[timm\]$"):
            ask(SMALL)


def test_a_network_of_timm_gives_maps_and_says_its_own_normalisation() -> None:
    pytest.importorskip("timm")
    backbone = Backbone(SMALL, "random")

    assert backbone(torch.rand(2, 3, 96, 64)).shape == (2, backbone.dim, 3, 2)
    assert backbone.normalisation == "mean 0.5 0.5 0.5 std 0.5 0.5 0.5"
    assert torch.allclose(backbone.mean.flatten(), torch.full((3,), 0.5))
    in_depths = [id(parameter) for part in backbone.depths for parameter in part.parameters()]
    assert sorted(in_depths) == sorted(id(parameter) for parameter in backbone.parameters())
    assert backbone.depths[0] is not backbone.depths[-1] and backbone.training


def test_auto_is_random_where_no_cache_has_the_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("timm")
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path_factory.mktemp("hub")))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    assert not installed(SMALL) and Backbone(SMALL, "auto").origin == "random"
    with pytest.raises(CheckpointError, match="timm:test_resnet weights: cannot be had"):
        Backbone(SMALL, "imagenet")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("timm:no_such_network", "timm has no such network"),
        ("timm:test_vit", "gives no maps"),
        ("timm:swin_tiny_patch4_window7_224", "takes no photo of 64 px"),
    ],
)
def test_what_gives_no_maps_is_refused_in_one_line(name: str, why: str) -> None:
    pytest.importorskip("timm")

    with pytest.raises(InputError, match=why) as caught:
        Backbone(name)

    assert "\n" not in str(caught.value)
