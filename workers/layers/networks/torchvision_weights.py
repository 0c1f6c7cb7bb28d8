"""Weights that torchvision's networks learnt on ImageNet, by the network's name."""

from pathlib import Path

import torch

from schemas.errors import CheckpointError
from workers.layers.networks.network import FirstWeights
from workers.lean_torchvision import models


def installed(name: str) -> bool:
    """Whether they lie in the cache of torch.hub."""
    return Path(
        torch.hub.get_dir(), "checkpoints", Path(models.get_model_weights(name).DEFAULT.url).name
    ).exists()


def pretrained(name: str) -> FirstWeights:
    """Those of its best recipe, which torchvision may download, and checks against the hash in their file's name.

    Raises CheckpointError where they cannot be had.
    """
    known = models.get_model_weights(name).DEFAULT
    try:
        state = known.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(f"{name} imagenet weights", f"cannot be had ({error})") from error
    return FirstWeights(state, f"torchvision:{known}")
