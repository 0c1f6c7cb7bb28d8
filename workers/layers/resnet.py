"""torchvision's ResNets (He et al., CVPR 2016), and its weights learnt on ImageNet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision.models import get_model, get_model_weights

from schemas.errors import CheckpointError
from workers.layers.network import FirstWeights, Network

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
NAMES = ("resnet18", "resnet50")
PARTS = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")


def network(name: str) -> Network:
    """As torchvision initialises it."""
    net = get_model(name, weights=None)
    maps = nn.Sequential(*(getattr(net, part) for part in PARTS))
    depths = (maps[:4], *list(maps)[4:])
    return Network(maps, net.fc.in_features, depths, renamed=renamed)


def installed(name: str) -> bool:
    """Whether torchvision's weights lie in the cache of torch.hub."""
    return Path(torch.hub.get_dir(), "checkpoints", Path(get_model_weights(name).DEFAULT.url).name).exists()


def pretrained(name: str) -> FirstWeights:
    """Torchvision's weights, which it may download, and then checks against the hash in their file's name."""
    known = get_model_weights(name).DEFAULT
    try:
        state = known.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(f"{name} imagenet weights", f"cannot be had ({error})") from error
    return FirstWeights(state, f"torchvision:{known}")


def renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state dict of torchvision's kind by the number of each part, without the classifier; other names stay."""
    numbers = {part: str(number) for number, part in enumerate(PARTS)}
    split = ((name.split(".", 1), value) for name, value in state.items() if not name.startswith("fc."))
    return {".".join([numbers.get(first, first), *rest]): value for (first, *rest), value in split}
