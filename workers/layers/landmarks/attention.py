"""Attention over feature maps that can add to them and take nothing away."""

import torch.nn.functional as F
from torch import Tensor, nn

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


class BottomUpTopDown(nn.Module):
    """maps (N, C, H, W) -> attention (N, C, H, W) in 0..1, from a neighbourhood four times as wide.

    Down to a quarter of either side and up again, `hidden` channels inside. Source: Wang et al., "Attentive Fashion
    Grammar Network", CVPR 2018, for down, a convolution, up; how many of them and how wide is our choice.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, hidden, 3, padding=1)
        self.second = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.middle = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.third = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.last = nn.Conv2d(hidden, channels, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """Twice down, once across, twice up."""
        half = _halved(self.first(maps).relu())
        quarter = _halved(self.second(half).relu())
        inside = self.middle(quarter).relu()
        up = self.third(_resized(inside, half)).relu()
        attention: Tensor = self.last(_resized(up, maps)).sigmoid()
        return attention


def attended(maps: Tensor, *attentions: Tensor) -> Tensor:
    """(1 + A + B + ...) o maps: each attention (N, C, H, W), or (N, 1, H, W) for all channels alike."""
    gain = sum(attentions[1:], attentions[0]) + 1
    return gain * maps


def _halved(maps: Tensor) -> Tensor:
    return F.max_pool2d(maps, 2, ceil_mode=True)


def _resized(maps: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(maps, size=like.shape[2:], mode="bilinear", align_corners=False)
