"""Two photos compared window by window at several scales, and the similarities reasoned over as the nodes of a graph.

Source: Kuang, Gao, Li, Luo, Chen, Lin, Zhang, "Fashion Retrieval via Graph Reasoning Networks on a Similarity
Pyramid", ICCV 2019; its equations by the numbers that a survey gives them, (5) to (7), with its misprints set right:

s_l^ij = P |x_l^i - y_l^j|^2 / || . ||_2                 for every pair of windows i, j of one scale l            (5)
w(a, b) = softmax_b((T_out s_a)^T (T_in s_b))            a, b over the nodes of all scales                        (6)
h_a = ReLU(W sum_b w(a, b) s_b)                          the next layer's s_a                                     (7)
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
EPSILON = 1e-6  # two equal windows have no direction of difference: their node is 0


def window_count(scales: int) -> int:
    """P, windows of a photo: 1 + 4 + 9 + ..."""
    return sum(side**2 for side in range(1, scales + 1))


def windows(maps: Tensor, scales: int) -> Tensor:
    """maps (N, C, H, W) -> (N, P, C): means of the cells of grids of 1 x 1, 2 x 2 ... cells, each of length 1.

    The first is the mean of the whole photo. Cells of a grid lie row by row.
    """
    pooled = [F.adaptive_avg_pool2d(maps.float(), side).flatten(2) for side in range(1, scales + 1)]
    return F.normalize(torch.cat(pooled, 2).transpose(1, 2), dim=2)


class Reasoning(nn.Module):
    """Equations (6) and (7): nodes (B, M, D) -> (B, M, D).

    connected  False: w is the identity, so that nodes know nothing of each other; what the graph is worth shows here
    """

    def __init__(self, width: int, connected: bool = True) -> None:
        super().__init__()
        self.connected = connected
        self.outgoing = nn.Linear(width, width, bias=False)  # T_out
        self.incoming = nn.Linear(width, width, bias=False)  # T_in
        self.update = nn.Linear(width, width, bias=False)  # W

    def forward(self, nodes: Tensor) -> Tensor:
        """One layer."""
        if self.connected:
            asking, asked, told = (
                part[:, None] for part in (self.outgoing(nodes), self.incoming(nodes), nodes)
            )
            nodes = F.scaled_dot_product_attention(asking, asked, told, scale=1.0)[
                :, 0
            ]  # of one head: much faster
        return F.relu(self.update(nodes))


class SimilarityGraph(nn.Module):
    """Windows of two photos, (B, P, C) each -> (B,) score, the logit of the chance that they show one product.

    channels  C
    scales    grids of 1 x 1 to scales x scales cells
    width     D of a node
    layers    of reasoning; the score is a linear map of what the node of the whole photos is after them
    """

    def __init__(self, channels: int, scales: int, width: int, layers: int, connected: bool = True) -> None:
        super().__init__()
        self.scales = scales
        self.project = nn.Linear(channels, width, bias=False)  # P
        self.reasoning = nn.ModuleList(Reasoning(width, connected) for _ in range(layers))
        self.same = nn.Linear(width, 1)

    def nodes(self, one: Tensor, other: Tensor) -> Tensor:
        """Equation (5): (B, M, D), M = 1 + 16 + 81 + ..., each of length 1, or 0 where two windows are equal."""
        sides = [side**2 for side in range(1, self.scales + 1)]
        scales = zip(torch.split(one, sides, 1), torch.split(other, sides, 1), strict=True)
        projected = [self.project((x[:, :, None] - y[:, None, :]).square()).flatten(1, 2) for x, y in scales]
        return F.normalize(torch.cat(projected, 1), dim=2, eps=EPSILON)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """The score of each of B pairs; pairs are told nothing of each other."""
        return self.score(self.nodes(one, other))

    def score(self, nodes: Tensor) -> Tensor:
        """nodes (B, M, D) of equation (5) -> (B,)."""
        for layer in self.reasoning:
            nodes = layer(nodes)
        score: Tensor = self.same(nodes[:, 0])[:, 0]
        return score

    def votes(self, one: Tensor, other: Tensor) -> Tensor:
        """(B, P, P): what the node of each pair of windows adds to the score, 0 for windows of two scales.

        The node's inner product with the score's gradient there: what the score would lose, to first order, without
        it. Source: gradient times input, Shrikumar et al., 2016. Our choice: the paper shows none.
        """
        with torch.enable_grad():
            nodes = self.nodes(one.detach(), other.detach()).detach().requires_grad_(True)
            [slope] = torch.autograd.grad(self.score(nodes).sum(), nodes)
        added, votes, first, begun = (
            (slope * nodes.detach()).sum(2),
            one.new_zeros(len(one), *2 * one.shape[1:2]),
            0,
            0,
        )
        for count in (side**2 for side in range(1, self.scales + 1)):
            here = slice(first, first + count)
            votes[:, here, here] = added[:, begun : begun + count**2].view(-1, count, count)
            first, begun = first + count, begun + count**2
        return votes


def window_boxes(scales: int) -> Tensor:
    """(P, 4): left, top, right, bottom of each window in half sides of the photo, in the order of `windows`."""
    boxes = []
    for side in range(1, scales + 1):
        edges = torch.linspace(-1, 1, side + 1)
        row, column = (part.flatten() for part in torch.meshgrid(*2 * [torch.arange(side)], indexing="ij"))
        boxes.append(torch.stack([edges[column], edges[row], edges[column + 1], edges[row + 1]], 1))
    return torch.cat(boxes)
