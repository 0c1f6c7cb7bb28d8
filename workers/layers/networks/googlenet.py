"""torchvision's GoogLeNet (Szegedy et al., CVPR 2015, with batch normalisation), and its weights learnt on ImageNet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from schemas.errors import CheckpointError
from workers.layers.networks.network import FirstWeights, Network
from workers.lean_torchvision import models

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
NAMES = ("googlenet",)
DIM = 1024
MEAN, STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)  # what torchvision's `transform_input` makes of ImageNet's
STAGES = (
    ("conv1", "maxpool1"),
    ("conv2", "conv3", "maxpool2"),
    ("inception3a", "inception3b", "maxpool3"),
    ("inception4a", "inception4b", "inception4c", "inception4d", "inception4e", "maxpool4"),
    ("inception5a", "inception5b"),
)
PARTS = tuple(part for stage in STAGES for part in stage)


def network(name: str) -> Network:
    """As torchvision initialises it, without the two classifiers at half height, which train it alone."""
    net = models.googlenet(weights=None, aux_logits=False, init_weights=True)
    maps = nn.Sequential(*(getattr(net, part) for part in PARTS))
    depths = tuple(nn.Sequential(*(getattr(net, part) for part in stage)) for stage in STAGES)
    return Network(maps, DIM, depths, MEAN, STD, renamed)


def installed(name: str) -> bool:
    """Whether torchvision's weights lie in the cache of torch.hub."""
    return Path(torch.hub.get_dir(), "checkpoints", Path(models.GoogLeNet_Weights.DEFAULT.url).name).exists()


def pretrained(name: str) -> FirstWeights:
    """Torchvision's weights, which it may download, and then checks against the hash in their file's name."""
    known = models.GoogLeNet_Weights.DEFAULT
    try:
        state = known.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(f"{name} imagenet weights", f"cannot be had ({error})") from error
    return FirstWeights(state, f"torchvision:{known}")


def renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state dict of torchvision's kind by the number of each part, without classifiers; other names stay."""
    numbers = {part: str(number) for number, part in enumerate(PARTS)}
    split = (
        (name.split(".", 1), value)
        for name, value in state.items()
        if not name.startswith(("fc.", "aux1.", "aux2."))
    )
    return {".".join([numbers.get(first, first), *rest]): value for (first, *rest), value in split}
