"""What a photo may look like and still be the same garment: moved, mirrored, lit otherwise, elsewhere.

One affine map per photo in one bilinear resampling, so that a photo is read once whatever is done to it; landmarks
and boxes go through the same map.
Sources: random area and aspect, Szegedy et al., "Going Deeper with Convolutions", CVPR 2015; a smaller
picture while training than while embedding, Touvron et al., "Fixing the train-test resolution
discrepancy", NeurIPS 2019; other backgrounds, Dwibedi et al., "Cut, Paste and Learn", ICCV 2017.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from workers.contract import Batch
from workers.data.geometry import moved_boxes, moved_landmarks
from workers.device import sent

GARMENT = 0.12  # RGB distance to the border colour, 0..sqrt(3), from which a pixel is surely the garment's


@dataclass(frozen=True)
class Ranges:
    """How far a photo may be changed.

    area     smallest and largest share of the picture that is shown; above 1 it is seen from further away
    stretch  largest log of width to height against the original
    turn     degrees to either side
    shift    how far the shown part may lie from the middle beyond what its size allows, in half widths
    light    gain of all channels together, 1 +- this
    tint     gain of each channel, 1 +- this; what colour words can bear
    offset   added to all channels, +- this
    clutter  share of photos whose plain background becomes another one, as in people's own photos
    """

    area: tuple[float, float] = (0.75, 1.7)
    stretch: float = 0.0
    turn: float = 12.0
    shift: float = 0.1
    light: float = 0.3
    tint: float = 0.12
    offset: float = 0.08
    clutter: float = 0.0


MOVED_AND_LIT = Ranges()


class Transforms(NamedTuple):
    """What is done to N photos, M of which are put before another background; on the CPU.

    theta      (N, 2, 3) affine maps from places of the result to places of the photo, in half sides
    gain       (N, 3, 1, 1), and offset (N, 1, 1, 1), of channels in 0..1
    elsewhere  (M,) int64, which photos; behind (M,) int64, whose blurred pictures they are put before
    stains     (M, 3, 5, 5) in 0..1, what else is behind them
    """

    theta: Tensor
    gain: Tensor
    offset: Tensor
    elsewhere: Tensor
    behind: Tensor
    stains: Tensor


def augment(
    batch: Batch,
    generator: torch.Generator,
    ranges: Ranges = MOVED_AND_LIT,
    side: int = 0,
    mirrored_landmarks: Sequence[int] = (),
) -> Batch:
    """Photos (N, 3, H, W) uint8 -> float32 (N, 3, side, side) in 0..1, each one changed at random.

    side  px of the result, 0: as they come
    mirrored_landmarks  LabelSpace's: which landmark each becomes where the picture is mirrored
    Columns `landmarks` and `box` move with the picture; other columns stay. The result depends on batch, generator
    and ranges alone: the numbers are drawn on the CPU, and the work is done where the images are.
    """
    transforms = draw_transforms(len(batch), generator, ranges)
    theta, columns = transforms.theta, {}
    if "landmarks" in batch.columns:
        columns["landmarks"] = moved_landmarks(batch.dense("landmarks"), theta, mirrored_landmarks)
    if "box" in batch.columns:
        columns["box"] = moved_boxes(batch.dense("box"), theta)
    images = transformed(batch.images, transforms, side or batch.images.shape[-1])
    return batch.with_columns(images, **columns)


def unit(batch: Batch) -> Batch:
    """The same photos in 0..1."""
    return batch.with_columns(batch.images.float().div(255))


def as_embedded(batch: Batch, size: int) -> Batch:
    """The photos (N, 3, S, S) uint8 as they are embedded: the same, or in 0..1 and smaller where kept for crops."""
    if batch.images.shape[-1] == size:
        return batch
    smaller = F.interpolate(batch.images.float().div(255), size=size, mode="bilinear", antialias=True)
    return batch.with_columns(smaller)


def draw_transforms(n: int, generator: torch.Generator, ranges: Ranges) -> Transforms:
    """Transforms of n photos."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    angle = uniform(-ranges.turn, ranges.turn) * (math.pi / 180)
    area, stretch = uniform(*ranges.area), torch.exp(uniform(-ranges.stretch, ranges.stretch))
    wide, high = (area * stretch).sqrt(), (area / stretch).sqrt()
    mirror = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    across = uniform(-1, 1) * ((1 - wide).abs() + ranges.shift)
    down = uniform(-1, 1) * ((1 - high).abs() + ranges.shift)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack(
        [
            torch.stack([cos * wide * mirror, -sin * high, across], 1),
            torch.stack([sin * wide * mirror, cos * high, down], 1),
        ],
        1,
    )
    elsewhere = (torch.rand(n, generator=generator) < ranges.clutter).nonzero()[:, 0]
    behind = torch.randint(n, (len(elsewhere),), generator=generator)
    stains = torch.rand(len(elsewhere), 3, 5, 5, generator=generator)
    gain = uniform(1 - ranges.light, 1 + ranges.light, 1, 1, 1) * uniform(
        1 - ranges.tint, 1 + ranges.tint, 3, 1, 1
    )
    offset = uniform(-ranges.offset, ranges.offset, 1, 1, 1)
    return Transforms(theta, gain, offset, elsewhere, behind, stains)


def transformed(images: Tensor, transforms: Transforms, side: int) -> Tensor:
    """images (N, 3, H, W) uint8 -> float32 (N, 3, side, side) in 0..1."""
    theta, gain, offset, elsewhere, behind, stains = (sent(part, images.device) for part in transforms)
    grid = F.affine_grid(theta, [len(images), 3, side, side], align_corners=False)
    pixels = images.to(torch.float32).div_(255)
    if len(elsewhere):
        pixels[elsewhere] = cluttered(pixels[elsewhere], pixels[behind], stains)
    moved = F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return moved.mul_(gain).add_(offset).clamp_(0, 1)


def cluttered(pixels: Tensor, others: Tensor, stains: Tensor) -> Tensor:
    """pixels (M, 3, H, W) in 0..1, what looks like their border replaced by stains on blurred others (M, 3, H, W)."""
    height, width = pixels.shape[2:]
    frame = torch.cat([pixels[:, :, 0], pixels[:, :, -1], pixels[:, :, :, 0], pixels[:, :, :, -1]], 2)
    border = frame.median(2).values[:, :, None, None]
    distance = (pixels - border).square().sum(1, keepdim=True).sqrt()
    garment = F.max_pool2d(F.avg_pool2d((distance / GARMENT).clamp(0, 1), 3, 1, 1), 3, 1, 1)
    blurred = F.interpolate(F.adaptive_avg_pool2d(others, 24), size=(height, width))
    smooth = F.interpolate(stains, size=(height, width), mode="bilinear", align_corners=False)
    return garment * pixels + (1 - garment) * (blurred + smooth) / 2
