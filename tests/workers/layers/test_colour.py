"""The colour layout: known colours of L*a*b*, what the border hides, and what a histogram must keep."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from workers.layers.colour import BANDS, HASHED, ColourLayout, to_lab

LAYOUT = ColourLayout()


def plain(*rgb: float, side: int = 48) -> Tensor:
    return torch.tensor(rgb).view(1, 3, 1, 1).expand(1, 3, side, side).clone()


def garment(*rgb: float, behind: float = 1.0) -> Tensor:
    photo = plain(behind, behind, behind)
    photo[:, :, 12:36, 12:36] = torch.tensor(rgb).view(3, 1, 1)
    return photo


def smooth(n: int, seed: int) -> Tensor:
    """Photos of a few large coloured areas."""
    small = torch.rand(n, 3, 3, 3, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(small, size=(48, 48), mode="bilinear")


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [  # CIE 1976 of sRGB primaries under D65, as colorimetry tables print them
        ((1.0, 1.0, 1.0), (100.0, 0.0, 0.0)),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((1.0, 0.0, 0.0), (53.24, 80.09, 67.20)),
        ((0.0, 1.0, 0.0), (87.73, -86.18, 83.18)),
        ((0.0, 0.0, 1.0), (32.30, 79.19, -107.86)),
        ((0.5, 0.5, 0.5), (53.39, 0.0, 0.0)),
    ],
)
def test_colours_have_the_lab_values_of_the_tables(rgb: tuple[float, ...], lab: tuple[float, ...]) -> None:
    found = to_lab(plain(*rgb, side=1)).flatten()
    assert torch.allclose(found, torch.tensor(lab), atol=0.15)


def test_a_plain_photo_fills_the_whole_and_every_band_alike() -> None:
    cells = LAYOUT.histograms(plain(0.8, 0.2, 0.3))[0]
    assert len(cells) == 1 + BANDS
    assert all(torch.allclose(cell, cells[0], atol=1e-5) for cell in cells)


def test_vectors_have_length_one() -> None:
    vectors = LAYOUT(torch.rand(5, 3, 40, 30, generator=torch.Generator().manual_seed(0)))
    assert vectors.shape == (5, LAYOUT.dim)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(5), atol=1e-5)


def test_histograms_are_square_roots_of_shares() -> None:
    cells = LAYOUT.histograms(torch.rand(5, 3, 40, 30, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(cells.square().sum(2), torch.ones(5, 1 + BANDS), atol=1e-5)


def test_hashing_leaves_similarities_as_they_are() -> None:
    """The mean error is that of 512 random signs, 1 / sqrt(512) = 0.044 at most (Weinberger et al., theorem 1)."""
    photos = smooth(60, seed=3)
    exact = F.normalize(LAYOUT.histograms(photos).flatten(1), dim=1)
    hashed = LAYOUT(photos)
    wrong = (hashed @ hashed.T - exact @ exact.T)[~torch.eye(len(photos), dtype=torch.bool)]
    assert float(wrong.square().mean().sqrt()) < HASHED**-0.5
    assert abs(float(wrong.mean())) < 0.01


def test_every_place_has_its_share_of_bins_with_either_sign() -> None:
    bins = len(LAYOUT.places) / HASHED
    assert float((LAYOUT.places.bincount(minlength=HASHED) - bins).abs().max()) < 5 * bins**0.5
    assert abs(float(LAYOUT.signs.sum())) < 3 * len(LAYOUT.signs) ** 0.5


def test_the_garment_counts_and_not_the_wall_behind_it() -> None:
    red, blue = LAYOUT(garment(0.8, 0.1, 0.1)), LAYOUT(garment(0.1, 0.1, 0.8))
    red_on_grey = LAYOUT(garment(0.8, 0.1, 0.1, behind=0.7))
    assert float(red @ red_on_grey.T) > float(red @ blue.T) + 0.2


def test_a_white_garment_on_white_is_still_white() -> None:
    assert float(LAYOUT(plain(1.0, 1.0, 1.0)) @ LAYOUT(garment(0.97, 0.97, 0.97)).T) > 0.9


def test_a_shade_on_the_border_of_two_bins_moves_little() -> None:
    before, after = LAYOUT(plain(0.500, 0.3, 0.3)), LAYOUT(plain(0.504, 0.3, 0.3))
    assert float(before @ after.T) > 0.99


def test_what_is_above_is_told_from_what_is_below() -> None:
    photo = plain(1.0, 1.0, 1.0)
    photo[:, :, :24, 8:40] = torch.tensor([0.8, 0.1, 0.1]).view(3, 1, 1)
    photo[:, :, 24:, 8:40] = torch.tensor([0.1, 0.1, 0.8]).view(3, 1, 1)
    upside_down = photo.flip(2)
    one, other = (LAYOUT.histograms(image)[0] for image in (photo, upside_down))
    assert torch.allclose(one[0], other[0], atol=1e-4)  # the whole is the same
    assert float(one[1] @ other[1]) < 0.9 * float(one[1] @ one[1])


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.sampled_from([(1, 1), (7, 33), (64, 64)]))
def test_any_photo_is_described(seed: int, size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(seed))
    assert torch.isfinite(LAYOUT(images)).all()


def test_one_photo_is_described_as_among_others() -> None:
    images = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(LAYOUT(images)[2:3], LAYOUT(images[2:3]), atol=1e-6)
