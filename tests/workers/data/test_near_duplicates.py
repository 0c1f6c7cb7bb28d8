"""workers/data/near_duplicates.py: copies of one photo are found, and two white garments are not one product."""

import io
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from crawlers.photos.photo import PhotoFacts, inspect
from infra.mall.garments.design import design
from infra.mall.photos.camera import take
from infra.mall.photos.cutout import cutout
from tests.bench.near_duplicates import planted
from workers.data import near_duplicates
from workers.data.hash_tables import HAMMING
from workers.data.near_duplicates import (
    EXPOSURE,
    PART,
    PART_OF_POOR,
    POOR,
    SHAPE,
    PhotoFeatures,
    aspects_as_seen,
    photo_groups,
    product_groups,
)

WHITES = ("#fdfdfd", "#fbfbfa", "#f8f8f6", "#f6f4f0")


def random_features(n: int, seed: int = 0) -> PhotoFeatures:
    random = np.random.default_rng(seed)
    return PhotoFeatures(
        hashes=random.integers(0, 2**64, n, dtype=np.uint64),
        thumbnails=random.integers(0, 256, (n, 192), dtype=np.uint8),
        aspects=np.full(n, 0.8),
        quality=np.full(n, 100, np.int8),
    )


def features_of(photos: Sequence[PhotoFacts]) -> PhotoFeatures:
    return PhotoFeatures(
        hashes=np.array([photo.phash for photo in photos], np.uint64),
        thumbnails=np.stack([np.frombuffer(photo.thumbnail, np.uint8) for photo in photos]),
        aspects=aspects_as_seen(
            *(
                np.array([getattr(photo, name) for photo in photos])
                for name in ("width", "height", "orientation")
            )
        ),
        quality=np.array([photo.quality for photo in photos], np.int8),
    )


def encoded(picture: Image.Image, kind: str = "JPEG", quality: int = 88, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, quality=quality, **options)
    return out.getvalue()


def white_garment(category: str, number: int) -> Image.Image:
    """Cut out and on pure white, as marketplaces ask for."""
    rng = Random(number)
    look = replace(
        design(rng, category, f"{category}-{number}"),
        colour="white",
        tone=rng.choice(WHITES),
        pattern="plain",
        print_shape="",
    )
    paper = Image.new("RGBA", (320, 400), "white")
    paper.alpha_composite(cutout(look, False, 320, 400).image)
    return paper.convert("RGB")


def grouped(*photos: bytes) -> bool:
    facts = [inspect(photo) for photo in photos]
    return together(features_of(facts))


def together(features: PhotoFeatures) -> bool:
    return len(set(photo_groups(features).group.tolist())) == 1


COPIES = {
    "half the size": lambda p: encoded(p.resize((160, 200), Image.Resampling.LANCZOS)),
    "twice the size": lambda p: encoded(p.resize((640, 800), Image.Resampling.BICUBIC)),
    "rounded sides": lambda p: encoded(p.resize((200, 251), Image.Resampling.LANCZOS)),
    "saved again, poorly": lambda p: encoded(p, quality=40),
    "saved as WebP": lambda p: encoded(p, "WEBP", 70),
    "saved as AVIF": lambda p: encoded(p, "AVIF", 70),
    "a little brighter": lambda p: encoded(ImageEnhance.Brightness(p).enhance(1.02)),
    "a little darker": lambda p: encoded(ImageEnhance.Brightness(p).enhance(0.97)),
    "stored on its side": lambda p: encoded(p.transpose(Image.Transpose.ROTATE_90), exif=turned(6)),
}


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("change", COPIES)
@pytest.mark.parametrize("category", ["tee", "dress", "shoes"])
def test_a_copy_of_a_photo_is_grouped_with_it(category: str, change: str) -> None:
    for picture in (white_garment(category, 1), take(design(Random(2), category, "studio"), "front").picture):
        assert grouped(encoded(picture), COPIES[change](picture))


