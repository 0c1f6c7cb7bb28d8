"""Network in Network (Lin, Chen, Yan, ICLR 2014) as its authors drew it for ImageNet: a convolution and two of 1 x 1,
four times, with pooling between.

The last 1 x 1 convolution, a thousand classes wide, is the classifier and left out. Nobody packages its weights:
they are random, or a file's.
"""

from typing import NamedTuple

from torch import nn

from schemas.errors import CheckpointError
from workers.layers.networks.network import FirstWeights, Network

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
NAMES = ("nin",)


class Block(NamedTuple):
    """One convolution, and how many of 1 x 1 follow."""

    channels: int
    kernel: int
    stride: int
    padding: int
    pointwise: int


BLOCKS = (
    Block(96, 11, 4, 5, 2),  # padded, where the original is not: small photos keep a map, 224 px have 56 x 56
    Block(256, 5, 1, 2, 2),
    Block(384, 3, 1, 1, 2),
    Block(1024, 3, 1, 1, 1),
)


def network(name: str) -> Network:
    """From random weights (He et al., ICCV 2015, for ReLU)."""
    parts: list[nn.Module] = []
    channels = 3
    for block in BLOCKS:
        layers: list[nn.Module] = [nn.MaxPool2d(3, 2, ceil_mode=True)] if parts else []
        layers += [nn.Conv2d(channels, block.channels, block.kernel, block.stride, block.padding), nn.ReLU()]
        channels = block.channels
        for _ in range(block.pointwise):
            layers += [nn.Conv2d(channels, channels, 1), nn.ReLU()]
        parts.append(nn.Sequential(*layers))
    maps = nn.Sequential(*parts)
    for module in maps.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            assert module.bias is not None
            nn.init.zeros_(module.bias)
    return Network(maps, channels, tuple(parts))


def installed(name: str) -> bool:
    """Never."""
    return False


def pretrained(name: str) -> FirstWeights:
    """Raises CheckpointError: there is no package of them."""
    raise CheckpointError(f"{name} imagenet weights", "are in no package; give a file, or weights=random")
