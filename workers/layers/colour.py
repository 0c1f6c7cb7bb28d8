"""What colours a garment has and how high they sit: a fixed descriptor that training cannot forget.

A network that learns to name things stops telling two shirts of other colours apart, and colour alone
finds half of a shop's second views. Source: colour indexing, Swain and Ballard, IJCV 1991, with four
changes: bins in CIE L*a*b* (CIE 15:2004, D65) filled by trilinear shares, so that a shade on the border of
two bins moves little; pixels weighted by how far they are from the picture's border colour, so that a white
wall counts little; the whole garment and its horizontal thirds side by side; and, since two photos of one
garment agree in shades that no other garment has, bins so small that they are many and nearly all empty,
kept as signed sums in few numbers (feature hashing, Weinberger et al., ICML 2009), which leaves inner
products as they were on average. Square roots make the inner product of two histograms their Bhattacharyya
coefficient.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
SIDE = 32  # px the photo is averaged down to: colours need no more
BINS = (17, 17, 17)  # of L*, a*, b*; odd, so that grey has bins of its own
RANGES = ((0.0, 100.0), (-40.0, 40.0), (-40.0, 40.0))
BORDER = 10.0  # colour difference (CIE 1976 units) at which a pixel counts as garment for 40 %
FLOOR = 0.1  # weight of a pixel that looks like the border: white garments on white are there, too
BANDS = 3
HASHED = 512  # numbers that the cells' bins are summed into; a power of two

_TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))  # IEC 61966-2-1
_WHITE = (0.9505, 1.0, 1.089)  # D65


class ColourLayout(nn.Module):
    """No weights; `dim` numbers per photo."""

    dim = HASHED
    places: Tensor
    signs: Tensor

    def __init__(self) -> None:
        super().__init__()
        places, signs = _hashes((1 + BANDS) * BINS[0] * BINS[1] * BINS[2])
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("signs", signs, persistent=False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """images (N, 3, H, W) in 0..1 -> (N, dim), L2 norm 1."""
        with torch.autocast(images.device.type, enabled=False):
            cells = self.histograms(images).flatten(1)
            hashed = cells.new_zeros(len(cells), HASHED).index_add_(1, self.places, cells * self.signs)
            return F.normalize(hashed, dim=1)

    def histograms(self, images: Tensor) -> Tensor:
        """images (N, 3, H, W) in 0..1 -> square roots of shares (N, 1 + BANDS, bins): the whole, then top to bottom."""
        lab = to_lab(F.adaptive_avg_pool2d(images.float(), SIDE))
        bands = _histograms(lab, _garment(lab))  # (N, BANDS, bins)
        cells = torch.cat([bands.sum(1, keepdim=True), bands], 1)
        return (cells / cells.sum(2, keepdim=True).clamp_min(1e-9)).sqrt()


def to_lab(images: Tensor) -> Tensor:
    """sRGB (N, 3, H, W) in 0..1 -> L*a*b* of the same shape, L* in 0..100."""
    linear = torch.where(images <= 0.04045, images / 12.92, ((images + 0.055) / 1.055) ** 2.4)
    matrix = torch.tensor(_TO_XYZ, device=images.device)
    white = torch.tensor(_WHITE, device=images.device).view(1, 3, 1, 1)
    xyz = torch.einsum("ij,njhw->nihw", matrix, linear) / white
    root = torch.where(xyz > 0.008856, xyz.clamp_min(1e-6) ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def _hashes(count: int) -> tuple[Tensor, Tensor]:
    """Of each bin its place in 0..HASHED - 1 and its sign, the same on every machine (MurmurHash3's finaliser)."""
    bits, mask = torch.arange(1, count + 1), 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        bits = ((bits ^ (bits >> shift)) * factor) & mask
    return bits % HASHED, 1.0 - 2.0 * (bits >> 31)


def _garment(lab: Tensor) -> Tensor:
    """(N, H, W) weight of each pixel, FLOOR..1."""
    frame = torch.cat([lab[:, :, 0], lab[:, :, -1], lab[:, :, :, 0], lab[:, :, :, -1]], 2)
    border = frame.median(2).values[:, :, None, None]
    distance = (lab - border).square().sum(1)
    return FLOOR + (1 - FLOOR) * (1 - torch.exp(-distance / (2 * BORDER**2)))


def _histograms(lab: Tensor, weight: Tensor) -> Tensor:
    """(N, BANDS, bins): each pixel's weight shared between the eight bins around its colour."""
    n, bins = len(lab), BINS[0] * BINS[1] * BINS[2]
    rows = torch.arange(SIDE, device=lab.device) * BANDS // SIDE
    photo = torch.arange(n, device=lab.device)
    cell = (photo[:, None] * BANDS + rows)[:, :, None].expand(n, SIDE, SIDE) * bins
    lower, upper = [], []  # per axis: (bin, share) below and above the pixel's value
    for axis, (number, (low, high)) in enumerate(zip(BINS, RANGES, strict=True)):
        place = ((lab[:, axis] - low) / (high - low)).clamp(0, 1) * (number - 1)
        below = place.floor().clamp(max=number - 2)
        lower.append((below.long(), 1 - (place - below)))
        upper.append((below.long() + 1, place - below))
    counts = torch.zeros(n * BANDS * bins, device=lab.device)
    for corner in range(8):
        (i, p), (j, q), (k, r) = ((upper if corner >> axis & 1 else lower)[axis] for axis in range(3))
        place = cell + (i * BINS[1] + j) * BINS[2] + k
        counts.index_add_(0, place.flatten(), (weight * p * q * r).flatten())
    return counts.view(n, BANDS, bins)
