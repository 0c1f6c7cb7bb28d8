import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from crawlers.photo import inspect
from schemas.errors import ImageError
from schemas.image import THUMBNAIL_BYTES
from schemas.reject import REASONS

FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}


def picture(width: int = 300, height: int = 400, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 7, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


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
    difference = np.frombuffer(large.thumbnail, np.uint8).astype(int) - np.frombuffer(
        small.thumbnail, np.uint8
    )
    assert np.abs(difference).mean() < 3


def test_the_hash_is_the_one_imagehash_prints() -> None:
    import imagehash

    image = picture(200, 200)

    assert f"{inspect(encoded(image, 'PNG')).phash:016x}" == str(imagehash.phash(image))


def test_transparency_is_seen_as_white() -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))

    assert inspect(encoded(clear, "PNG")).thumbnail == b"\xff" * THUMBNAIL_BYTES


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "I;16"])
def test_every_colour_mode_is_read(mode: str) -> None:
    image = picture(64, 64).convert("L").convert("I;16") if mode == "I;16" else picture(64, 64).convert(mode)

    assert inspect(encoded(image, "JPEG" if mode == "CMYK" else "PNG")).width == 64


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html>not found</html>", "not_an_image"),
        (b"BM" + bytes(100), "not_an_image"),
        (b"\xff\xd8\xff\xe0" + bytes(2000) + b"\xff\xd9", "corrupt"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50) + b"IEND\xaeB`\x82", "corrupt"),
        (encoded(picture(31, 400), "JPEG"), "too_small"),
        (encoded(picture(400, 1), "PNG"), "too_small"),
    ],
)
def test_what_is_no_usable_photo_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError) as caught:
        inspect(data, "https://shop.example/x.jpg")

    assert caught.value.reason == reason
    assert caught.value.reason in REASONS
    assert "x.jpg" in str(caught.value)
    assert "0x" not in caught.value.detail


@pytest.mark.parametrize("side", [8000, 60000])
def test_a_pixel_bomb_is_refused_on_its_header(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))

    with pytest.raises(ImageError) as caught:
        inspect(bomb + struct.pack(">I", 0) + b"IDAT")

    assert caught.value.reason == "too_many_pixels"


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
