"""What lies behind a garment: studio paper, boards, linen, walls, floors."""

from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
SIDE = 1024


@lru_cache(maxsize=1)
def grain() -> Floats:
    """White noise of spread 1, drawn once: (1024, 1024). Photos take different cuts of it."""
    return np.random.default_rng(20).standard_normal((SIDE, SIDE), np.float32)


def noise(rng: Random, width: int, height: int) -> Floats:
    """A (height, width) cut of the grain."""
    x, y = rng.randrange(SIDE // 2), rng.randrange(SIDE // 2)
    rows = np.arange(y, y + height) % SIDE
    columns = np.arange(x, x + width) % SIDE
    return grain()[np.ix_(rows, columns)].astype(np.float32)


@lru_cache(maxsize=8)
def clouds(width: int, height: int) -> Floats:
    """Smooth noise, about -1 to 1."""
    small = np.random.default_rng(5).standard_normal((10, 8)).astype(np.float32)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def picture(pixels: Floats) -> Image.Image:
    """Float pixels (height, width, 3), 0 to 255, as an image."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


@lru_cache(maxsize=4)
def falloff(width: int, height: int) -> Floats:
    """0 in the middle, 1 in the corners: (height, width)."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.asarray((x * x + y * y) / 2, np.float32)


def studio(rng: Random, width: int, height: int) -> Image.Image:
    """Paper roll: white to light grey, darker towards the floor and the corners."""
    base = rng.choice((248, 243, 236, 228, 222))
    warm = rng.uniform(-3, 3)
    down = np.linspace(4, -10, height, dtype=np.float32)[:, None]
    light = base + down - falloff(width, height) * rng.uniform(4, 14)
    tone = np.array([warm, 0, -warm], np.float32)
    return picture(light[..., None] + tone)


def boards(rng: Random, width: int, height: int) -> Image.Image:
    """A wooden floor seen from above."""
    tone = np.array(rng.choice(((176, 138, 98), (120, 84, 58), (206, 190, 168), (150, 146, 140))), np.float32)
    count = rng.randint(4, 7)
    board = (np.arange(width) * count // width).astype(int)
    shades = np.array([rng.uniform(-14, 14) for _ in range(count)], np.float32)[board]
    gap = np.r_[False, board[1:] != board[:-1]] * -55.0
    streaks = np.repeat(noise(rng, width, height // 24 + 1), 24, 0)[:height] * 5
    light = (shades + gap)[None, :] + streaks + clouds(width, height) * 6
    return picture(tone + light[..., None].astype(np.float32))


def linen(rng: Random, width: int, height: int) -> Image.Image:
    """A sheet or a carpet with a coarse weave."""
    tone = np.array([rng.uniform(150, 225) for _ in range(3)], np.float32)
    tone = tone * 0.4 + tone.mean() * 0.6
    weave = noise(rng, width, 1) * 5 + noise(rng, 1, height) * 5
    return picture(tone + (weave + clouds(width, height) * 10)[..., None])
