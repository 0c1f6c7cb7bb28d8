"""What the bytes of a photo are, proven by decoding all of them once.

The header decides what may be decoded at all (format, pixels, sides, frames); then every byte is
decoded, and what was decoded is made small. Hash, thumbnail and quality are taken from that small
picture turned as EXIF says, so that a photo stored lying on its side groups with its upright copy.
"""

import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import imagehash
import numpy as np
from PIL import Image

from schemas.errors import ImageError
from schemas.pixels import decoder_words, eight_bits

SMALLEST_PX = 64
MOST_PIXELS = 50_000_000
LONGEST_ASPECT = 6  # long side by short side; beyond it stand banners and lines
# A photo is made small to the last whole fraction still this large; hash and thumbnail see 32 and 8. From 256 px
# the hash is no nearer to that of the whole photo (both 0.13 to 0.32 bits of 64 away), and costs half as much again.
_DECODED_PX = 128
_GRID_PX = 64  # quality, colour spread and thumbnail are read from this many means a side
_SPREAD = 2  # levels of 255 between the brightest and the darkest mean of one colour and nothing else
_MOST_SCANS = 100  # of one JPEG: ten is usual, thousands are a bomb that costs time instead of memory
_FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
_SEQUENCES = frozenset(["GIF", "PNG", "WEBP", "AVIF"])  # a JPEG of several pictures holds previews of itself
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PER_CENT = np.arange(256) * 100 // 255  # of a step between neighbours
_ORIENTATION_TAG = 0x0112
# What Pillow's plugins raise on foreign bytes; a MemoryError or a bug of ours is not among them.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    RuntimeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class PhotoFacts:
    """`width` and `height` in px as stored, before EXIF rotation; the rest as in schemas.image."""

    media_type: str
    width: int
    height: int
    orientation: int
    phash: int
    quality: int
    thumbnail: bytes


def inspect(data: bytes, name: str = "", smallest_px: int = SMALLEST_PX) -> PhotoFacts:
    """Read the facts of one photo; safe in threads, most of its time outside the interpreter lock.

    name         what an error calls the photo, such as its address
    smallest_px  least length of its short side
    Raises ImageError with reason empty, not_an_image, truncated, corrupt, animated, too_small,
    too_many_pixels, extreme_aspect or single_colour.
    """
    if not data:
        raise ImageError(name, "empty", "0 bytes")
    kind = _kind(data)
    if not kind:
        raise ImageError(name, "not_an_image", f"begins with {data[:12]!r}")
    try:
        return _facts(data, kind, name, smallest_px)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(name, "too_many_pixels", str(error)) from error
    except _UNREADABLE as error:
        reason = "truncated" if _ends_early(kind, data) else "corrupt"
        raise ImageError(name, reason, decoder_words(error)) from error


