"""Small copies of shops' photos, whatever the shops send."""

import io

import pytest
from PIL import Image

from workers.report.thumbnails import SIDE, shape, thumbnail


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_photo_becomes_a_small_jpeg_of_its_shape(kind: str) -> None:
    small = thumbnail(saved(Image.new("RGB", (900, 1200), "red"), kind))

    assert small is not None and small[:3] == b"\xff\xd8\xff"
    assert shape(small) == SIDE and len(small) < 10_000


def test_a_transparent_photo_lies_on_white() -> None:
    small = thumbnail(saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))

    assert small is not None
    assert Image.open(io.BytesIO(small)).getpixel((25, 25)) == (255, 255, 255)


def test_a_photo_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    small = thumbnail(saved(Image.new("RGB", (120, 80)), "JPEG", exif=exif))

    assert small is not None and shape(small) == (80, 120)


def test_bytes_that_are_no_photo_have_no_thumbnail() -> None:
    whole = saved(Image.effect_noise((400, 400), 50), "JPEG")

    assert (
        thumbnail(b"") is None
        and thumbnail(b"<html>") is None
        and thumbnail(whole[: len(whole) // 2]) is None
    )
