"""What every backbone says of itself, whoever drew it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from torch import nn

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # as torchvision's weights expect
Colours = tuple[float, float, float]


@dataclass(frozen=True)
class Network:
    """A network without its classifier, from random weights.

    maps       images (N, 3, H, W), less `mean` and by `std` -> maps (N, dim, H/32, W/32)
    dim        D of its maps
    depths     its parts in the order in which photos pass them
    mean, std  of red, green and blue in 0..1, as its published weights expect them
    renamed    a foreign state dict -> one of `maps`, without the classifier; None: the names are those of `maps`
    """

    maps: nn.Module
    dim: int
    depths: tuple[nn.Module, ...]
    mean: Colours = IMAGENET_MEAN
    std: Colours = IMAGENET_STD
    renamed: Callable[[Mapping[str, Any]], dict[str, Any]] = dict

    @property
    def normalisation(self) -> str:
        """What it takes from pixels and divides them by, as it enters the fingerprint."""
        mean, std = (" ".join(f"{value:.6g}" for value in colours) for colours in (self.mean, self.std))
        return f"mean {mean} std {std}"


@dataclass(frozen=True)
class FirstWeights:
    """A state dict, and in words where it came from: package, version, licence, hash, as far as they are known."""

    state: Mapping[str, Any]
    origin: str


class WeightsSource(Protocol):
    """Where weights learnt on ImageNet come from."""

    def installed(self, name: str) -> bool:
        """Whether those of a network are on this machine."""

    def pretrained(self, name: str) -> FirstWeights:
        """Those of a network, downloaded where the source does that; CheckpointError where they cannot be had."""


class Family(WeightsSource, Protocol):
    """Networks that are drawn and found in the same way: a module of this folder."""

    def network(self, name: str) -> Network:
        """The network of this name, from random weights."""
