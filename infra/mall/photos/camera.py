"""A photo by its name: the one entrance to drawing. The same arguments give the same bytes in any process."""

import io
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from PIL import Image

from infra.mall.garments.design import Design
from infra.mall.photos import street, studio
from infra.mall.photos.cutout import Taken

SIZE = (320, 400)  # pixels
SHOP_QUALITY = 88
STUDIO: dict[str, Callable[[Design, int, int], Taken]] = {
    "front": studio.front,
    "back": studio.back,
    "detail": studio.detail,
    "flat": studio.flat,
}


def take(look: Design, view: str, size: tuple[int, int] = SIZE) -> Taken:
    """The picture of one view, and where the garment is in it. Customers' photos are customer-1, customer-2 ..."""
    if view in STUDIO:
        return STUDIO[view](look, *size)
    return street.customer(look, int(view.rpartition("-")[2]), *size)


def jpeg(look: Design, view: str, size: tuple[int, int] = SIZE) -> bytes:
    """One photo as the shop serves it."""
    return packed(
        take(look, view, size).picture, SHOP_QUALITY if view in STUDIO else 58 + len(look.key) % 3 * 7
    )


def packed(picture: Image.Image, quality: int) -> bytes:
    """JPEG bytes."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


@lru_cache(maxsize=1)
def edition() -> str:
    """Changes when the drawing code does, so that a crawler's cached copy of a photo never outlives it."""
    here = Path(__file__).parents[1]
    sources = sorted([*here.glob("garments/*.py"), *here.glob("photos/*.py")])
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
