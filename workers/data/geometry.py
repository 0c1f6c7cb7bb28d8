"""Places in a photo: from shares of its sides to the square that `decode` makes, and along with an augmentation.

In the square, x and y are in half sides from its middle, see workers/contract/batch.py. Coordinates of pixels are those
of their outer edges: a photo's left edge is 0 and its right edge its width.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.device import sent

HIDDEN, UNKNOWN = 0.0, -1.0  # of a landmark's third number; 1 is visible


def fitted(width: int, height: int, side: int) -> tuple[int, int, int, int]:
    """left, top, width and height in px of a photo within the square of `side` px that shows it whole."""
    scale = side / max(width, height)
    wide, high = (max(1, round(length * scale)) for length in (width, height))
    return (side - wide) // 2, (side - high) // 2, wide, high


def in_square(shares: NDArray[np.float32], sizes: NDArray[np.int32], side: int) -> NDArray[np.float32]:
    """Places (N, K, 2) in shares 0..1 of photos of sizes (N, 2), width and height -> (N, K, 2) in half sides."""
    frames = np.array([fitted(int(width), int(height), side) for width, height in sizes], np.float64)
    frames = frames.reshape(-1, 1, 4)
    pixels = frames[:, :, :2] + shares * frames[:, :, 2:]
    return (pixels * (2 / side) - 1).astype(np.float32)


def moved(places: Tensor, theta: Tensor) -> Tensor:
    """Where places (N, K, 2) of photos lie in pictures that show at each place q what lay at theta (q, 1)."""
    theta = sent(theta, places.device).to(places.dtype)
    back = torch.linalg.inv(theta[:, :, :2])
    there: Tensor = (places - theta[:, None, :, 2]) @ back.transpose(1, 2)
    return there


def moved_landmarks(landmarks: Tensor, theta: Tensor, mirrored: Sequence[int] = ()) -> Tensor:
    """Landmarks (N, L, 3) after the picture was moved; those that left it are hidden.

    mirrored  (L,) which landmark each becomes in a mirrored picture; empty: itself
    """
    places, seen = moved(landmarks[:, :, :2], theta), landmarks[:, :, 2:]
    outside = (places.abs() > 1).any(2, keepdim=True) & (seen > HIDDEN)
    result = torch.cat([places, seen.masked_fill(outside, HIDDEN)], 2)
    if not len(mirrored):
        return result
    flipped = sent(torch.linalg.det(theta[:, :, :2]) < 0, result.device)
    return torch.where(flipped[:, None, None], result[:, list(mirrored)], result)


def moved_boxes(boxes: Tensor, theta: Tensor) -> Tensor:
    """The upright boxes around boxes (N, 4) that were moved, cut at the picture's sides; NaN where nothing is left."""
    left, top, right, bottom = boxes.unbind(1)
    corners = torch.stack([left, top, right, top, left, bottom, right, bottom], 1).view(-1, 4, 2)
    places = moved(corners, theta)
    first, last = places.amin(1).clamp(-1, 1), places.amax(1).clamp(-1, 1)
    empty = (last <= first).any(1, keepdim=True)
    return torch.cat([first, last], 1).masked_fill(empty, float("nan"))
