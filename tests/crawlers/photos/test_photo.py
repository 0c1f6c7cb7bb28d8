from dataclasses import replace
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageDraw

from crawlers.photos.photo import image_row, inspect
from infra.mall.garments.design import design
from infra.mall.photos.camera import take
from infra.mall.photos.cutout import cutout
from schemas.errors import ImageError
from schemas.image import IMAGES, THUMBNAIL_BYTES
from schemas.reject import REASONS
from tests.crawlers.photos.pictures import encoded, picture, refused

FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}


BACK = {  # how a camera stores what EXIF tells to turn
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def mean_difference(one: bytes, other: bytes) -> float:
    return float(np.abs(np.frombuffer(one, np.uint8).astype(int) - np.frombuffer(other, np.uint8)).mean())


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_told_by_its_bytes(kind: str) -> None:
    facts = inspect(encoded(picture(), kind))

    assert (facts.media_type, facts.width, facts.height) == (FORMATS[kind], 300, 400)
    assert 0 < facts.phash < 2**64
    assert len(facts.thumbnail) == THUMBNAIL_BYTES


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_file_is_truncated(kind: str, share: float) -> None:
    data = encoded(picture(), kind)

    with pytest.raises(ImageError) as caught:
        inspect(data[: int(len(data) * share)])

    assert caught.value.reason == "truncated"


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_is_proven_whole_although_it_is_decoded_small(progressive: bool) -> None:
    data = encoded(picture(2000, 3000), "JPEG", progressive=progressive)

    assert (inspect(data).width, inspect(data).height) == (2000, 3000)
    with pytest.raises(ImageError, match="truncated"):
        inspect(data[:-2000])


def test_the_hash_of_a_large_photo_is_near_that_of_its_small_copy() -> None:
    large = inspect(encoded(picture(1600, 2000), "JPEG"))
    small = inspect(encoded(picture(1600, 2000).resize((320, 400)), "JPEG"))

    assert (large.phash ^ small.phash).bit_count() <= 4
    assert mean_difference(large.thumbnail, small.thumbnail) < 3


def test_the_hash_is_the_one_imagehash_prints() -> None:
    import imagehash

    image = picture(200, 200)

    assert f"{inspect(encoded(image, 'PNG')).phash:016x}" == str(imagehash.phash(image))


@pytest.mark.parametrize("side", [64, 640])
def test_transparency_is_seen_as_white(side: int) -> None:
    cut_out = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    cut_out.paste((200, 30, 40, 255), (0, 0, side // 2, side))

    thumbnail = np.frombuffer(inspect(encoded(cut_out, "PNG")).thumbnail, np.uint8).reshape(8, 8, 3)

    assert (thumbnail[:, 4:] == 255).all()
    assert (thumbnail[:, :4] == (200, 30, 40)).all()


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "I;16"])
def test_every_colour_mode_is_read(mode: str) -> None:
    grey = picture(64, 64).convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    image = deep if mode == "I;16" else picture(64, 64).convert(mode)

    facts = inspect(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))

    assert facts.width == 64
    assert (facts.phash ^ inspect(encoded(grey, "PNG")).phash).bit_count() <= (8 if mode in "1P" else 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html>not found</html>", "not_an_image"),
        (b"BM" + bytes(100), "not_an_image"),
        (b"\xff\xd8\xff\xe0" + bytes(2000) + b"\xff\xd9", "corrupt"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50) + b"IEND\xaeB`\x82", "corrupt"),
        (encoded(picture(63, 300), "JPEG"), "too_small"),
        (encoded(picture(64, 385), "JPEG"), "extreme_aspect"),
        (encoded(picture(1201, 200), "PNG"), "extreme_aspect"),
        (encoded(picture(400, 1), "PNG"), "too_small"),
        (encoded(Image.new("RGB", (300, 400), "white"), "JPEG"), "single_colour"),
        (encoded(Image.new("RGB", (300, 400), "#c02040"), "WEBP"), "single_colour"),
        (encoded(Image.new("RGBA", (300, 400), (9, 9, 9, 0)), "PNG"), "single_colour"),
    ],
)
def test_what_is_no_usable_photo_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError) as caught:
        inspect(data, "https://shop.example/x.jpg")

    assert caught.value.reason == reason
    assert caught.value.reason in REASONS
    assert "x.jpg" in str(caught.value)
    assert "0x" not in caught.value.detail


