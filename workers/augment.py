"""What a photo may look like and still be the same garment: moved, mirrored, lit otherwise."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """images (N, 3, H, W) uint8 -> float32 in 0..1, each one moved and lit at random.

    One affine map per photo (mirror, scale 0.75..1.15, turn up to 12 degrees, shift up to 10 %) in one
    bilinear resampling, then gain and offset per channel, as another lamp or camera gives.
    """
    n = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    angle = uniform(-12, 12) * (math.pi / 180)
    scale = uniform(1 / 1.15, 1 / 0.75)
    mirror = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift = uniform(-0.2, 0.2, 2)  # in units of half the width
    theta = torch.stack(
        [torch.stack([cos * mirror, -sin, shift[:, 0]], 1), torch.stack([sin * mirror, cos, shift[:, 1]], 1)],
        1,
    )
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    moved = F.grid_sample(
        images.to(torch.float32).div_(255), grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    gain = uniform(0.7, 1.3, 1, 1, 1) * uniform(0.88, 1.12, 3, 1, 1)
    return (moved * gain + uniform(-0.08, 0.08, 1, 1, 1)).clamp_(0, 1)
