"""Cross-entropies of labels that are not all known."""

import torch
import torch.nn.functional as F
from torch import Tensor

from workers.layers.known_mean import KnownMean

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


class KnownCrossEntropy(KnownMean):
    """Of one label of K: scores (N, K), labels (N,), -1 where it is not known -> nats, mean over those known."""

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        """0 where none is known."""
        known = labels >= 0
        return self.mean(F.cross_entropy(scores, labels.clamp_min(0), reduction="none"), known)


class WeightedCrossEntropy(KnownMean):
    """Of attributes of which few are true: w_pos weighs those that are, w_neg those that are not.

    Source: Liu et al., "DeepFashion", CVPR 2016: one pair of weights for all attributes, set by how many labels of the
    training set are true and how many are not. Here each is the other side's share of all labels, so that both sides
    weigh the same in all (?); 1 and 1 until `count` is called.
    """

    positive: Tensor
    negative: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("positive", "negative"):
            self.register_buffer(name, torch.ones(()), persistent=False)

    def count(self, photos: Tensor, of: int) -> None:
        """photos (A,): how many have each attribute, `of` all."""
        share = photos.sum().double() / max(of * len(photos), 1)
        self.positive.copy_(1 - share)
        self.negative.copy_(share)

    def forward(self, scores: Tensor, hot: Tensor) -> Tensor:
        """scores (N, A), hot (N, A) bool -> nats, sum over attributes, mean over photos that have one at least.

        A photo without any says nothing: nobody knows whether it was looked at.
        """
        weights = torch.where(hot, self.positive, self.negative).to(scores.dtype)
        cost = F.binary_cross_entropy_with_logits(scores, hot.to(scores.dtype), weights, reduction="none")
        return self.mean(cost.sum(1), hot.any(1))
