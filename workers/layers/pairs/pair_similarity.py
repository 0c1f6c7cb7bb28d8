"""Whether two photos show one product, told from their features side by side, by a network that categories change.

Source: Hadi Kiapour, Han, Lazebnik, Berg, Berg, "Where to Buy It: Matching Street Clothing Photos in Online Shops",
ICCV 2015, section 4.3.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
GENERAL = -1  # the category of a pair of which it is not known


class PairSimilarity(nn.Module):
    """Three layers that end in two scores, no match and match; the last two are each category's own.

    A category's layers are the general ones and what is added to them, nothing at first: learning what is added while
    the rest is frozen is fine-tuning a copy.
    """

    def __init__(self, dim: int, hidden: int, categories: int) -> None:
        super().__init__()
        self.first, self.second, self.last = (
            nn.Linear(2 * dim, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 2),
        )  # fmt: skip
        shapes = [part.shape for layer in (self.second, self.last) for part in layer.parameters()]
        self.added = nn.ParameterList(nn.Parameter(torch.zeros(categories, *shape)) for shape in shapes)

    @property
    def general(self) -> list[nn.Parameter]:
        """What is learnt of all categories together."""
        return [part for layer in (self.first, self.second, self.last) for part in layer.parameters()]

    def forward(self, queries: Tensor, gallery: Tensor, categories: Tensor) -> Tensor:
        """queries, gallery (M, D), categories (M,), GENERAL where not known -> scores (M, 2), a softmax's."""
        first = F.relu(self.first(torch.cat([queries, gallery], 1)))
        scores = queries.new_zeros(len(queries), 2, dtype=torch.float32)
        for category in torch.unique(categories).tolist():
            rows = (categories == category).nonzero()[:, 0]
            scores = scores.index_add(0, rows, self._told(first[rows], category).float())
        return scores

    def _told(self, first: Tensor, category: int) -> Tensor:
        parts: list[Tensor] = [*self.second.parameters(), *self.last.parameters()]
        if category != GENERAL:
            parts = [part + added[category] for part, added in zip(parts, self.added, strict=True)]
        second, second_bias, last, last_bias = parts
        return F.linear(F.relu(F.linear(first, second, second_bias)), last, last_bias)
