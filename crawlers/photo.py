"""What the bytes of a photo are, proven by decoding all of them.

Pillow, full decode, first frame; the pixel limit is checked on the header, before any pixel exists.
"""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import imagehash
import numpy as np
from PIL import Image

from schemas.errors import ImageError

SMALLEST_PX = 32
MOST_PIXELS = 50_000_000
_DECODED_PX = (
    256  # a JPEG is decoded at the smallest eighth still this large; hash and thumbnail see 32 and 8
)
_FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
# What Pillow's plugins raise on foreign bytes; a MemoryError or a bug of ours is not among them.
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, RuntimeError)


@dataclass(frozen=True)
class PhotoFacts:
    """`width` and `height` in px as stored, before EXIF rotation; the rest as in schemas.image."""

    media_type: str
    width: int
    height: int
    phash: int
    thumbnail: bytes


def inspect(data: bytes, name: str = "") -> PhotoFacts:
    """Facts of one photo; safe in threads, most of its time outside the interpreter lock.

    name    what an error calls the photo, such as its address
    Raises ImageError with reason empty, not_an_image, truncated, corrupt, too_small or too_many_pixels.
    """
    if not data:
        raise ImageError(name, "empty", "0 bytes")
    kind = _kind(data)
    if not kind:
        raise ImageError(name, "not_an_image", f"begins with {data[:12]!r}")
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise ImageError(name, "too_many_pixels", f"{width} x {height}")
            if min(width, height) < SMALLEST_PX:
                raise ImageError(name, "too_small", f"{width} x {height}")
            # Every byte is still read and entropy-decoded; only the inverse transform is cheaper.
            image.draft("RGB", (_DECODED_PX, _DECODED_PX))
            image.load()
            seen = _as_seen(image)
            return PhotoFacts(_FORMATS[kind], width, height, _phash(seen), _thumbnail(seen))
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(name, "too_many_pixels", str(error)) from error
    except _UNREADABLE as error:
        reason = "truncated" if _ends_early(kind, data) else "corrupt"
        raise ImageError(name, reason, _words(error)) from error


def image_row(
    image_id: str, data: bytes, facts: PhotoFacts, url: str, product_id: str, robots: Mapping[str, bool]
) -> dict[str, Any]:
    """One row of schemas.image.IMAGES, as of now."""
    said = {"image_id": image_id, "bytes": data, "url": url, "product_id": product_id, "robots": robots}
    return said | asdict(facts) | {"fetched_at": datetime.now(UTC)}


def _kind(data: bytes) -> str:
    """Pillow's name of the format the first bytes claim; empty for none we read."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and (b"avif" in data[8:64] or b"avis" in data[8:64]):
        return "AVIF"
    return ""


def _ends_early(kind: str, data: bytes) -> bool:
    """Whether a file that failed to decode is shorter than it says, by its format's end mark or length."""
    if kind == "JPEG":
        return b"\xff\xd9" not in data[-64:]
    if kind == "PNG":
        return b"IEND" not in data[-64:]
    if kind == "GIF":
        return not data.rstrip(b"\0").endswith(b";")
    if kind == "WEBP":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    at = 0  # AVIF: boxes of a stated size, one after the other
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8:  # 0 means "to the end", 1 a 64-bit size that no photo needs
            return False
        at += size
    return at != len(data)


def _as_seen(image: Image.Image) -> Image.Image:
    """RGB, with transparency on white: that is how shops show a cut-out."""
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture)
        return white.convert("RGB")
    return image.convert("RGB")


def _phash(image: Image.Image) -> int:
    """64 bits, row by row from the highest: the order in which imagehash prints its hex."""
    bits = np.packbits(imagehash.phash(image).hash.reshape(64))
    return int.from_bytes(bits.tobytes(), "big")


def _thumbnail(image: Image.Image) -> bytes:
    """8 x 8 RGB, each pixel the mean of its part of the photo."""
    return image.resize((8, 8), Image.Resampling.BOX).tobytes()


def _words(error: Exception) -> str:
    """Pillow's message without the memory address of the buffer it names."""
    return str(error).partition(" <_io.")[0] or type(error).__name__
