"""Colour histograms on a grid: what colour alone finds. A floor, not a method to ship.

Source: Swain and Ballard, "Color Indexing", IJCV 1991, on a 4 x 4 grid of cells; square roots of
shares, so that the inner product is the Bhattacharyya coefficient.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from workers import contract
from workers.contract import Batch, LabelSpace, bounds

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


@dataclass(frozen=True)
class Config:
    """Grid and bins."""

    image_size: bounds.ImageSize = 112  # px
    grid: bounds.Cells = 4  # cells a side
    bins: bounds.Cells = 4  # per colour channel


class Method(contract.Method):
    """No weights; the vector is the square root of each cell's colour shares."""

    origin = "no weights"

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size = config, config.image_size
        self.dim = config.grid**2 * config.bins**3

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) uint8 -> (N, grid * grid * bins^3), L2 norm 1."""
        images = batch.images
        n, _, height, width = images.shape
        level = images.long() * self.config.bins // 256
        colour = (level[:, 0] * self.config.bins + level[:, 1]) * self.config.bins + level[:, 2]  # (N, H, W)
        rows = torch.arange(height, device=images.device) * self.config.grid // height
        columns = torch.arange(width, device=images.device) * self.config.grid // width
        cell = rows[:, None] * self.config.grid + columns
        place = (cell * self.config.bins**3 + colour).view(n, -1)
        counts = torch.zeros(n, self.dim, device=images.device)
        counts.scatter_add_(1, place, torch.ones_like(place, dtype=torch.float32))
        return F.normalize(counts.sqrt(), dim=1)
