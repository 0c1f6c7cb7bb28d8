"""What parts of a garment look like, by hand: colour, texture, gradients and skin, as histograms of each part.

Source: Chen, Gallagher, Girod, "Describing Clothing by Semantic Attributes", ECCV 2012, section 3, which has parts
from a pose estimator, SIFT, a bank of filters for texture, colours in LAB, chances of skin, a chi-square kernel.
Here parts are the whole photo, the box of all landmarks and a window at each; gradients are those of Dalal and Triggs
(CVPR 2005), texture is in local binary patterns (Ojala et al., PAMI 2002), skin is Chai and Ngan's range of Cb and Cr
(1999); and the chi-square kernel is the inner product of Vedaldi and Zisserman's map (PAMI 2012).
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from skimage.color import rgb2gray, rgb2lab, rgb2ycbcr
from skimage.feature import hog, local_binary_pattern
from sklearn.kernel_approximation import AdditiveChi2Sampler
from torch import Tensor

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
SIDE = 32  # px of a part
CELL = 16  # px of a cell of gradients in a part
WHOLE_SIDE, WHOLE_CELL = 64, 8  # px of the whole photo, and its cells, for `gradients`
TURNS = 8  # directions of gradients
SHADES = 4  # of each of L, a and b
LIGHTEST = (100.0, 80.0, 80.0)  # L reaches from 0 to the first, a and b from less the others to the others
RINGS, POINTS = (1, 2), 8  # px, and points on each, of binary patterns
SKIN_CB, SKIN_CR = (77, 127), (133, 173)
HISTOGRAMS = (SHADES**3, *[POINTS + 2] * len(RINGS), (SIDE // CELL) ** 2 * TURNS, 2)  # bins
MAPPED = 3  # numbers of the map for each bin
GRADIENTS = (WHOLE_SIDE // WHOLE_CELL) ** 2 * TURNS


def length(landmarks: int) -> int:
    """D of `describe` with so many landmarks."""
    return (2 + landmarks) * sum(HISTOGRAMS) * MAPPED


def parts_of(places: Tensor, window: float) -> Tensor:
    """places (N, L, 2) of landmarks -> boxes (N, 2 + L, 4) of parts: left, top, right, bottom, all in half sides.

    window  half a window's side; the box of all landmarks reaches as far beyond them
    """
    whole = places.new_tensor([-1.0, -1.0, 1.0, 1.0]).expand(len(places), 1, 4)
    windows = torch.cat([places - window, places + window], 2)
    if not places.shape[1]:
        return torch.cat([whole, whole], 1)
    around = torch.cat([windows[:, :, :2].amin(1), windows[:, :, 2:].amax(1)], 1)
    return torch.cat([whole, around[:, None], windows], 1)


def patches_of(images: Tensor, boxes: Tensor, side: int = SIDE) -> NDArray[np.float64]:
    """images (N, 3, H, W) in 0..1, boxes (N, P, 4) -> (N, P, side, side, 3); beyond the border its pixels go on."""
    parts = boxes.shape[1]
    middle, half = (boxes[..., :2] + boxes[..., 2:]) / 2, (boxes[..., 2:] - boxes[..., :2]) / 2
    theta = torch.stack([torch.diag_embed(half)[..., 0], torch.diag_embed(half)[..., 1], middle], 3)
    grid = F.affine_grid(theta.flatten(0, 1), [len(images) * parts, 3, side, side], align_corners=False)
    grid = grid.view(len(images), parts * side, side, 2)  # parts below each other, so that no photo is copied
    seen = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    seen = seen.view(len(images), 3, parts, side, side).permute(0, 2, 3, 4, 1)
    patches: NDArray[np.float64] = seen.cpu().numpy().astype(np.float64)
    return patches


def describe(patches: NDArray[np.float64]) -> NDArray[np.float32]:
    """patches (N, P, side, side, 3) -> (N, P * sum(HISTOGRAMS) * MAPPED), the chi-square kernel's map of histograms."""
    every = patches.reshape(-1, *patches.shape[2:])
    grey = rgb2gray(every)
    kinds = [
        _colours(every),
        *_textures(grey),
        np.stack([_gradients(one, CELL) for one in grey]),
        _skin(every),
    ]
    shares = [kind / np.maximum(kind.sum(1, keepdims=True), 1e-12) for kind in kinds]
    histograms = np.concatenate(shares, 1).reshape(len(patches), -1)
    mapped: NDArray[np.float32] = AdditiveChi2Sampler(sample_steps=2).fit_transform(histograms)
    return mapped.astype(np.float32)


def gradients(images: Tensor) -> NDArray[np.float32]:
    """images (N, 3, H, W) in 0..1 -> histograms of gradients (N, GRADIENTS) in cells of the whole photo."""
    none = images.new_zeros(len(images), 0, 2)
    grey = rgb2gray(patches_of(images, parts_of(none, 0.0)[:, :1], WHOLE_SIDE)[:, 0])
    return np.stack([_gradients(one, WHOLE_CELL) for one in grey]).astype(np.float32)


def _colours(patches: NDArray[np.float64]) -> NDArray[np.float64]:
    light, *signed = np.moveaxis(rgb2lab(patches), -1, 0)
    levels = [light / LIGHTEST[0]] + [
        (value / limit + 1) / 2 for value, limit in zip(signed, LIGHTEST[1:], strict=True)
    ]
    bins = [np.clip((level * SHADES).astype(np.int64), 0, SHADES - 1) for level in levels]
    return _counted((bins[0] * SHADES + bins[1]) * SHADES + bins[2], SHADES**3)


def _textures(grey: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    bytes_ = np.rint(grey * 255).astype(np.uint8)
    coded = [[_pattern(one, ring) for one in bytes_] for ring in RINGS]
    return [_counted(np.stack(of_ring).astype(np.int64), POINTS + 2) for of_ring in coded]


def _pattern(grey: NDArray[np.uint8], ring: int) -> NDArray[np.float64]:
    coded: NDArray[np.float64] = local_binary_pattern(grey, POINTS, ring, "uniform")  # type: ignore[no-untyped-call]
    return coded


def _gradients(grey: NDArray[np.float64], cell: int) -> NDArray[np.float64]:
    told: NDArray[np.float64] = hog(grey, TURNS, (cell, cell), (1, 1), feature_vector=True)
    return told


def _skin(patches: NDArray[np.float64]) -> NDArray[np.float64]:
    _, blue, red = np.moveaxis(rgb2ycbcr(patches), -1, 0)
    inside = [(low <= value) & (value <= high) for value, (low, high) in ((blue, SKIN_CB), (red, SKIN_CR))]
    return _counted((inside[0] & inside[1]).astype(np.int64), 2)


def _counted(values: NDArray[np.int64], bins: int) -> NDArray[np.float64]:
    """values (M, ...) below `bins` -> (M, bins): how often each stands in its row."""
    flat = values.reshape(len(values), -1)
    rows = np.arange(len(values))[:, None] * bins
    return (
        np.bincount((flat + rows).ravel(), minlength=len(values) * bins).reshape(-1, bins).astype(np.float64)
    )
