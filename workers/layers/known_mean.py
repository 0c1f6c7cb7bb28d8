"""The mean of what is known, over a batch that may lie on several workers."""

import torch
from torch import Tensor, nn

from workers.layers.joined_batch import summed, workers

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


class KnownMean(nn.Module):
    """What losses of labels with gaps end in: the same on several workers as on one with the joined batch.

    While it learns, a worker's sum is divided by the mean of all workers' counts, so that a label weighs the same
    wherever it lies.
    """

    def mean(self, cost: Tensor, known: Tensor) -> Tensor:
        """cost and known (bool) of one shape -> the mean of the costs that are known; 0 where none is.

        What stands in cost where it is not known may be anything; no gradient goes there.
        """
        total = torch.where(known, cost, 0).sum()
        count = known.sum()
        if not self.training:
            return total / count.clamp_min(1)
        return total * workers() / summed(count).clamp_min(1)
