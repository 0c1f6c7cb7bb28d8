"""uint8 pixels to what a ResNet expects, on whatever device they are."""

import torch
from torch import Tensor

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, as torchvision's weights expect
STD = (0.229, 0.224, 0.225)


def normalise(images: Tensor) -> Tensor:
    """images (N, 3, H, W) uint8, or float already in 0..1 -> float32, channels last, ImageNet-normalised."""
    scaled = images.to(torch.float32).div_(255) if images.dtype == torch.uint8 else images
    mean = torch.tensor(MEAN, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=images.device).view(1, 3, 1, 1)
    return ((scaled - mean) / std).contiguous(memory_format=torch.channels_last)
