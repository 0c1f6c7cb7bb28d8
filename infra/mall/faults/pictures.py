"""Picture files that are wrong, hostile or merely unusual."""

import gzip
import io
import struct
import zlib
from functools import lru_cache

from PIL import Image

BOMB_BYTES = 100 << 20  # what the gzip bombs unpack to


@lru_cache(maxsize=1)
def gzip_bomb() -> bytes:
    """About 100 KB that unpack to BOMB_BYTES zeros."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as file:
        for _ in range(BOMB_BYTES >> 20):
            file.write(bytes(1 << 20))
    return out.getvalue()


def pixel_bomb(side: int = 30_000) -> bytes:
    """A PNG of a few hundred bytes that declares side x side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 16), 9)
    parts = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    """The picture in a file, in RGB."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def reencoded(data: bytes, kind: str) -> bytes:
    """The same photo as WEBP or AVIF; fast settings, since it is encoded for each request."""
    options = {"quality": 70, "speed": 9} if kind == "AVIF" else {"quality": 80, "method": 2}
    return saved(opened(data), kind, **options)


def resized(data: bytes, width: int, height: int) -> bytes:
    """The same photo as a JPEG of another shape."""
    return saved(opened(data).resize((width, height)), "JPEG", quality=85)


def single_colour(data: bytes) -> bytes:
    """A JPEG of the photo's size in the colour of its middle."""
    picture = opened(data)
    middle = picture.getpixel((picture.width // 2, picture.height // 2))
    return saved(Image.new("RGB", picture.size, middle), "JPEG", quality=90)


def animated(data: bytes) -> bytes:
    """A GIF of three frames."""
    picture = opened(data)
    frames = [picture.rotate(turn).quantize(64) for turn in (0, 90, 180)]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=200, loop=0)
