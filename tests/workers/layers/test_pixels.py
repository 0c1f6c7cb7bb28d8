"""workers/layers/pixels.py: the same pixel in bytes and in shares, less a mean and by a deviation."""

import torch

from workers.layers.networks.backbone import Backbone
from workers.layers.pixels import normalise


def test_bytes_and_shares_of_them_become_the_same() -> None:
    mean, std = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1), torch.tensor([0.5, 1, 2]).view(1, 3, 1, 1)
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1).expand(2, 3, 4, 4)

    seen = normalise(images, mean, std)

    assert torch.allclose(seen[1, :, 2, 2], torch.tensor([-0.2, 0.0, 0.35]), atol=1e-6)
    assert torch.allclose(seen, normalise(images.float() / 255, mean, std), atol=1e-6)
    assert seen.is_contiguous(memory_format=torch.channels_last)


def test_each_backbone_has_its_own_and_says_it() -> None:
    """TensorFlow's networks see (x - 127) / 128, torchvision's the mean and deviation of ImageNet."""
    lite, resnet = Backbone("efficientnet_lite0"), Backbone("resnet18")
    grey = torch.full((1, 3, 1, 1), 191, dtype=torch.uint8)

    assert torch.allclose(normalise(grey, lite.mean, lite.std), torch.full((1, 3, 1, 1), 0.5), atol=1e-6)
    assert resnet.normalisation == "mean 0.485 0.456 0.406 std 0.229 0.224 0.225" != lite.normalisation
    assert not {"mean", "std"} & set(lite.state_dict())