def _facts(data: bytes, kind: str, name: str, smallest_px: int) -> PhotoFacts:
    """Decode a photo once; raises ImageError for what is no good photo, and whatever Pillow raises on foreign bytes."""
    if kind == "WEBP":  # Pillow makes room for all pixels of a WebP before it tells their number
        _check_size(*_webp_size(data), name, 1)
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        width, height = image.size
        _check_size(width, height, name, smallest_px)
        if kind in _SEQUENCES and getattr(image, "is_animated", False):
            raise ImageError(name, "animated", "several frames")
        if image.info.get("progressive") and (scans := data.count(b"\xff\xda")) > _MOST_SCANS:
            raise ImageError(name, "corrupt", f"{scans} scans")
        # Every byte is still read and entropy-decoded; only the inverse transform is cheaper.
        image.draft("RGB", (_DECODED_PX, _DECODED_PX))
        image.load()
        orientation = _orientation(image)
        seen = _as_seen(image)
    grid = seen.resize((_GRID_PX, _GRID_PX), Image.Resampling.BOX, reducing_gap=2.0)
    spread = _spread(grid)
    if spread <= _SPREAD:
        raise ImageError(
            name, "single_colour", f"{spread} of 255 levels between its brightest and darkest part"
        )
    return PhotoFacts(
        media_type=_FORMATS[kind],
        width=width,
        height=height,
        orientation=orientation,
        phash=_phash(seen, orientation),
        quality=_quality(grid),
        thumbnail=_upright(grid, orientation).reduce(_GRID_PX // 8).tobytes(),
    )


def image_row(
    image_id: str,
    data: bytes,
    facts: PhotoFacts,
    url: str,
    product_id: str,
    robots: Mapping[str, bool],
    declared_type: str = "",
) -> dict[str, Any]:
    """Make one row of schemas.image.IMAGES, as of now.

    declared_type  the server's Content-Type as it came; its parameters and unprintable characters go
    """
    media_type = "".join(char for char in declared_type.partition(";")[0] if char.isprintable())
    row: dict[str, Any] = {"image_id": image_id, "bytes": data, "url": url, "product_id": product_id}
    row |= {"robots": robots, "declared_type": media_type.strip().lower()[:100]}
    return row | asdict(facts) | {"fetched_at": datetime.now(UTC)}


def _check_size(width: int, height: int, name: str, smallest_px: int) -> None:
    """Raise ImageError for sides that are not decoded at all."""
    sides = f"{width} x {height}"
    if width * height > MOST_PIXELS:
        raise ImageError(name, "too_many_pixels", sides)
    if min(width, height) < smallest_px:
        raise ImageError(name, "too_small", sides)
    if max(width, height) > LONGEST_ASPECT * min(width, height):
        raise ImageError(name, "extreme_aspect", sides)


def _kind(data: bytes) -> str:
    """Return Pillow's name of the format the first bytes claim; empty for none we read."""
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


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read the sides of a WebP from its first chunk; raises ValueError where that is none."""
    chunk = data[12:16]
    if chunk == b"VP8X" and len(data) >= 30:  # the canvas, also of one still picture with metadata
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L" and len(data) >= 25:
        sides = int.from_bytes(data[21:25], "little")
        return 1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF)
    if chunk == b"VP8 " and len(data) >= 30:
        sides = int.from_bytes(data[26:30], "little")
        return max(1, sides & 0x3FFF), max(1, sides >> 16 & 0x3FFF)
    raise ValueError("a WebP without a picture")


def _orientation(image: Image.Image) -> int:
    """Read the EXIF orientation, 1 to 8; 1 where none is stated, or none that can be read."""
    try:
        stated = image.getexif().get(_ORIENTATION_TAG)
    except _UNREADABLE:  # the picture is whole, whatever its metadata say
        return 1
    return stated if isinstance(stated, int) and stated in _UPRIGHT else 1


def _as_seen(image: Image.Image) -> Image.Image:
    """Convert to RGB and small, with transparency on white: that is how shops show a cut-out."""
    image = eight_bits(image)
    times = max(1, min(image.size) // _DECODED_PX)
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        if times > 1:  # premultiplied, so that the colour of clear pixels does not count
            picture = picture.convert("RGBa").reduce(times).convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture)
        return white.convert("RGB")
    seen = image if image.mode == "RGB" else image.convert("RGB")
    return seen.reduce(times) if times > 1 else seen


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture


def _phash(seen: Image.Image, orientation: int) -> int:
    """Hash to 64 bits, row by row from the highest: the order in which imagehash prints its hex."""
    # What imagehash would do, but for the gap: a third of the time for a fifth of a bit of 64 on average.
    small = seen.convert("L").resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=2.0)
    bits = np.packbits(imagehash.phash(_upright(small, orientation)).hash.reshape(64))
    return int.from_bytes(bits.tobytes(), "big")


def _spread(grid: Image.Image) -> int:
    """Return the levels between the brightest and the darkest part, in the channel where they differ most.

    Parts are a 16th of the photo wide: over so many pixels noise averages out, and a white shirt on
    white paper is still told apart by its folds and its outline.
    """
    channels: Any = grid.reduce(_GRID_PX // 16).getextrema()
    return int(max(high - low for low, high in channels))


def _quality(grid: Image.Image) -> int:
    """Measure how much gradient there is to hash, 0 to 100, counted as PDQ does.

    The steps between neighbours of the 64 x 64 grey reduction, across and down, each in whole per cent
    of the full range (so that noise under 3 levels counts nothing), summed, divided by 360, at most
    100. PDQ divides by 90, which nearly every product photo fills.
    """
    levels = np.asarray(grid.convert("L"), np.int16)
    across, down = np.abs(np.diff(levels, axis=1)), np.abs(np.diff(levels, axis=0))
    return min(100, int(_PER_CENT[across].sum() + _PER_CENT[down].sum()) // 360)
