"""Attributes that tell each other what they are likely to be: a pairwise field over kinds of attributes.

Source: Chen, Gallagher, Girod, "Describing Clothing by Semantic Attributes", ECCV 2012, section 4: a node for each
kind, an edge between every two, potentials from how often values stand together, belief propagation.
Messages are exact on a tree (Pearl, 1988). Where every two nodes have an edge, each counts as often as it stands in a
spanning tree drawn uniformly, 2 of K times (Wainwright, Jaakkola, Willsky, 2005), so that what goes around in circles
is not believed more and more (?).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
HALF = 0.5  # of each new message is the one before: without, messages may swing
ROOM = 2**23  # numbers that messages of some photos may take at once
SMOOTH = (
    1.0  # photos that are added for each pair of values, as if their nodes had nothing to do with each other
)


class AttributeField(nn.Module):
    """Scores (N, S) of values, those of a node the log of its chances -> (N, S) log chances, given the other nodes.

    groups    places of each node's values; every place once
    rounds    of messages; 0: the nodes know nothing of each other
    together  (S, S) log of P(s, t) / P(s) P(t), 0 within a node, times the edge's weight
    """

    together: Tensor
    node: Tensor

    def __init__(self, groups: Sequence[Sequence[int]], rounds: int) -> None:
        super().__init__()
        self.groups, self.rounds = [list(group) for group in groups], rounds
        size = sum(map(len, groups))
        node = torch.zeros(size, dtype=torch.int64)
        for number, places in enumerate(self.groups):
            node[places] = number
        self.register_buffer("node", node, persistent=False)  # (S,) of each value
        self.register_buffer("together", torch.zeros(size, size))

    def count(self, hot: Tensor) -> None:
        """Set the edges from hot (N, S) bool: which values each photo has; of a node without one, nothing is known.

        Of a photo with several values of a node each counts with an equal share.
        """
        share = hot.double()
        for places in self.groups:
            share[:, places] /= share[:, places].sum(1, keepdim=True).clamp_min(1)
        pairs = share.T @ share
        for number, first in enumerate(self.groups):
            for second in self.groups[number + 1 :]:
                block = pairs[first][:, second]
                chances = block / block.sum().clamp_min(1)
                apart = chances.sum(1, keepdim=True) * chances.sum(0)
                added = SMOOTH * block.numel()
                smooth = (block + added * apart) / (block.sum() + added)
                ratio = torch.where(apart > 0, smooth / apart.clamp_min(1e-30), 1).log()
                weighed = (2 / len(self.groups) * ratio).float()
                rows, columns = torch.tensor(first)[:, None], torch.tensor(second)
                self.together[rows, columns] = weighed.to(self.together.device)
                self.together[columns[:, None], rows[:, 0]] = weighed.T.to(self.together.device)

    def forward(self, scores: Tensor) -> Tensor:
        """Log chances, of each node's values 1 in all, after `rounds` of messages."""
        size = max(1, ROOM // max(1, scores.shape[1] ** 2))
        return torch.cat([self._told(part) for part in torch.split(scores.float(), size)])

    def _told(self, scores: Tensor) -> Tensor:
        nodes = len(self.groups)
        messages = scores.new_zeros(
            len(scores), nodes, scores.shape[1]
        )  # from a node to every value of the others
        own = torch.arange(nodes, device=scores.device)[:, None] == self.node
        for _ in range(self.rounds):
            belief = scores + messages.sum(1)
            heard = messages[:, self.node].transpose(1, 2)  # (N, S, T): what t's node has told s
            sums = self._per_node(belief[:, :, None] - heard + self.together)
            sums = self._normalised(sums).masked_fill(own, 0)
            messages = HALF * messages + (1 - HALF) * sums
        return self._normalised((scores + messages.sum(1))[:, None])[:, 0]

    def _per_node(self, values: Tensor) -> Tensor:
        """(N, S, T) -> (N, K, T): log of the sum over each node's values."""
        return torch.stack([values[:, places].logsumexp(1) for places in self.groups], 1)

    def _normalised(self, values: Tensor) -> Tensor:
        """(N, K, T) log values, of which those of each node are 1 in all afterwards."""
        normal = values.clone()
        for places in self.groups:
            normal[:, :, places] = values[:, :, places].log_softmax(2)
        return normal
