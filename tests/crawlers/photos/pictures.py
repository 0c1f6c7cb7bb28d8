"""Pictures to read, encoded as shops do."""

import io

import numpy as np
import pytest
from PIL import Image

from crawlers.photos.photo import inspect
from schemas.errors import ImageError
from schemas.reject import REASONS


def picture(width: int = 300, height: int = 400, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 7, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        inspect(data)
    assert caught.value.reason in REASONS
    return caught.value.reason
