"""uint8 pixels to what a network expects, on whatever device they are."""

import torch
from torch import Tensor

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


def normalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """images (N, 3, H, W) uint8, or float already in 0..1 -> (images - mean) / std, float32, channels last.

    mean, std  (1, 3, 1, 1), of what lies in 0..1
    """
    scaled = images.to(torch.float32).div_(255) if images.dtype == torch.uint8 else images
    return ((scaled - mean) / std).contiguous(memory_format=torch.channels_last)
