"""Features at landmarks: the largest responses around each that is seen, and nothing at one that is not.

Source: Liu et al., "DeepFashion", CVPR 2016. Unlike in RoI pooling the landmarks stay beside
each other in one tensor, so that a layer above sees how they lie together; backwards, as there, a gradient goes to the
cell that was largest and to no other.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


class LandmarkPooling(nn.Module):
    """Max-pool a window of bins x bins around each landmark, each bin of cells x cells cells of the maps.

    The window's middle is the cell that the landmark lies in, or, of one outside the picture, the nearest; with an
    even side the window reaches one cell further up and left. Of a bin that hangs over the edge the part within counts;
    one that is wholly outside is 0, as in RoI pooling.
    """

    def __init__(self, bins: int, cells: int) -> None:
        super().__init__()
        self.bins, self.cells = bins, cells

    def forward(self, maps: Tensor, places: Tensor, seen: Tensor) -> Tensor:
        """maps (N, C, H, W), places (N, L, 2) x and y in half sides, seen (N, L) bool -> (N, C, L, bins, bins).

        Places and seen get no gradient: the one is rounded, the other is a gate.
        """
        landmarks, (height, width) = places.shape[1], maps.shape[2:]
        before = self.bins * self.cells // 2
        after = self.bins * self.cells - 1 - before
        padded = F.pad(maps, (before, after, before, after), value=float("-inf"))
        largest = F.max_pool2d(padded, self.cells, stride=1)  # at every place where a bin could begin
        steps = torch.arange(self.bins, device=maps.device) * self.cells
        columns = _cell(places[:, :, 0], width)[:, :, None] + steps  # (N, L, bins)
        rows = _cell(places[:, :, 1], height)[:, :, None] + steps
        chosen = (rows[:, :, :, None] * largest.shape[3] + columns[:, :, None]).flatten(1)
        responses = largest.flatten(2).gather(2, chosen[:, None].expand(-1, maps.shape[1], -1))
        responses = responses.view(*maps.shape[:2], landmarks, self.bins, self.bins)
        nothing = responses.isneginf() | ~seen[:, None, :, None, None]
        return responses.masked_fill(nothing, 0)


def _cell(places: Tensor, count: int) -> Tensor:
    """Which of `count` cells along a side, -1..1, a place lies in."""
    return ((places.detach() + 1) * (count / 2)).floor().long().clamp(0, count - 1)
