"""A vector of a photo for each kind of attribute, near the dictionary's entry for the value that the photo has.

Source: Shin, Park, Kim, "Semi-supervised Feature-Level Attribute Manipulation for Fashion Image Retrieval", BMVC 2019,
arXiv 1907.05007.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers.layers.known_mean import KnownMean

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


class AttributeDictionary(nn.Module):
    """vectors (N, D) -> phi (N, K, E), of length 1: one for each of K kinds.

    groups   places of the attributes of each kind; every place once
    entries  (A, E), learnt from random ones; what counts of each is its direction
    """

    def __init__(self, dim: int, hidden: int, width: int, groups: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.embedders = nn.ModuleList(
            nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, width)) for _ in groups
        )
        self.entries = nn.Parameter(torch.randn(sum(map(len, groups)), width))
        self.groups = [list(group) for group in groups]

    def forward(self, vectors: Tensor) -> Tensor:
        """Of each kind where the photo lies among its values."""
        return F.normalize(torch.stack([part(vectors).float() for part in self.embedders], 1), dim=2)

    def entry(self, place: int) -> Tensor:
        """(E,) of an attribute, of length 1."""
        return F.normalize(self.entries[place], dim=0)

    def likeness(self, embedded: Tensor) -> Tensor:
        """phi (N, K, E) -> (N, A): the cosine of each attribute's entry and phi of its kind."""
        alike = embedded.new_empty(len(embedded), len(self.entries))
        entries = F.normalize(self.entries, dim=1)
        for kind, places in enumerate(self.groups):  # no matrix product, which autocast would round
            alike[:, places] = (embedded[:, kind, None] * entries[places]).sum(2)
        return alike

    def known(self, hot: Tensor) -> Tensor:
        """hot (N, A) bool -> (N, K): whether a value of the kind is known of the photo."""
        return torch.stack([hot[:, places].any(1) for places in self.groups], 1)


class DictionaryTriplets(KnownMean):
    """Equation 8: phi is nearer to the entries of the photo's own values than to those of other values of the kind."""

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, likeness: Tensor, hot: Tensor, groups: Sequence[Sequence[int]]) -> Tensor:
        """likeness, hot (N, A) -> mean of max(0, margin + d(phi, own) - d(phi, other)), summed over kinds.

        d is the squared distance of two vectors of length 1: 2 less twice their cosine. Of a kind of which nothing is
        known of a photo there are no triplets.
        """
        total = likeness.sum() * 0
        for places in map(list, groups):
            distance, own = 2 - 2 * likeness[:, places], hot[:, places]
            cost = F.relu(self.margin + distance[:, :, None] - distance[:, None])
            total = total + self.mean(cost, own[:, :, None] & ~own[:, None])
        return total
