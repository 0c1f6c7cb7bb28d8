"""A photo as a small JPEG, for a page that carries its photos with it."""

import io
import warnings

from PIL import Image, ImageOps

SIDE = (168, 224)  # twice the width a hit has on a desktop page, so that it is sharp on a dense screen
QUALITY = 78
_UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


def thumbnail(data: bytes) -> bytes | None:
    """The photo upright, on white where it is transparent, within `SIDE`; None where nothing decodes it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow finds odd in a shop's file is no news on this page
            with Image.open(io.BytesIO(data)) as opened:
                opened.draft("RGB", (SIDE[0] * 2, SIDE[1] * 2))  # JPEG: decode at a fraction of the size
                image = _on_white(ImageOps.exif_transpose(opened))
    except _UNREADABLE:
        return None
    image.thumbnail(SIDE, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()


def shape(data: bytes) -> tuple[int, int]:
    """Width and height of a thumbnail in pixels, read from its header."""
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    paper = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(paper, layer).convert("RGB")
