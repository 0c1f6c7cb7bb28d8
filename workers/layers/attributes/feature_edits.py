"""Vectors moved to where the photo would lie with another value of an attribute, and who tells them from photos' own.

Source: Shin, Park, Kim, "Semi-supervised Feature-Level Attribute Manipulation for Fashion Image Retrieval", BMVC 2019,
equations 9 and 10.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers.layers.unit_vectors import spread

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
LEAK = 0.2  # of the discriminator's activations


class Generator(nn.Module):
    """Equation 9: G(x, a).

    condition  length of a
    residual   whether x is added to what the layers give, so that what they leave alone stays
    """

    def __init__(self, dim: int, condition: int, hidden: int, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        self.layers = nn.Sequential(
            nn.Linear(dim + condition, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, dim),
        )  # fmt: skip

    def forward(self, vectors: Tensor, condition: Tensor) -> Tensor:
        """vectors (N, D), condition (N, C) -> vectors (N, D), both of length 1."""
        moved = self.layers(torch.cat([spread(vectors), condition], 1)).float()
        return F.normalize(vectors + moved if self.residual else moved, dim=1)


class Discriminator(nn.Module):
    """vectors (N, D) -> (N,): D's logit, above 0 where it takes the vector for a photo's own."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(dim, hidden), nn.LeakyReLU(LEAK),
            nn.Linear(hidden, hidden), nn.LeakyReLU(LEAK),
            nn.Linear(hidden, 1),
        )  # fmt: skip

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits."""
        told: Tensor = self.layers(spread(vectors)).float()[:, 0]
        return told


def told_apart(real: Tensor, made: Tensor) -> Tensor:
    """Equation 10 as the discriminator's loss, -(E log D(x) + E log(1 - D(G))), of its logits (N,); nats."""
    return F.softplus(-real).mean() + F.softplus(made).mean()


def taken_for_real(made: Tensor) -> Tensor:
    """-E log D(G): what the generator lowers in the place of E log(1 - D(G)), which has no slope where D is sure.

    Source: Goodfellow et al., "Generative Adversarial Nets", 2014, section 3.
    """
    return F.softplus(-made).mean()


def in_slots(values: Tensor, kinds: Tensor, count: int) -> Tensor:
    """values (N, E) of the kinds (N,) -> (N, count E): each in the place of its kind among zeros."""
    slots = values.new_zeros(len(values), count, values.shape[1])
    slots[torch.arange(len(values), device=values.device), kinds] = values
    return slots.flatten(1)
