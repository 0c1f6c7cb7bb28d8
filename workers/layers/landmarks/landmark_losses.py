"""What landmarks that were told wrong cost: their places where they are seen, and whether they are.

true (N, L, 3) as in workers/contract/batch.py: x, y, and 1 visible, 0 hidden, -1 not known; where it is not
seen x and y may be anything, NaN too.
Source: Liu et al., "DeepFashion", CVPR 2016.
"""

import torch.nn.functional as F
from torch import Tensor

from workers.layers.known_mean import KnownMean
from workers.layers.landmarks.heat_maps import gaussians

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
SEEN, HIDDEN = 1, 0


class PlaceLoss(KnownMean):
    """places (N, L, 2) -> squared distance in half sides, mean over landmarks that are seen; 0 where none is."""

    def forward(self, places: Tensor, true: Tensor) -> Tensor:
        """Gradients to places alone that are seen."""
        known = seen(true)
        apart = (places - true[:, :, :2]).masked_fill(~known[:, :, None], 0)
        return self.mean(apart.square().sum(2), known)


class VisibilityLoss(KnownMean):
    """scores (N, L), a logistic's -> nats, mean over landmarks of which it is known; 0 where it is of none."""

    def forward(self, scores: Tensor, true: Tensor) -> Tensor:
        """Gradients to scores alone of which it is known."""
        cost = F.binary_cross_entropy_with_logits(scores, seen(true).to(scores.dtype), reduction="none")
        return self.mean(cost, true[:, :, 2] >= HIDDEN)


class HeatMapLoss(KnownMean):
    """heat (N, L, S, S) -> squared difference from Gaussians of `sigma` cells at the landmarks, sum over cells.

    Mean over landmarks that are seen; 0 where none is.
    """

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.sigma = sigma

    def forward(self, heat: Tensor, true: Tensor) -> Tensor:
        """Gradients to maps alone whose landmark is seen."""
        known = seen(true)
        wanted = gaussians(true[:, :, :2], heat.shape[-1], self.sigma)
        apart = (heat - wanted).masked_fill(~known[:, :, None, None], 0)
        return self.mean(apart.square().sum((2, 3)), known)


def seen(true: Tensor) -> Tensor:
    """(N, L) bool."""
    return true[:, :, 2] == SEEN
