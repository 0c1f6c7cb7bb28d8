"""Photos as customers take them: crooked, cluttered, half hidden, in whatever light there was."""

from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from infra.mall.garments.design import Design
from infra.mall.garments.path import Point
from infra.mall.photos.clutter import scene
from infra.mall.photos.cutout import Taken, cutout, landmarks
from infra.mall.photos.grounds import falloff, noise
from infra.mall.photos.people import in_front, person
from infra.mall.photos.studio import composed, premultiplied
from infra.mall.seeds import chance

Matrix = NDArray[np.float64]
SCENE = 160  # pixels a background is wide before it is enlarged
# Red, green and blue gains of light a camera did not correct: bulbs, shade, tubes, neon, dusk, forest.
CASTS = (
    (1.26, 0.98, 0.60),
    (0.74, 0.94, 1.28),
    (0.90, 1.12, 0.82),
    (1.16, 0.82, 1.14),
    (1.20, 0.86, 0.72),
    (0.86, 1.04, 0.94),
)


def customer(look: Design, number: int, width: int, height: int) -> Taken:
    """The `number`-th customer's photo of an item."""
    rng = chance("customer", look.key, number)
    cut = cutout(look, False, width, height)
    forward, size = pose(rng, width, height, cut.box)
    marks = {name: through(forward, point) for name, point in cut.marks.items()}
    # Out of focus, so few pixels are enough; always as many, so that a scene looks the same at any size.
    less = SCENE / width
    behind, standing = scene(rng, SCENE, max(64, round(height * less)))
    if standing:
        person(
            rng, behind, {name: (x * less, y * less) for name, (x, y) in marks.items()}, size * SCENE / 400
        )
    behind = behind.resize((width, height), Image.Resampling.BILINEAR)
    warped = premultiplied(cut.image).transform(
        (width, height), Image.Transform.PERSPECTIVE, tuple(coefficients(forward)), Image.Resampling.BILINEAR
    )
    picture = composed(behind, warped, (5, 7), 0.5, ready=True)
    cover = None
    if rng.random() < 0.8:
        middle = through(forward, ((cut.box[0] + cut.box[2]) / 2, (cut.box[1] + cut.box[3]) / 2))
        front, cover = in_front(rng, width, height, middle, standing and "left collar" in marks)
        picture.paste(front, (0, 0), cover)
    return Taken(developed(rng, picture), landmarks(marks, width, height, cover), warped.getchannel(3))


def pose(
    rng: Random, width: int, height: int, box: tuple[float, float, float, float]
) -> tuple[Matrix, float]:
    """Homography from the cutout's pixels to the photo's, and its size against the cutout."""
    size = rng.uniform(0.60, 0.88)
    angle = np.radians(rng.uniform(-16, 16))
    cos, sin = np.cos(angle) * size, np.sin(angle) * size
    cx, cy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    tx, ty = width * (0.5 + rng.uniform(-0.1, 0.1)), height * (0.53 + rng.uniform(-0.06, 0.08))
    # Tilted away to one side and upwards or downwards, as a hand holds a phone.
    tilt_x, tilt_y = rng.uniform(-0.34, 0.34) / width, rng.uniform(-0.34, 0.34) / height
    squeeze = rng.uniform(0.82, 1.06)
    to_middle = np.array([[1, 0, -cx], [0, 1, -cy], [0, 0, 1.0]])
    turn = np.array([[cos * squeeze, -sin, 0], [sin * squeeze, cos, 0], [tilt_x, tilt_y, 1.0]])
    back = np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1.0]])
    return back @ turn @ to_middle, size


def through(matrix: Matrix, point: Point) -> Point:
    """A point through a homography."""
    x, y, w = matrix @ (point[0], point[1], 1.0)
    return float(x / w), float(y / w)


def coefficients(forward: Matrix) -> list[float]:
    """The eight numbers PIL wants: where a pixel of the result comes from."""
    inverse = np.linalg.inv(forward)
    return [float(n) for n in (inverse / inverse[2, 2]).ravel()[:8]]


def developed(rng: Random, picture: Image.Image) -> Image.Image:
    """The light of the place and the faults of the camera."""
    if rng.random() < 0.6:
        picture = picture.filter(ImageFilter.BoxBlur(rng.uniform(0.3, 1.0)))
    width, height = picture.size
    pixels = np.asarray(picture, np.float32)
    cast = np.array(rng.choice(CASTS), np.float32) ** rng.uniform(0.6, 1.1)
    gains = cast * (rng.choice((0.58, 0.72, 0.86, 1.0, 1.18, 1.34)) * rng.uniform(0.94, 1.06))
    # Light from one side, dark corners.
    slope = np.linspace(-1, 1, width, dtype=np.float32)[None] * rng.uniform(-0.28, 0.28)
    slope = slope + np.linspace(-1, 1, height, dtype=np.float32)[:, None] * rng.uniform(-0.22, 0.22)
    pixels *= (1 + slope - falloff(width, height) * rng.uniform(0.0, 0.3))[..., None] * gains
    colourful, haze = rng.uniform(0.6, 1.1), rng.uniform(-4, 22)
    grey = (
        (pixels @ np.full(3, 1 / 3, np.float32)) * (1 - colourful)
        + haze
        + noise(rng, width, height) * rng.uniform(2, 9)
    )
    pixels = pixels * np.float32(colourful) + grey[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
