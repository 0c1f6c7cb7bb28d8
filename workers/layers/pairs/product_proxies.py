"""A vector for each product, which its photos are drawn to and others' pushed from: Proxy-Anchor.

Source: Kim, Kim, Cho, Kwak, "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020, equation 4.
pytorch-metric-learning has the loss for classes numbered from 0, each with a proxy; here products are numbers of 63
bits and come as training meets them, so the proxies that no product owns yet must stay out of it. On proxies that
are all owned the two are equal, and tested to be.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schemas.errors import InputError

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
NOBODY = -1


def anchored(similar: Tensor, own: Tensor, scale: float, margin: float) -> Tensor:
    """The loss of photos against proxies.

    similar  (N, P) cosines; own (N, P) bool, whether a proxy is that of the photo's product
    Returns  mean over proxies with a photo here of log(1 + sum over their photos of exp(-scale (s - margin))), and mean
             over all proxies of log(1 + sum over the other photos of exp(scale (s + margin))), added.
    """
    least = float("-inf")
    near = (-scale * (similar - margin)).masked_fill(~own, least)
    far = (scale * (similar + margin)).masked_fill(own, least)
    nothing = similar.new_zeros(1, similar.shape[1])  # the 1 in the logarithm
    positive, negative = (torch.cat([nothing, terms]).logsumexp(0) for terms in (near, far))
    present = own.any(0)
    return positive[present].sum() / present.sum().clamp_min(1) + negative.mean()


class ProductProxies(nn.Module):
    """At most `most` products with a proxy each, given out as training meets them.

    Proxies and their owners are part of the checkpoint: a training that goes on gives the same ones out.
    """

    owners: Tensor

    def __init__(self, most: int, dim: int, scale: float, margin: float) -> None:
        super().__init__()
        self.scale, self.margin = scale, margin
        self.vectors = nn.Parameter(torch.empty(most, dim))
        nn.init.kaiming_normal_(self.vectors, mode="fan_out")
        self.register_buffer("owners", torch.full((most,), NOBODY))

    def learnt(self, vectors: Tensor, products: Tensor) -> Tensor:
        """The loss of photos (N, D), which show products (N,), against every proxy that has an owner.

        Products met for the first time get one. Raises InputError where there are more products than proxies.
        """
        self._admit(products)
        owned = self.owners != NOBODY
        proxies = F.normalize(self.vectors[owned], dim=1)
        own = products[:, None] == self.owners[owned][None]
        return anchored(vectors @ proxies.T, own, self.scale, self.margin)

    def judged(self, vectors: Tensor, products: Tensor) -> Tensor:
        """The loss of photos of products that have no proxy: the mean of a product's photos here is in its place."""
        distinct, number = torch.unique(products, return_inverse=True)
        own = number[:, None] == torch.arange(len(distinct), device=number.device)
        proxies = F.normalize(own.to(vectors.dtype).T @ vectors, dim=1)
        return anchored(vectors @ proxies.T, own, self.scale, self.margin)

    @torch.no_grad()
    def _admit(self, products: Tensor) -> None:
        new = torch.unique(products)  # ascending, the same on every worker
        new = new[~torch.isin(new, self.owners)]
        free = (self.owners == NOBODY).nonzero()[:, 0]
        if len(new) > len(free):
            raise InputError(
                f"{len(self.owners):,} proxies",
                "are fewer than the products to learn from: set more `proxies`",
            )
        self.owners[free[: len(new)]] = new
