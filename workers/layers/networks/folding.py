"""A network that learns no more, with less to compute: batch norms and the pixels' normalisation in its convolutions.

A batch normalisation whose statistics stand still is a scale and a shift of each channel, and so is what a network
takes from pixels and divides them by: both can be part of the convolution beside them (Jacob et al., CVPR 2018,
section 3.2). To normalise 224 x 224 pixels in float32 takes one core 1.7 ms, and ResNet-18 on them 10.
"""

from copy import deepcopy
from itertools import pairwise
from threading import RLock

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse
from torch.fx.proxy import TraceError
from torch.nn.utils.fusion import fuse_conv_bn_eval

from workers.contract import Method
from workers.layers.joined_batch import own_batch_statistics
from workers.layers.networks.backbone import Backbone

# Held while a network is traced, and by whoever computes in a process where another thread may fold one: torch.fx takes
# over the calls of every module of the process for as long as it traces.
UNDISTURBED = RLock()
VERSION = 1  # of what this file computes; see workers/contract/recipe.py


def fold(method: Method, half: bool) -> None:
    """Have every Backbone of a method that only embeds from now on compute by a folded copy of itself.

    half  the copies' weights are bfloat16
    """
    for trunk in [module for module in method.modules() if isinstance(module, Backbone)]:
        with UNDISTURBED:
            network = folded(trunk.maps, half)
            reading = reading_pixels(network, trunk.mean, trunk.std, method.image_size)
        trunk.use(reading or network, reads_pixels=reading is not None)


def folded(maps: nn.Module, half: bool) -> nn.Module:
    """A copy whose batch normalisations are part of the convolutions before them, as far as they can be found.

    half  its weights are bfloat16, instead of being made so again in every step
    """
    network = own_batch_statistics(deepcopy(maps)).eval()
    try:
        with UNDISTURBED:
            network = fuse(network)
    except TraceError:  # its way depends on what it sees
        _fold_neighbours(network)
    network.requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.bfloat16() if half else network


def reading_pixels(network: nn.Module, mean: Tensor, std: Tensor, size: int) -> "PixelReader | None":
    """The network, which is changed, behind pixels as they are; None where its first layer is no convolution.

    mean, std  (1, 3, 1, 1) of what lies in 0..1, as the network wants it normalised
    size       px of a photo that it takes: one finds out which layer is the first
    """
    first = _first_layer(network, torch.zeros(1, 3, size, size, device=mean.device))
    if not isinstance(first, nn.Conv2d):
        return None
    dtype = first.weight.dtype
    centre = mean.double() * 255
    if dtype == torch.bfloat16:
        centre = centre.round()
    scale = 1 / (255 * std.double())
    shift = (centre / 255 - mean.double()) / std.double()  # what is left of the mean
    weight = first.weight.double()
    moved = (weight * shift).sum((1, 2, 3))
    kept = first.bias.double() if first.bias is not None else torch.zeros_like(moved)
    first.bias = nn.Parameter((kept + moved).to(dtype), requires_grad=False)
    scaled = (weight * scale).to(dtype).contiguous(memory_format=torch.channels_last)
    first.weight = nn.Parameter(scaled, requires_grad=False)
    return PixelReader(network, centre.to(dtype), dtype)


class PixelReader(nn.Module):
    """images (N, 3, H, W) uint8, or float in 0..1 -> maps of a network whose first convolution normalises.

    Pixels less the mean colour are nearly 0 on average: rounded weights cost no more than they do behind normalised
    pixels, and a border padded with zeros is of the mean colour as before. In bfloat16 the mean is rounded to whole
    levels, because their differences are exact there.
    """

    centre: Tensor

    def __init__(self, network: nn.Module, centre: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.network, self.dtype = network, dtype
        self.register_buffer("centre", centre, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Maps of the network, in its own precision."""
        levels = images if images.dtype == torch.uint8 else images * 255
        levels = levels.to(self.dtype, memory_format=torch.channels_last) - self.centre
        maps: Tensor = self.network(levels)
        return maps


def _fold_neighbours(network: nn.Module) -> None:
    """Fold each batch normalisation that stands right behind a convolution in a Sequential."""
    for parts in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for (name, before), (after, norm) in pairwise(list(parts.named_children())):
            if isinstance(before, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parts, name, fuse_conv_bn_eval(before, norm))
                setattr(parts, after, nn.Identity())


def _first_layer(network: nn.Module, photo: Tensor) -> nn.Module | None:
    """The layer that a photo meets first."""
    met: list[nn.Module] = []
    leaves = [module for module in network.modules() if not list(module.children())]
    hooks = [leaf.register_forward_pre_hook(lambda leaf, _: met.append(leaf)) for leaf in leaves]
    dtype = next(network.parameters()).dtype
    try:
        with torch.inference_mode():
            network(photo.to(dtype))
    finally:
        for hook in hooks:
            hook.remove()
    return met[0] if met else None
