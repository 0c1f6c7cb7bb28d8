"""Bytes of a photo to pixels: for each format and size the fastest decoder, one geometry for index and query.

Pillow reads JPEG, PNG, WebP, GIF and AVIF alike, and large JPEGs at a half, a quarter or an eighth of their size
(its draft mode), which no other decoder here does. JPEGs that are less than twice as large as they are wanted have
nothing to gain from that: torchvision's decoder reads those, 2 to 3 times as many a second (tests/bench/embed.py).
Both resize with antialiasing, by the same filter. The pixels depend on all of this, so `preprocessing` enters the
fingerprint of every vector.
"""

import io
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from schemas.errors import ImageError
from schemas.image_ids import Ids, hex_of_ids
from schemas.pixels import decoder_words, eight_bits

Image.MAX_IMAGE_PIXELS = 50_000_000
Pixels = NDArray[np.uint8]
GEOMETRY = "fit-pad-v3"  # v1 cut 16 bits off at 255, v2 read small JPEGs by Pillow
DRAFTED_FROM = 2  # times the wanted side: from here on Pillow decodes a JPEG smaller than it is
_ORIENTATION = 0x0112  # EXIF 2.32, table 4: 1 is upright
_FAILURES = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning)


def preprocessing(size: int, normalisation: str = "") -> str:
    """What `decode` does at this size, and a network then with each pixel, as it enters the fingerprint."""
    versions = f"pillow-{_minor('pillow')}:torchvision-{_minor('torchvision')}"
    decoded = f"{versions}:{GEOMETRY}:{size}"
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


def _minor(package: str) -> str:
    return version(package).rpartition(".")[0]


def _pixels(data: bytes, size: int) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        if _is_plain(image) and min(image.size) < DRAFTED_FROM * size:
            small = _read_by_torchvision(data, _fitted(image.size, size))
            if small is not None:
                return _padded(small, size)
        image.draft("RGB", (size, size))
        return _square(upright_rgb(image), size)


def _is_plain(image: Image.Image) -> bool:
    """Whether it is a JPEG that needs nothing but decoding."""
    plain = image.format == "JPEG" and image.mode in ("RGB", "L")
    return plain and ("exif" not in image.info or image.getexif().get(_ORIENTATION, 1) == 1)


def _read_by_torchvision(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """A JPEG's pixels (H, W, 3) at this width and height; None where Pillow shall judge it."""
    import torch

    from workers.lean_torchvision import io as torchvision_io

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a buffer that cannot be written to: nobody does
        encoded = torch.frombuffer(data, dtype=torch.uint8)
    try:
        read = torchvision_io.decode_jpeg(encoded, torchvision_io.ImageReadMode.RGB)
    except RuntimeError:
        return None
    width, height = size
    if read.shape[1:] != (height, width):
        read = torch.nn.functional.interpolate(
            read[None], size=(height, width), mode="bilinear", antialias=True
        )[0]
    pixels: NDArray[np.uint8] = read.permute(1, 2, 0).numpy()
    return pixels


def _undecodable(image_id: str, error: BaseException) -> ImageError:
    return ImageError(image_id, "decode", decoder_words(error))


def upright_rgb(image: Image.Image) -> Image.Image:
    """Turn a photo as its camera was held; 8 bits a channel, on white where it is transparent."""
    upright = eight_bits(ImageOps.exif_transpose(image))
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        layers = upright.convert("RGBA")
        white = Image.new("RGBA", layers.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layers).convert("RGB")
    return upright.convert("RGB")


def _square(image: Image.Image, size: int) -> Pixels:
    fitted = _fitted(image.size, size)
    return _padded(np.asarray(image.resize(fitted, Image.Resampling.BILINEAR, reducing_gap=2.0)), size)


def _fitted(sides: tuple[int, int], size: int) -> tuple[int, int]:
    """Width and height with the longer side `size`."""
    scale = size / max(sides)
    width, height = (max(1, round(side * scale)) for side in sides)
    return width, height


def _padded(small: NDArray[np.uint8], size: int) -> Pixels:
    """small (H, W, 3), a side of which is `size` -> (3, size, size)."""
    height, width = small.shape[:2]
    if width == height == size:
        return np.ascontiguousarray(small.transpose(2, 0, 1))
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]).mean(0)
    canvas = np.empty((size, size, 3), np.uint8)
    canvas[:] = np.round(border)
    top, left = (size - height) // 2, (size - width) // 2
    canvas[top : top + height, left : left + width] = small
    return np.ascontiguousarray(canvas.transpose(2, 0, 1))