@pytest.mark.parametrize("category", ["tee", "tank top", "dress", "pants"])
def test_two_white_garments_on_white_ground_are_two_products(category: str) -> None:
    photos = [inspect(encoded(white_garment(category, n))) for n in range(12)]

    assert photo_groups(features_of(photos)).pairs <= 1  # of 66


@pytest.mark.parametrize("category", ["pants", "shoes"])
def test_white_garments_whose_hashes_collide_are_told_apart_by_one_part(category: str) -> None:
    photos = [inspect(encoded(white_garment(category, n))) for n in range(50)]
    features = features_of(photos)
    hashes = [photo.phash for photo in photos]
    colliding = [
        (i, j) for i in range(50) for j in range(i + 1, 50) if (hashes[i] ^ hashes[j]).bit_count() <= HAMMING
    ]

    found = photo_groups(features)

    assert len(colliding) >= 15
    assert found.group.tolist() == by_hand(features)
    assert found.pairs <= len(colliding) / 4


@pytest.mark.parametrize("crowd", [near_duplicates.CROWD, 8])
def test_groups_are_those_of_comparing_all_pairs(crowd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "CROWD", crowd)
    features = random_features(300)
    features.quality[:100] = 20
    for copy in range(
        40
    ):  # 40 near copies, 0 to 6 bits and 0 to 12 levels away, some of them in one part only
        features.hashes[copy + 200] = features.hashes[copy] ^ np.uint64((1 << (copy % 7)) - 1 << (copy % 50))
        features.thumbnails[copy + 200] = np.clip(features.thumbnails[copy].astype(int) + copy % 10, 0, 255)
        features.thumbnails[copy + 200, 7] = np.clip(int(features.thumbnails[copy, 7]) + copy % 16, 0, 255)
        features.aspects[copy + 200] *= 1 + 0.002 * copy

    found = photo_groups(features)

    assert found.group.tolist() == by_hand(features)
    assert found.left_out == 0 and found.pairs > 5


@pytest.mark.parametrize("quality", [90, 20])
def test_a_crowd_is_parted_without_losing_a_pair(quality: int) -> None:
    """A thousand photos within a few bits of one outline, of which some are copies of copies."""
    features = crowd_of(1000, seed=quality)
    features.quality[:] = quality

    found = photo_groups(features)

    assert found.group.tolist() == by_hand(features)
    assert len(set(found.group.tolist())) < 980
    assert found.comparisons < 15 * 1000 * 999 / 2 / 4  # of all pairs in all tables


def test_a_crowd_that_nothing_parts_costs_a_few_looks_a_photo() -> None:
    features = random_features(1)
    same = PhotoFeatures(*(np.repeat(column, 20_000, 0) for column in vars(features).values()))
    same.thumbnails[:] = same.thumbnails.clip(9, 246) + np.random.default_rng(0).integers(
        0, 2, (20_000, 192), np.uint8
    )

    found = photo_groups(same)

    assert not found.group.any()
    assert found.comparisons < 100_000  # of 200 million pairs in each of 15 tables


def test_a_photo_of_which_nothing_is_known_is_alone_and_counted() -> None:
    pair = PhotoFeatures(*(np.repeat(column, 3, 0) for column in vars(random_features(1)).values()))
    pair.aspects[1] = np.nan

    found = photo_groups(pair)

    assert found.group.tolist() == [0, 1, 0]
    assert found.left_out == 1


def test_no_photo_has_no_group() -> None:
    assert not len(photo_groups(random_features(0)).group)


