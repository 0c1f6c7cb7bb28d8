"""VGG, cut where networks for clothes cut it: behind the last convolution of its fourth stage (conv4_3 of VGG-16).

Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015, table
1, columns A, B, D and E; torchvision draws it and has its weights.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from schemas.errors import CheckpointError, InputError
from workers.layers.networks import torchvision_weights
from workers.layers.networks.backbone import fill
from workers.layers.networks.network import Network
from workers.layers.pixels import normalise
from workers.lean_torchvision import models

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
COLUMNS = {"vgg11": "A", "vgg13": "B", "vgg16": "D", "vgg19": "E"}
STAGES = 4  # of five, in the trunk
SMALLEST = 32  # px, of a photo of which one cell is left behind pool5


class Trunk(nn.Module):
    """images (N, 3, H, W) uint8, or float in 0..1 -> maps (N, dim, H/8, W/8).

    origin, normalisation  as of a Backbone
    """

    mean: Tensor
    std: Tensor

    def __init__(self, maps: nn.Sequential, network: Network, origin: str) -> None:
        super().__init__()
        self.maps, self.dim = maps, network.dim
        self.origin, self.normalisation = origin, network.normalisation
        for name, colours in (("mean", network.mean), ("std", network.std)):
            self.register_buffer(name, torch.tensor(colours).view(1, 3, 1, 1), persistent=False)

    def flat(self, image_size: int) -> int:
        """Numbers behind pool5 for a photo of that side; raises InputError where nothing is left of it."""
        if image_size < SMALLEST:
            raise InputError(
                f"image_size {image_size}", f"VGG halves a photo five times: {SMALLEST} at least"
            )
        return int(self.dim) * (image_size // SMALLEST) ** 2

    def forward(self, images: Tensor) -> Tensor:
        """Maps of the fourth stage."""
        maps: Tensor = self.maps(normalise(images, self.mean, self.std))
        return maps


def cut_vgg(
    name: str, weights: str = "random", width: float = 1.0, batch_norm: bool = False
) -> tuple[Trunk, nn.Sequential]:
    """The first four stages, and what follows: pool4, the convolutions of the fifth stage, pool5.

    Behind pool5 lie maps (N, dim, H/32, W/32); a network with several branches copies that part for each.
    name        vgg11 | vgg13 | vgg16 | vgg19
    weights     as of a Backbone; those learnt on ImageNet are of the published width
    width       share of the published channels
    batch_norm  behind every convolution, as torchvision's vgg16_bn has it
    Raises CheckpointError for weights that do not fit or cannot be had.
    """
    plan = [
        step if step == "M" else max(1, round(int(step) * width)) for step in models.vgg.cfgs[COLUMNS[name]]
    ]
    layers = models.vgg.make_layers(plan, batch_norm)
    for layer in layers:
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:  # as torchvision's VGG begins
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    network = Network(layers, plan[-2], (), renamed=_renamed)
    origin = fill(network, torchvision_weights, name + "_bn" * batch_norm, _of_width(weights, width))
    pools = [place for place, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
    end = pools[STAGES - 1]
    return Trunk(layers[:end], network, origin), layers[end:]


def _of_width(weights: str, width: float) -> str:
    """What "auto" is at a width for which nobody learnt weights."""
    if width == 1:
        return weights
    if weights == "imagenet":
        raise CheckpointError(f"imagenet weights at width {width}", "there are none but of width 1")
    return "random" if weights == "auto" else weights


def _renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state dict of torchvision's kind by the names within its `features`; other names stay."""
    return {
        name.removeprefix("features."): value
        for name, value in state.items()
        if not name.startswith("classifier.")
    }
