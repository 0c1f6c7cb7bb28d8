"""Augmentation: a function of photos, generator and ranges; what is switched off does nothing."""

from typing import Any

import pytest
import torch
from torch import Tensor

from workers.contract import Batch, LabelSpace
from workers.data.augment import Ranges, augment, cluttered, draw_transforms

STILL = Ranges(area=(1, 1), stretch=0, turn=0, shift=0, light=0, tint=0, offset=0, clutter=0)


def photos(n: int = 4, side: int = 24) -> Tensor:
    return torch.randint(
        0, 256, (n, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(5)
    )


def augmented(images: Tensor, *how: Any) -> Tensor:
    return augment(Batch(images), *how).images


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_equal_generators_give_equal_photos_and_others_others() -> None:
    ranges = Ranges(clutter=0.5)
    assert torch.equal(augmented(photos(), seeded(), ranges), augmented(photos(), seeded(), ranges))
    assert not torch.equal(augmented(photos(), seeded(), ranges), augmented(photos(), seeded(1), ranges))


def test_the_photos_themselves_are_left_alone() -> None:
    images = photos()
    augmented(images, seeded(), Ranges(clutter=1.0))
    assert torch.equal(images, photos())


def test_with_everything_off_only_mirroring_is_left() -> None:
    images = photos(16)
    seen = augmented(images, seeded(), STILL)
    plain = images.float() / 255
    same = [torch.allclose(a, b, atol=1e-4) for a, b in zip(seen, plain, strict=True)]
    mirrored = [torch.allclose(a, b.flip(2), atol=1e-4) for a, b in zip(seen, plain, strict=True)]
    assert all(a or b for a, b in zip(same, mirrored, strict=True))
    assert any(same) and any(mirrored)


def test_pixels_stay_in_range_and_take_the_size_asked_for() -> None:
    seen = augmented(photos(), seeded(), Ranges(light=0.9, offset=0.9), 17)
    assert seen.shape == (4, 3, 17, 17)
    assert seen.min() >= 0 and seen.max() <= 1


def test_a_crop_of_a_quarter_shows_a_quarter() -> None:
    ramp = torch.arange(64, dtype=torch.uint8).view(1, 1, 1, 64).expand(8, 3, 64, 64).contiguous()
    seen = augmented(ramp, seeded(), Ranges(**{**STILL.__dict__, "area": (0.25, 0.25)})) * 255
    width = (seen.amax(3) - seen.amin(3))[:, 0, 0]
    assert torch.allclose(width, torch.full((8,), 31.5), atol=1.0)


def test_clutter_keeps_the_garment_and_changes_what_is_behind() -> None:
    photo = torch.ones(1, 3, 64, 64)
    photo[:, :, 20:44, 20:44] = torch.tensor([0.7, 0.1, 0.2]).view(3, 1, 1)
    behind, stains = (torch.rand(1, 3, side, side, generator=seeded()) for side in (64, 5))
    other = cluttered(photo, behind, stains)
    assert torch.allclose(other[:, :, 22:42, 22:42], photo[:, :, 22:42, 22:42], atol=1e-5)
    assert (other[:, :, :10] - 1).abs().mean() > 0.2


CORNERS = torch.tensor(
    [[-0.55, -0.45], [0.5, -0.5], [-0.5, 0.4], [0.45, 0.55]]
)  # of a square, none like another
EVERYTHING = {"area": (0.6, 1.4), "stretch": 0.2, "turn": 12.0, "shift": 0.1, "light": 0.2, "tint": 0.05}
EVERYTHING |= {"offset": 0.05, "clutter": 0.5}


DOTS = torch.tensor([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]], dtype=torch.uint8)
GREY, SIZE = 60, 96


def dotted(n: int) -> tuple[Tensor, Tensor]:
    """n grey photos with a dot of 6 px and its own colour at each corner, and the dots' middles (4, 2)."""
    images = torch.full((n, 3, SIZE, SIZE), GREY, dtype=torch.uint8)
    places = ((CORNERS + 1) / 2 * SIZE).round().int()
    for (x, y), colour in zip(places.tolist(), DOTS, strict=True):
        images[:, :, y - 3 : y + 3, x - 3 : x + 3] = colour[:, None, None]
    return images, places / SIZE * 2 - 1


@pytest.mark.parametrize(
    "change",
    [{name: value} for name, value in EVERYTHING.items()] + [EVERYTHING],
    ids=[*EVERYTHING, "all"],
)
@pytest.mark.parametrize("side", [96, 60])
def test_each_landmark_lies_on_the_dot_that_it_names_whatever_is_done(
    change: dict[str, Any], side: int
) -> None:
    n, ranges = 24, Ranges(**(STILL.__dict__ | change))
    images, middles = dotted(n)
    mirrored = LabelSpace(landmarks=("left top", "right top", "left foot", "right foot")).mirrored_landmarks
    landmarks = torch.cat([middles, torch.ones(4, 1)], 1).expand(n, 4, 3).contiguous()
    box = torch.cat([middles.amin(0), middles.amax(0)]).expand(n, 4).contiguous()

    seen = augment(Batch(images, {"landmarks": landmarks, "box": box}), seeded(), ranges, side, mirrored)

    colours = torch.cat([DOTS, torch.full((1, 3), GREY, dtype=torch.uint8)]).float() / 255
    flipped = torch.linalg.det(draw_transforms(n, seeded(), ranges).theta[:, :, :2]) < 0
    checked = 0
    for photo in range(n):
        points, frame = seen.dense("landmarks")[photo], seen.dense("box")[photo]
        assert ((points[:, 2] == 1) == (points[:, :2].abs() <= 1).all(1)).all()
        for k in range(4):
            if points[k, :2].abs().max() > 0.9:
                continue
            column, row = ((points[k, :2] + 1) / 2 * side).int().tolist()
            nearest = (colours - seen.images[photo, :, row, column]).norm(dim=1).argmin()
            assert int(nearest) == (mirrored[k] if flipped[photo] else k)
            assert (points[k, :2] >= frame[:2] - 1e-4).all() and (points[k, :2] <= frame[2:] + 1e-4).all()
            checked += 1
        assert (points[::2, 0] < points[1::2, 0]).all()  # left stays left
    assert checked > 2 * n and flipped.any() and not flipped.all()
