"""torchvision's ResNets (He et al., CVPR 2016), and its weights learnt on ImageNet."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from workers.layers.networks import torchvision_weights
from workers.layers.networks.network import FirstWeights, Network
from workers.lean_torchvision import models

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
NAMES = ("resnet18", "resnet50")
PARTS = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")


def network(name: str) -> Network:
    """As torchvision initialises it."""
    net = models.get_model(name, weights=None)
    maps = nn.Sequential(*(getattr(net, part) for part in PARTS))
    depths = (maps[:4], *list(maps)[4:])
    return Network(maps, net.fc.in_features, depths, renamed=renamed)


def installed(name: str) -> bool:
    """Whether torchvision's weights lie in the cache of torch.hub."""
    return torchvision_weights.installed(name)


def pretrained(name: str) -> FirstWeights:
    """Torchvision's weights, which it may download. Raises CheckpointError where they cannot be had."""
    return torchvision_weights.pretrained(name)


def renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state dict of torchvision's kind by the number of each part, without the classifier; other names stay."""
    numbers = {part: str(number) for number, part in enumerate(PARTS)}
    split = ((name.split(".", 1), value) for name, value in state.items() if not name.startswith("fc."))
    return {".".join([numbers.get(first, first), *rest]): value for (first, *rest), value in split}
