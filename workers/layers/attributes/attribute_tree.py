"""Attributes of several kinds, told from one vector by a branch for each kind.

Source: Huang et al., "Cross-domain Image Retrieval with a Dual Attribute-aware Ranking Network", ICCV 2015, section 3.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
Groups = Sequence[Sequence[int]]


class AttributeTree(nn.Module):
    """vectors (N, D) -> a score (N, A) for each attribute, the higher within its kind the likelier.

    groups  places of the attributes of each kind; every place once
    """

    places: Tensor

    def __init__(self, dim: int, width: int, groups: Groups) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Linear(width, len(group))) for group in groups
        )
        order = [place for group in groups for place in group]
        places = torch.empty(len(order), dtype=torch.int64)
        places[order] = torch.arange(len(order))
        self.register_buffer("places", places, persistent=False)  # of each attribute in the branches' order

    def forward(self, vectors: Tensor) -> Tensor:
        """Scores in the order of the attributes."""
        told = [branch(vectors).float() for branch in self.branches]
        return torch.cat(told, 1)[:, self.places] if told else vectors.new_zeros(len(vectors), 0)


def group_loss(scores: Tensor, hot: Tensor, groups: Groups) -> Tensor:
    """Cross-entropy of the values of each kind, nats, mean over the photos of which one is known, summed over kinds.

    scores, hot  (N, A): hot says which attributes a photo has
    A kind of which a photo has no value is not known of it: it adds nothing, and moves nothing.
    """
    total = scores.sum() * 0
    for group in groups:
        places = list(group)
        true = hot[:, places].to(scores.dtype)
        counts = true.sum(1, keepdim=True)
        cost = -(true / counts.clamp_min(1) * F.log_softmax(scores[:, places], 1)).sum(1)
        total = total + cost.sum() / (counts[:, 0] > 0).sum().clamp_min(1)
    return total
