"""Landmarks that tell each other where they lie, along chains such as collar, waist, hem.

Source: Wang et al., "Attentive Fashion Grammar Network for Fashion Landmark Detection and Clothing Category
Classification", CVPR 2018: a bidirectional convolutional recurrent network (BCRNN) per chain.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from schemas.errors import InputError

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


class Direction(nn.Module):
    """One way along a chain, the state h a map of `hidden` channels, * a convolution.

    h(t) = tanh(W_x * x(t) + W_h * h(t - 1) + b), h(0) = 0; it says O * h(t)
    """

    def __init__(self, channels: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.heard = nn.Conv2d(channels, hidden, kernel, padding=kernel // 2)  # W_x and b
        self.kept = nn.Conv2d(hidden, hidden, kernel, padding=kernel // 2, bias=False)  # W_h
        self.said = nn.Conv2d(hidden, channels, kernel, padding=kernel // 2, bias=False)  # O

    def forward(self, chain: Tensor) -> Tensor:
        """(N, T, C, H, W) -> (N, T, C, H, W)."""
        heard = _each(self.heard, chain)
        states = [heard[:, 0].tanh()]
        for step in range(1, chain.shape[1]):
            states.append((heard[:, step] + self.kept(states[-1])).tanh())
        return _each(self.said, torch.stack(states, 1))


class Chain(nn.Module):
    """maps (N, T, C, H, W) of landmarks in their order -> what the chain says to each, (N, T, C, H, W).

    message(t) = O_f * h_f(t) + O_b * h_b(t): f from the first landmark on, b from the last one back
    """

    def __init__(self, channels: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.onward, self.back = (Direction(channels, hidden, kernel) for _ in range(2))

    def forward(self, maps: Tensor) -> Tensor:
        """Both directions together."""
        messages: Tensor = self.onward(maps) + self.back(maps.flip(1)).flip(1)
        return messages


class MessagePassing(nn.Module):
    """maps (N, L, C, H, W) of landmarks -> the sum of what all their chains say to each, (N, L, C, H, W).

    chains  the places of their landmarks, each chain in order and with weights of its own
    kernel  odd: cells that one convolution sees to a side
    A landmark in no chain is told nothing: 0. Raises InputError for an even kernel.
    """

    def __init__(self, chains: Sequence[Sequence[int]], channels: int, hidden: int, kernel: int) -> None:
        super().__init__()
        if not kernel % 2:
            raise InputError(f"kernel {kernel}", "must be odd, so that maps keep their size")
        self.places = [list(chain) for chain in chains]
        self.chains = nn.ModuleList(Chain(channels, hidden, kernel) for _ in chains)

    def forward(self, maps: Tensor) -> Tensor:
        """Chain after chain."""
        told = torch.zeros_like(maps)
        for places, chain in zip(self.places, self.chains, strict=True):
            at = torch.tensor(places, device=maps.device)
            told = told.index_add(1, at, chain(maps[:, places]).to(told.dtype))
        return told


def _each(convolution: nn.Module, chain: Tensor) -> Tensor:
    """A convolution of every map of a chain (N, T, C, H, W)."""
    maps: Tensor = convolution(chain.flatten(0, 1))
    return maps.view(*chain.shape[:2], *maps.shape[1:])
