"""The triplet loss between photos of one product and of others.

Source: Schroff, Kalenichenko and Philbin, "FaceNet", CVPR 2015, equation 1, over every triplet of the batch.
"""

import torch
from torch import Tensor

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


def triplet_loss(vectors: Tensor, products: Tensor, margin: float) -> Tensor:
    """vectors (N, D), products (N,) -> mean of max(0, margin + d(x, x+) - d(x, x-)), d the squared distance.

    Over all triplets of a photo x, another x+ of its product and one x- of another; 0 where there are none. Every
    triplet is held in memory: N^3 numbers.
    """
    with torch.autocast(vectors.device.type, enabled=False):
        vectors = vectors.float()
        squares = vectors.square().sum(1)
        distances = (squares[:, None] + squares - 2 * vectors @ vectors.T).clamp_min(0)
    same = products[:, None] == products
    other = ~torch.eye(len(products), dtype=torch.bool, device=products.device)
    triplets = (same & other)[:, :, None] & ~same[:, None]
    cost = (margin + distances[:, :, None] - distances[:, None]).clamp_min(0)
    return cost.masked_fill(~triplets, 0).sum() / triplets.sum().clamp_min(1)
