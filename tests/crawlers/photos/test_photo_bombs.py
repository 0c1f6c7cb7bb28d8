"""crawlers/photos/photo.py on files that cost much or are no still photo: refused on what their headers say."""

import struct
import tracemalloc
import zlib

import pytest
from PIL import Image

from crawlers.photos.photo import inspect
from tests.crawlers.photos.pictures import encoded, picture, refused


def png_bomb(side: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return start + struct.pack(">I", 0) + b"IDAT"


def webp_bomb(side: int) -> bytes:
    canvas = bytes(4) + (side - 1).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas
    still = encoded(picture(), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body) + len(still)) + body + still


def gif_bomb(side: int) -> bytes:
    whole = encoded(picture(64, 64).convert("P"), "GIF")
    return whole[:6] + struct.pack("<HH", side, side) + whole[10:]


@pytest.mark.parametrize("side", [8000, 60000])
@pytest.mark.parametrize("bomb", [png_bomb, webp_bomb, gif_bomb])
def test_a_pixel_bomb_is_refused_on_its_header_before_there_are_pixels(bomb, side: int) -> None:  # type: ignore[no-untyped-def]
    data = bomb(side)
    tracemalloc.start()

    reason = refused(data)

    assert reason == "too_many_pixels"
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_a_photo_just_under_the_pixel_limit_is_read() -> None:
    wide = Image.new("L", (10_000, 4_999), 250)
    wide.paste(20, (2000, 1000, 8000, 4000))

    assert inspect(encoded(wide, "PNG")).width == 10_000


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_costs_time() -> None:
    whole = encoded(picture(), "JPEG", progressive=True)
    start = whole.rindex(b"\xff\xda")

    bomb = whole[:-2] + whole[start:-2] * 2000 + b"\xff\xd9"

    assert refused(bomb) == "corrupt"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_moving_pictures_are_refused(kind: str) -> None:
    frames = [picture(seed=n) for n in range(3)]

    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)

    assert refused(data) == "animated"


def test_a_jpeg_with_its_own_preview_is_a_still() -> None:
    data = encoded(picture(), "MPO", save_all=True, append_images=[picture(150, 200)])

    assert inspect(data).media_type == "image/jpeg"
