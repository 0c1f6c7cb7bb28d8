"""Landmarks as maps of how surely each lies in a cell: what they should be, and where they say it lies.

Places are in half sides, as in workers/contract/batch.py; cell i of n has its middle at (2 i + 1) / n - 1.
"""

import torch
from torch import Tensor

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
LEAST = 1e-6  # of a map, for its logarithm


def gaussians(places: Tensor, side: int, sigma: float) -> Tensor:
    """places (N, L, 2) -> exp(-d^2 / 2 sigma^2) (N, L, side, side), d the distance in cells from the place."""
    middles = torch.arange(side, device=places.device, dtype=places.dtype) + 0.5
    across, down = ((places + 1) * (side / 2))[:, :, :, None].sub(middles).square().unbind(2)
    return torch.exp(-(down[:, :, :, None] + across[:, :, None]) / (2 * sigma**2))


def peaks(heat: Tensor) -> Tensor:
    """heat (N, L, S, S), positive -> places (N, L, 2): the largest cell, and within it the top of a parabola.

    The parabola goes through the logarithms of the cell and its two neighbours, on either axis, which finds the middle
    of a Gaussian exactly; at the edge it is left out.
    """
    side = heat.shape[-1]
    best = heat.flatten(2).argmax(2)
    row, column = best // side, best % side
    logs = heat.clamp_min(LEAST).log()
    along = logs.gather(2, row[:, :, None, None].expand(-1, -1, 1, side))[:, :, 0]
    upright = logs.gather(3, column[:, :, None, None].expand(-1, -1, side, 1))[..., 0]
    places = [column + _offset(along, column), row + _offset(upright, row)]
    return (torch.stack(places, 2) + 0.5) * (2 / side) - 1


def _offset(line: Tensor, at: Tensor) -> Tensor:
    """line (N, L, S), at (N, L) its largest cell -> (N, L) in -1/2..1/2: how far from there the parabola's top is."""
    side = line.shape[2]
    before, here, after = (
        line.gather(2, (at + step).clamp(0, side - 1)[:, :, None])[:, :, 0] for step in (-1, 0, 1)
    )
    curve = 2 * here - before - after
    inner = (at > 0) & (at < side - 1) & (curve > 0)
    return torch.where(inner, (after - before) / (2 * curve.clamp_min(LEAST)), 0).clamp(-0.5, 0.5)