def crowd_of(n: int, seed: int) -> PhotoFeatures:
    """Every second photo is a copy of an earlier one, some levels and up to four bits away."""
    random = np.random.default_rng(seed)
    features = random_features(n, seed)
    features.hashes[:] = features.hashes[0]
    features.thumbnails[:] = 250
    features.thumbnails[:, 60:90] = random.integers(0, 60, (n, 30)) * 4
    for copy in range(1, n, 2):
        features.thumbnails[copy] = features.thumbnails[random.integers(0, copy)]
        features.thumbnails[copy, random.integers(0, 192, 5)] -= (
            random.integers(0, 18, 5).astype(np.uint8) // 3
        )
    for _ in range(3):
        features.hashes[:] ^= np.uint64(1) << random.integers(0, 64, n).astype(np.uint64)
    return features


def by_hand(features: PhotoFeatures) -> list[int]:
    """The smallest photo that each is joined with, all pairs compared one by one."""
    count = len(features.hashes)
    group = list(range(count))
    for i in range(count):
        near = np.bitwise_count(features.hashes[i] ^ features.hashes[i + 1 :]) <= HAMMING
        for j in (np.flatnonzero(near) + i + 1).tolist():
            if group[i] != group[j] and alike(features, i, j):
                low, high = sorted((group[i], group[j]))
                group = [low if one == high else one for one in group]
    return group


def alike(features: PhotoFeatures, i: int, j: int) -> bool:
    """The rule, written out for one pair."""
    if bin(int(features.hashes[i]) ^ int(features.hashes[j])).count("1") > HAMMING:
        return False
    if abs(np.log(features.aspects[i] / features.aspects[j])) > SHAPE:
        return False
    most = PART_OF_POOR if min(features.quality[i], features.quality[j]) < POOR else PART
    for channel in range(3):
        apart = [
            int(features.thumbnails[i, n]) - int(features.thumbnails[j, n]) for n in range(channel, 192, 3)
        ]
        exposure = sum(apart) / 64
        if abs(exposure) > EXPOSURE or max(abs(part - exposure) for part in apart) > most:
            return False
    return True


@pytest.mark.parametrize(("quality", "joined"), [(POOR, True), (POOR - 1, False)])
def test_a_photo_that_is_mostly_paper_must_match_more_closely(quality: int, joined: bool) -> None:
    features = random_features(1)
    pair = PhotoFeatures(*(np.repeat(column, 2, 0) for column in vars(features).values()))
    pair.thumbnails[:, 30] = 100, 109
    pair.quality[1] = quality

    assert together(pair) is joined


def test_the_same_picture_in_another_shape_is_another_photo() -> None:
    pair = PhotoFeatures(*(np.repeat(column, 2, 0) for column in vars(random_features(1)).values()))
    pair.aspects[:] = 0.8, 1.25

    assert not together(pair)


def test_the_same_shape_in_another_colour_is_another_product() -> None:
    pair = PhotoFeatures(*(np.repeat(column, 2, 0) for column in vars(random_features(1)).values()))
    pair.thumbnails[1] ^= 0b1000000

    assert not together(pair)


def test_orientations_that_lay_a_photo_down_turn_its_aspect() -> None:
    aspects = aspects_as_seen(np.array([300, 400, 0]), np.array([400, 300, 7]), np.array([1, 6, 1]))

    assert aspects[0] == aspects[1] == 0.75
    assert aspects[2] > 0


def test_products_that_share_a_photo_or_a_near_copy_are_one_group() -> None:
    features = random_features(5)
    features.hashes[4], features.thumbnails[4] = features.hashes[1] ^ np.uint64(1), features.thumbnails[1]

    owners, photos = np.array([0, 0, 1, 2, 2, 3]), np.array([0, 1, 2, 2, 3, 4])

    groups = product_groups(owners, photos, photo_groups(features).group, 4)

    assert groups.tolist() == [0, 1, 1, 0]


@pytest.mark.slow
def test_copies_planted_among_a_million_photos_that_crowd_are_found() -> None:
    features, originals, copies = planted(1_000_000, 1000)

    found = photo_groups(features)

    assert (found.group[originals] == found.group[copies]).mean() >= 0.99
    assert found.left_out == 0
    assert found.comparisons < 1_000_000 * 1000  # of half a million times a million
