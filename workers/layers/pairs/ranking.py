"""Photos of one product nearer than photos of others: which pairs of a batch are which, and triplets of them.

Source of the triplet's hinge: Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015, equation 3.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


class Pairs(NamedTuple):
    """right, wrong (Q, G) bool: whether query and gallery photo show one product, or two."""

    right: Tensor
    wrong: Tensor


def pairs_across(queries: Tensor, gallery: Tensor) -> Pairs:
    """Pairs of two sets of photos, such as customers' and a shop's; products (Q,) and (G,) int64."""
    right = queries[:, None] == gallery[None]
    return Pairs(right, ~right)


def pairs_within(products: Tensor) -> Pairs:
    """Pairs of one set of photos (N,) with itself; a photo is in no pair with itself."""
    right = products[:, None] == products[None]
    itself = torch.eye(len(products), dtype=torch.bool, device=products.device)
    return Pairs(right & ~itself, ~right)


def hardest(similar: Tensor, wrong: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Of each query the `count` wrong photos that are most like it.

    similar  (Q, G); wrong (Q, G) bool
    Returns  places (Q, K) in the gallery, and (Q, K) bool where there is such a photo; K is `count`, cut to G.
    """
    masked = similar.detach().masked_fill(~wrong, float("-inf"))
    places = masked.topk(min(count, masked.shape[1]), 1).indices
    return places, wrong.gather(1, places)


def triplet_loss(queries: Tensor, gallery: Tensor, pairs: Pairs, margin: float, hard: bool = False) -> Tensor:
    """Mean over triplets of max(0, margin + d(query, right) - d(query, wrong)), d the squared Euclidean distance.

    queries  (Q, D), gallery (G, D)
    hard     of each right pair the nearest wrong photo alone; else all of them
    Returns 0 where there is no triplet, with a gradient of 0.
    """
    distance = (queries[:, None] - gallery[None]).square().sum(2)  # exact where two photos are one
    if hard:
        nearest = distance.masked_fill(~pairs.wrong, float("inf")).amin(1, keepdim=True)
        valid = pairs.right & pairs.wrong.any(1, keepdim=True)
        cost = F.relu(margin + distance - nearest.nan_to_num(posinf=0.0))
    else:
        valid = pairs.right[:, :, None] & pairs.wrong[:, None, :]  # (Q, G, G)
        cost = F.relu(margin + distance[:, :, None] - distance[:, None, :])
    return cost.masked_fill(~valid, 0).sum() / valid.sum().clamp_min(1)
