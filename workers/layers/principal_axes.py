"""The directions in which vectors of a catalogue are longest, and all that is kept of each vector.

Principal components about the origin: of all linear maps to `axes` numbers theirs keeps the inner products of the
vectors best (Eckart and Young, "The approximation of one matrix by another of lower rank", Psychometrika 1936). About
the origin, not about the mean, because what is compared are the vectors' cosines.
"""

from typing import Self

import torch
from torch import Tensor, nn

from workers.layers.joined_batch import from_first, summed

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


class PrincipalAxes(nn.Module):
    """x (N, D) -> its coordinates (N, axes) along orthogonal directions of length 1; none: x as it is.

    Before `fit` the directions are random ones, the same in every process: lengths and angles are about kept.
    axes  how many; 0, or as many as D has or more: x stays as it is
    dim   how long vectors are behind it
    """

    directions: Tensor

    def __init__(self, length: int, axes: int) -> None:
        super().__init__()
        self.dim = axes if 0 < axes < length else length
        if self.dim == length:
            self.directions = torch.empty(0, length)  # of no checkpoint
        else:
            drawn = torch.randn(length, axes, generator=torch.Generator().manual_seed(0))
            self.register_buffer("directions", torch.linalg.qr(drawn)[0].T.contiguous())  # (axes, D)

    def forward(self, vectors: Tensor) -> Tensor:
        """(N, D) -> (N, dim)."""
        if not len(self.directions):
            return vectors
        with torch.autocast(vectors.device.type, enabled=False):  # a vector's last numbers are small
            return vectors.float() @ self.directions.T

    def within(self, vectors: Tensor) -> Tensor:
        """(N, D) -> (N, D): what is kept of each, where it was."""
        if not len(self.directions):
            return vectors
        with torch.autocast(vectors.device.type, enabled=False):
            return vectors.float() @ self.directions.T @ self.directions


class Moments:
    """The second moments (D, D) of all vectors that were added, on every worker: what axes are fitted to."""

    def __init__(self, axes: PrincipalAxes) -> None:
        self.axes = axes
        length = axes.directions.shape[1] if len(axes.directions) else 0
        self.total = torch.zeros(length, length, dtype=torch.float64, device=axes.directions.device)

    def add(self, vectors: Tensor) -> Self:
        """vectors (N, D); nothing is done where all of them is kept."""
        if len(self.axes.directions):
            self.total += (vectors.float().T @ vectors.float()).double()
        return self

    @torch.no_grad()
    def fit(self) -> float:
        """Turn the axes to what was added by all workers; returns the share of its energy that is left out, 0..1.

        Every worker gets the first one's, since the sign of a direction, and equal ones, are a matter of the machine.
        """
        if not len(self.axes.directions):
            return 0.0
        total = summed(self.total)
        lengths, directions = torch.linalg.eigh(total)  # ascending
        chosen = directions[:, -self.axes.dim :].flip(1).T
        largest = chosen.gather(1, chosen.abs().argmax(1, keepdim=True))
        self.axes.directions.copy_(from_first((chosen * largest.sign()).contiguous()))
        kept = lengths[-self.axes.dim :].sum() / lengths.sum().clamp_min(1e-12)
        return float(1 - kept)
