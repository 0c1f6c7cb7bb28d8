"""Feature maps to one vector per photo."""

import torch
from torch import Tensor, nn

from schemas.errors import InputError

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
POOLINGS = ("gap", "gem", "max")


class Pool(nn.Module):
    """maps (N, D, H, W) -> (N, D): mean, maximum, or GeM (Radenović et al., TPAMI 2019), whose power is learnt."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        if kind not in POOLINGS:
            raise InputError(f"pooling {kind}", "there are gap, gem and max")
        self.kind = kind
        if kind == "gem":
            self.power = nn.Parameter(torch.tensor(3.0))  # where GeM starts

    def forward(self, maps: Tensor) -> Tensor:
        """One number per channel."""
        if self.kind == "gem":
            return maps.float().clamp_min(1e-6).pow(self.power).mean((2, 3)).pow(1 / self.power)
        return maps.amax((2, 3)) if self.kind == "max" else maps.mean((2, 3))
