"""Bytes of a photo to pixels: one decoder for every format, one geometry for index and query.

Pillow reads JPEG, PNG, WebP, GIF and AVIF alike; for large JPEGs its draft mode decodes at a
fraction of the size (3 times faster at 1000 x 1300, STACK.md 5). The pixels depend on all of this,
so PREPROCESSING enters the fingerprint of every vector.
"""

import io
from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageOps

from schemas.errors import ImageError
from schemas.image_ids import Ids, hex_of_ids
from schemas.pixels import decoder_words, eight_bits

Image.MAX_IMAGE_PIXELS = 50_000_000
Pixels = NDArray[np.uint8]
GEOMETRY = "fit-pad-v2"  # v1 cut 16 bits off at 255
_FAILURES = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning)


def preprocessing(size: int, normalisation: str = "") -> str:
    """What `decode` does at this size, and a network then with each pixel, as it enters the fingerprint."""
    decoded = f"pillow-{PIL.__version__.rsplit('.', 1)[0]}:{GEOMETRY}:{size}"
    return f"{decoded}:{normalisation}" if normalisation else decoded


def decode(image_id: str, data: bytes, size: int) -> Pixels:
    """Decode a photo to uint8 (3, size, size), RGB.

    EXIF rotation is applied, transparency becomes white, the longer side is fitted and the rest is
    filled with the mean colour of the photo's border: garments are neither cut nor squeezed.
    Raises ImageError (reason "decode") where the bytes are no whole picture.
    """
    try:
        return _pixels(data, size)
    except _FAILURES as error:
        raise _undecodable(image_id, error) from error


def decode_all(
    ids: Ids, photos: Sequence[bytes], size: int, threads: Executor | None = None
) -> list[Pixels | ImageError]:
    """Decode every photo as `decode` does, or say why not, in order. Pillow decodes outside the GIL.

    ids  (N,) names the photos in the errors
    """

    def attempt(number: int) -> Pixels | ImageError:
        try:
            return _pixels(photos[number], size)
        except _FAILURES as error:
            return _undecodable(hex_of_ids(ids[number : number + 1])[0], error)

    numbers = range(len(photos))
    return list(threads.map(attempt, numbers) if threads else map(attempt, numbers))


def _pixels(data: bytes, size: int) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (size, size))
        return _square(_upright_rgb(image), size)


def _undecodable(image_id: str, error: BaseException) -> ImageError:
    return ImageError(image_id, "decode", decoder_words(error))


def _upright_rgb(image: Image.Image) -> Image.Image:
    upright = eight_bits(ImageOps.exif_transpose(image))
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        layers = upright.convert("RGBA")
        white = Image.new("RGBA", layers.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layers).convert("RGB")
    return upright.convert("RGB")


def _square(image: Image.Image, size: int) -> Pixels:
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0))
    if width == height == size:
        return np.ascontiguousarray(small.transpose(2, 0, 1))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]).mean(0)
    canvas = np.empty((size, size, 3), np.uint8)
    canvas[:] = np.round(border)
    top, left = (size - height) // 2, (size - width) // 2
    canvas[top : top + height, left : left + width] = small
    return np.ascontiguousarray(canvas.transpose(2, 0, 1))
