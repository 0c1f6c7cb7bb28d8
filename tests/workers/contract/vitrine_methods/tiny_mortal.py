"""Mean colours; a photo of one certain green ends the process that embeds it, as a decoder's fault would."""

import os
import signal
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from workers import contract
from workers.contract import Batch, LabelSpace, bounds

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
DEADLY = (1, 254, 2)  # red, green and blue of the whole photo


@dataclass(frozen=True)
class Config:
    """The size of photos."""

    image_size: bounds.ImageSize = 32  # px


class Method(contract.Method):
    """No weights."""

    origin = "no weights"

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.image_size, self.dim = config.image_size, 3 * 16

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, S, S) uint8 -> colours of a 4 x 4 grid (N, 48), L2 norm 1."""
        deadly = torch.tensor(DEADLY, dtype=torch.uint8, device=batch.images.device).view(1, 3, 1, 1)
        if (batch.images == deadly).flatten(1).all(1).any():
            os.kill(os.getpid(), signal.SIGKILL)
        return F.normalize(F.adaptive_avg_pool2d(batch.images.float(), 4).flatten(1) + 1, dim=1)
