"""Principal components of pixels (Turk and Pentland, "Eigenfaces for Recognition", 1991): a fit without gradients."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from workers import contract
from workers.contract import Batch, LabelSpace, Training


@dataclass(frozen=True)
class Config:
    """Small enough for a test."""

    image_size: int = 8
    components: int = 4


TRAINING = Training(batch=8, epochs=1)


class Method(contract.Method):
    """v = (x - mean) P, of length 1."""

    mean: Tensor
    components: Tensor

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size, self.dim = config, config.image_size, config.components
        pixels = 3 * config.image_size**2
        self.register_buffer("mean", torch.zeros(pixels))
        self.register_buffer("components", torch.eye(pixels)[:, : self.dim])

    def embed(self, batch: Batch) -> Tensor:
        """Coordinates along the components."""
        return F.normalize((_flat(batch) - self.mean) @ self.components + 1e-6, dim=1)

    def fit(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Mean and leading eigenvectors of the covariance; the share of variance that they leave out."""
        pixels = torch.cat([_flat(batch) for batch in batches]).double()
        values, vectors = torch.linalg.eigh(torch.cov(pixels.T))
        self.mean.copy_(pixels.mean(0))
        self.components.copy_(vectors[:, -self.dim :])
        return {"unexplained": float(1 - values[-self.dim :].sum() / values.sum())}


def _flat(batch: Batch) -> Tensor:
    images = batch.images / 255 if batch.images.dtype == torch.uint8 else batch.images
    return images.float().flatten(1)
