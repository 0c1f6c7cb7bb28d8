"""Photos and maps as small files that a page carries."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

QUALITY = 82
HEAT = (228, 87, 46)  # one hue that skin, paper and most garments do not have
MOST_OPAQUE = 215


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """pixels (3, S, S) as a JPEG."""
    out = io.BytesIO()
    Image.fromarray(pixels.transpose(1, 2, 0)).save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def heat(values: NDArray[np.float32]) -> bytes:
    """A map (H, W) as a PNG of H x W in one colour: clear at its least value, almost opaque at its largest."""
    low, high = float(values.min()), float(values.max())
    share = (values - low) / max(high - low, 1e-9)
    layers = np.empty((*values.shape, 4), np.uint8)
    layers[:, :, :3] = HEAT
    layers[:, :, 3] = np.round(share * MOST_OPAQUE)
    out = io.BytesIO()
    Image.fromarray(layers, "RGBA").save(out, "PNG", optimize=True)
    return out.getvalue()
