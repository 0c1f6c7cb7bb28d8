"""The network of a method: which one, and where its first weights come from."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from schemas.errors import CheckpointError, InputError
from workers.layers import efficientnet_lite, resnet, timm_network
from workers.layers.network import Colours, Family, FirstWeights, Network
from workers.layers.pixels import normalise
from workers.layers.weights_file import read

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
BACKBONES = (*resnet.NAMES, *efficientnet_lite.NAMES)


class Backbone(nn.Module):
    """images (N, 3, H, W) uint8, or float in 0..1 -> maps (N, D, H/32, W/32) of the network's last stage.

    backbone  resnet18 | resnet50 | efficientnet_lite0 | efficientnet_lite2 | timm:<name>
    weights   "imagenet": learnt there; the network's family may download them
              "auto":     those if they are on this machine, else random; never downloads
              "random":   as the family initialises
              else:       path of a state-dict file
    origin         which weights it became, with package, version, licence and hash as far as they are known
    depths         its parts in the order in which photos pass them
    drawn_in       file of its family: the network's own parts may be a library's
    normalisation  what it takes from pixels and divides them by, as it enters the fingerprint
    Raises InputError for an unknown network, CheckpointError for weights that do not fit or cannot be had.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: str, weights: str = "random") -> None:
        super().__init__()
        family = _family(backbone)
        network = family.network(backbone)
        first = _first_weights(family, backbone, weights)
        if first:
            _fill(network, first, backbone if weights in ("auto", "imagenet") else weights)
        self.origin = first.origin if first else "random"
        self.maps, self.dim, self.depths = network.maps, network.dim, network.depths
        self.drawn_in = family.network.__module__
        self.normalisation = f"mean {_rounded(network.mean)} std {_rounded(network.std)}"
        for name, colours in (("mean", network.mean), ("std", network.std)):
            self.register_buffer(name, torch.tensor(colours).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Feature maps of the last stage."""
        maps: Tensor = self.maps(normalise(images, self.mean, self.std))
        return maps


def installed(backbone: str) -> bool:
    """Whether weights that it learnt on ImageNet are on this machine. Raises InputError for an unknown network."""
    return _family(backbone).installed(backbone)


def _family(backbone: str) -> Family:
    if backbone.startswith(timm_network.PREFIX):
        return timm_network
    if backbone in resnet.NAMES:
        return resnet
    if backbone in efficientnet_lite.NAMES:
        return efficientnet_lite
    raise InputError(
        f"backbone {backbone}", f"there are {', '.join(BACKBONES)} and {timm_network.PREFIX}<name>"
    )


def _first_weights(family: Family, backbone: str, weights: str) -> FirstWeights | None:
    """None for random ones."""
    if weights == "random" or (weights == "auto" and not family.installed(backbone)):
        return None
    if weights in ("imagenet", "auto"):
        return family.pretrained(backbone)
    state, sha256 = read(weights)
    return FirstWeights(state, f"file:{sha256}")


def _fill(network: Network, first: FirstWeights, what: str) -> None:
    state: Mapping[str, Any] = network.renamed(first.state)
    try:
        missing, surplus = network.maps.load_state_dict(state, strict=False)
    except RuntimeError as error:
        why = str(error).splitlines()[-1].strip()
        raise CheckpointError(what, f"weights of another shape: {why}") from error
    if missing or surplus:
        counted = f"{len(missing)} missing, {len(surplus)} unknown"
        raise CheckpointError(what, f"weights of another network ({counted})")


def _rounded(colours: Colours) -> str:
    return " ".join(f"{value:.6g}" for value in colours)
