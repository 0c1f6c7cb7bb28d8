"""torchvision's AlexNet (Krizhevsky, 2014, "One weird trick") up to its first fully connected layer, fc6.

fc6 is a convolution of all 6 x 6 cells here, which is the same: what comes out is one cell of 4096 numbers, whatever
the photo's size is, from 63 px on.
"""

from collections.abc import Mapping
from typing import Any

from torch import nn

from workers.layers.networks import torchvision_weights
from workers.layers.networks.network import FirstWeights, Network
from workers.lean_torchvision import models

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
NAMES = ("alexnet",)
DIM = 4096
CELLS = 6  # a side, of the maps that fc6 sees
FC6 = "classifier.1."  # its name in torchvision's state dict


def network(name: str) -> Network:
    """As torch initialises it, with ReLU behind fc6 and no dropout."""
    features = models.alexnet(weights=None).features
    fc6 = nn.Sequential(nn.AdaptiveAvgPool2d(CELLS), nn.Conv2d(256, DIM, CELLS), nn.ReLU())
    return Network(nn.Sequential(features, fc6), DIM, (features, fc6), renamed=renamed)


def installed(name: str) -> bool:
    """Whether torchvision's weights lie in the cache of torch.hub."""
    return torchvision_weights.installed(name)


def pretrained(name: str) -> FirstWeights:
    """Torchvision's weights, which it may download; CheckpointError where they cannot be had."""
    return torchvision_weights.pretrained(name)


def renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state dict of torchvision's kind by the names of `network`, without fc7 and fc8; other names stay."""
    ours = {}
    for name, value in state.items():
        if name.startswith("features."):
            ours[name.replace("features.", "0.", 1)] = value
        elif name.startswith(FC6):
            kernel = value.reshape(DIM, 256, CELLS, CELLS) if value.ndim == 2 else value
            ours[name.replace(FC6, "1.1.", 1)] = kernel
        elif not name.startswith("classifier."):
            ours[name] = value
    return ours
