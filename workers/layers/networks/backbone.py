"""The network of a method: which one, and where its first weights come from."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from schemas.errors import CheckpointError, InputError
from workers.layers.networks import alexnet, efficientnet_lite, googlenet, nin, resnet, timm_network
from workers.layers.networks.network import Family, FirstWeights, Network, WeightsSource
from workers.layers.networks.weights_file import read
from workers.layers.pixels import normalise

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
FAMILIES: dict[str, Family] = {
    **dict.fromkeys(resnet.NAMES, resnet),
    **dict.fromkeys(efficientnet_lite.NAMES, efficientnet_lite),
    **dict.fromkeys(googlenet.NAMES, googlenet),
    **dict.fromkeys(nin.NAMES, nin),
    **dict.fromkeys(alexnet.NAMES, alexnet),
}
BACKBONES = tuple(FAMILIES)


class Backbone(nn.Module):
    """images (N, 3, H, W) uint8, or float in 0..1 -> maps (N, D, H/32, W/32) of the network's last stage.

    backbone  resnet18 | resnet50 | efficientnet_lite0 | efficientnet_lite2 | googlenet | nin | alexnet | timm:<name>
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
        self.origin = fill(network, family, backbone, weights)
        self.maps, self.dim, self.depths = network.maps, network.dim, network.depths
        self._instead: list[nn.Module] = []  # a list, so that torch does not see a module
        self._reads_pixels = False
        self.drawn_in = family.network.__module__
        self.normalisation = network.normalisation
        for name, colours in (("mean", network.mean), ("std", network.std)):
            self.register_buffer(name, torch.tensor(colours).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Feature maps of the last stage."""
        network = self._instead[0] if self._instead else self.maps
        maps: Tensor = network(images if self._reads_pixels else normalise(images, self.mean, self.std))
        return maps

    def use(self, network: nn.Module | None, *, reads_pixels: bool = False) -> None:
        """Compute by another module that gives the same maps; None: by `maps` again.

        The other one is no part of this one: neither of its state nor of its modes.

        reads_pixels  it is given images as they come, not normalised
        """
        self._instead = [network] if network is not None else []
        self._reads_pixels = reads_pixels


def installed(backbone: str) -> bool:
    """Whether weights that it learnt on ImageNet are on this machine. Raises InputError for an unknown network."""
    return _family(backbone).installed(backbone)


def _family(backbone: str) -> Family:
    if backbone.startswith(timm_network.PREFIX):
        return timm_network
    if backbone in FAMILIES:
        return FAMILIES[backbone]
    raise InputError(
        f"backbone {backbone}", f"there are {', '.join(BACKBONES)} and {timm_network.PREFIX}<name>"
    )


def fill(network: Network, source: WeightsSource, name: str, weights: str) -> str:
    """Put the first weights of a Backbone's setting `weights` into a network; returns where they came from.

    Raises CheckpointError for weights that do not fit or cannot be had.
    """
    first = _first_weights(source, name, weights)
    if first is None:
        return "random"
    what = name if weights in ("auto", "imagenet") else weights
    state: Mapping[str, Any] = network.renamed(first.state)
    try:
        missing, surplus = network.maps.load_state_dict(state, strict=False)
    except RuntimeError as error:
        why = str(error).splitlines()[-1].strip()
        raise CheckpointError(what, f"weights of another shape: {why}") from error
    if missing or surplus:
        counted = f"{len(missing)} missing, {len(surplus)} unknown"
        raise CheckpointError(what, f"weights of another network ({counted})")
    return first.origin


def _first_weights(source: WeightsSource, name: str, weights: str) -> FirstWeights | None:
    """None for random ones."""
    if weights == "random" or (weights == "auto" and not source.installed(name)):
        return None
    if weights in ("imagenet", "auto"):
        return source.pretrained(name)
    state, sha256 = read(weights)
    return FirstWeights(state, f"file:{sha256}")
