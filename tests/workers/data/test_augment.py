"""Augmentation: a function of photos, generator and looks; what is switched off does nothing."""

import torch
from torch import Tensor

from workers.data.augment import Looks, augment, cluttered

STILL = Looks(area=(1, 1), stretch=0, turn=0, shift=0, light=0, tint=0, offset=0, clutter=0)


def photos(n: int = 4, side: int = 24) -> Tensor:
    return torch.randint(
        0, 256, (n, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(5)
    )


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_equal_generators_give_equal_photos_and_others_others() -> None:
    looks = Looks(clutter=0.5)
    assert torch.equal(augment(photos(), seeded(), looks), augment(photos(), seeded(), looks))
    assert not torch.equal(augment(photos(), seeded(), looks), augment(photos(), seeded(1), looks))


def test_the_photos_themselves_are_left_alone() -> None:
    images = photos()
    augment(images, seeded(), Looks(clutter=1.0))
    assert torch.equal(images, photos())


def test_with_everything_off_only_mirroring_is_left() -> None:
    images = photos(16)
    seen = augment(images, seeded(), STILL)
    plain = images.float() / 255
    same = [torch.allclose(a, b, atol=1e-4) for a, b in zip(seen, plain, strict=True)]
    mirrored = [torch.allclose(a, b.flip(2), atol=1e-4) for a, b in zip(seen, plain, strict=True)]
    assert all(a or b for a, b in zip(same, mirrored, strict=True))
    assert any(same) and any(mirrored)


def test_pixels_stay_in_range_and_take_the_size_asked_for() -> None:
    seen = augment(photos(), seeded(), Looks(light=0.9, offset=0.9), 17)
    assert seen.shape == (4, 3, 17, 17)
    assert seen.min() >= 0 and seen.max() <= 1


def test_a_crop_of_a_quarter_shows_a_quarter() -> None:
    ramp = torch.arange(64, dtype=torch.uint8).view(1, 1, 1, 64).expand(8, 3, 64, 64).contiguous()
    seen = augment(ramp, seeded(), Looks(**{**STILL.__dict__, "area": (0.25, 0.25)})) * 255
    width = (seen.amax(3) - seen.amin(3))[:, 0, 0]
    assert torch.allclose(width, torch.full((8,), 31.5), atol=1.0)


def test_clutter_keeps_the_garment_and_changes_what_is_behind() -> None:
    photo = torch.ones(1, 3, 64, 64)
    photo[:, :, 20:44, 20:44] = torch.tensor([0.7, 0.1, 0.2]).view(3, 1, 1)
    behind, stains = (torch.rand(1, 3, side, side, generator=seeded()) for side in (64, 5))
    other = cluttered(photo, behind, stains)
    assert torch.allclose(other[:, :, 22:42, 22:42], photo[:, :, 22:42, 22:42], atol=1e-5)
    assert (other[:, :, :10] - 1).abs().mean() > 0.2