@pytest.mark.parametrize("kind", FORMATS)
def test_a_white_garment_on_white_ground_shows_more_than_one_colour(kind: str) -> None:
    paper = Image.new("RGB", (300, 400), (255, 255, 255))
    pen = ImageDraw.Draw(paper)
    pen.polygon([(90, 80), (210, 80), (230, 340), (70, 340)], fill=(251, 251, 251))

    facts = inspect(encoded(paper, kind))

    assert facts.quality < 10


@pytest.mark.parametrize("garment", ["tee", "shirt", "dress", "shoes"])
def test_a_drawn_white_garment_is_kept_in_the_studio_and_cut_out_on_pure_white(garment: str) -> None:
    look = replace(design(Random(1), garment, "white"), colour="white", tone="#fdfdfd", pattern="plain")
    paper = Image.new("RGBA", (320, 400), "white")
    paper.alpha_composite(cutout(look, False, 320, 400).image)

    for photo in (take(look, "front").picture, paper.convert("RGB")):
        assert inspect(encoded(photo, "JPEG", quality=60)).quality > 0


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("level", [255, 250, 128])
def test_one_colour_under_noise_is_still_one_colour(quality: int, level: int) -> None:
    noise = np.random.default_rng(0).normal(level, 3, (400, 320, 3))
    wall = Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))

    assert refused(encoded(wall, "JPEG", quality=quality)) == "single_colour"


def test_an_import_may_keep_smaller_photos() -> None:
    data = encoded(picture(60, 80), "JPEG")

    assert refused(data) == "too_small"
    assert inspect(data, smallest_px=32).width == 60
    with pytest.raises(ImageError, match="too_small"):
        inspect(encoded(picture(31, 80), "JPEG"), smallest_px=32)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_has_the_hash_of_its_upright_copy(kind: str, orientation: int) -> None:
    upright = picture(300, 400, seed=3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright.transpose(BACK[orientation]) if orientation in BACK else upright

    facts, plain = inspect(encoded(stored, kind, exif=exif, quality=95)), inspect(encoded(upright, "PNG"))

    assert facts.orientation == orientation
    assert (facts.width, facts.height) == stored.size
    assert (facts.phash ^ plain.phash).bit_count() <= 2
    assert mean_difference(facts.thumbnail, plain.thumbnail) < 3


@pytest.mark.parametrize("stated", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(stated: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = stated

    assert inspect(encoded(picture(), "JPEG", exif=exif)).orientation == 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_metadata_do_not_cost_a_whole_photo() -> None:
    data = encoded(picture(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 9)

    assert inspect(data).orientation == 1


def test_quality_counts_how_much_there_is_to_see() -> None:
    steps = np.kron(np.indices((16, 16)).sum(0) % 2 * 255, np.ones((8, 8))).astype(np.uint8)
    slope = np.tile(np.linspace(0, 255, 128).astype(np.uint8), (128, 1))

    chess, gradient = (inspect(encoded(Image.fromarray(pixels), "PNG")) for pixels in (steps, slope))

    assert chess.quality == 100
    # 63 steps of 4 levels, each 1 whole per cent, in 64 rows, by 360.
    assert gradient.quality == 63 * 64 // 360


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("image/jpeg", "image/jpeg"),
        ("Image/JPEG; charset=utf-8", "image/jpeg"),
        ("", ""),
        (" text/html\r\nX: 1\x1b[31m ;q", "text/htmlx: 1[31m"),
        ("a" * 500, "a" * 100),
    ],
)
def test_what_the_server_claimed_is_kept_harmless(said: str, kept: str) -> None:
    data = encoded(picture(), "PNG")
    robots = {"allowed": True, "noai": False, "noimageai": False}

    row = image_row("id", data, inspect(data), "http://a/b.jpg", "s:1", robots, said)

    assert (row["declared_type"], row["media_type"]) == (kept, "image/png")
    assert set(row) == set(IMAGES.names)
    pa.RecordBatch.from_pylist([row], IMAGES)


def test_garbled_bytes_in_the_middle_never_raise_anything_else() -> None:
    rng = np.random.default_rng(1)
    for kind in FORMATS:
        data = encoded(picture(), kind)
        for _ in range(20):
            garbled = bytearray(data)
            start = int(rng.integers(20, len(data) - 64))
            garbled[start : start + 40] = rng.bytes(40)
            try:
                inspect(bytes(garbled))
            except ImageError as error:
                assert error.reason in REASONS
