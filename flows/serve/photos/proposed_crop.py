"""Where in a photo the garment probably is: what differs from the colour of the photo's edge. No detector."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 96  # px, at which is looked
FAR = 26.0  # of a pixel from the edge's colour, Euclidean in RGB
PLAIN = 0.7  # share of the edge that must be of one colour
MARGIN = 0.02
Box = tuple[float, float, float, float]


def proposed_crop(image: Image.Image) -> Box | None:
    """Return left, top, right, bottom of what stands out, in shares of width and height.

    None where the edge is of many colours, as in a street, or all of the photo stands out.
    """
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    pixels: NDArray[np.float32] = np.asarray(small, np.float32)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = np.median(edge, axis=0)
    if (np.linalg.norm(edge - colour, axis=1) < FAR).mean() < PLAIN:
        return None
    far = np.linalg.norm(pixels - colour, axis=2) > FAR
    if not far.any():
        return None
    left, right = _extent(far.sum(0))
    top, bottom = _extent(far.sum(1))
    box = (
        max(0.0, left - MARGIN),
        max(0.0, top - MARGIN),
        min(1.0, right + MARGIN),
        min(1.0, bottom + MARGIN),
    )
    area = (box[2] - box[0]) * (box[3] - box[1])
    rounded: Box = tuple(round(float(side), 3) for side in box)  # type: ignore[assignment]
    return rounded if 0.03 < area < 0.92 else None


def _extent(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Where 98 % of what was counted lies, in shares of the length: a speck at the edge does not count."""
    passed = np.cumsum(counts) / counts.sum()
    first, last = int(np.searchsorted(passed, 0.01)), int(np.searchsorted(passed, 0.99))
    return first / len(counts), (last + 1) / len(counts)
