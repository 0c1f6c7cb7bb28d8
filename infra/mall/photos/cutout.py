"""One view of a garment without a background, drawn once and used by several photos."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from infra.mall.garments.design import Design
from infra.mall.garments.drawing import Placed, raster, sketch
from infra.mall.garments.path import Point
from infra.mall.garments.sketch import HEIGHT, LANDMARKS, WIDTH
from infra.mall.seeds import chance


@dataclass(frozen=True)
class Landmark:
    """One of DeepFashion's eight points in a photo, in pixels from the top left."""

    name: str
    x: float
    y: float
    visibility: int
    "0 visible, 1 covered by something, 2 outside the photo or not on this kind of garment"


Marks = dict[str, Point]


@dataclass(frozen=True)
class Cutout:
    """RGBA picture of a garment and its landmarks in pixels."""

    image: Image.Image
    marks: Marks
    box: tuple[float, float, float, float]
    "left, top, right, bottom of the garment"


# A front view serves the studio photo, the flat one and those of customers, asked for one after another.
@lru_cache(maxsize=24)
def cutout(look: Design, back: bool, width: int, height: int) -> Cutout:
    """The garment large in a picture of `width` x `height` pixels, a little off the middle."""
    sheet = sketch(look, back)
    points = [point for zone in sheet.zones for point in zone.corners]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    rng = chance("frame", look.key, back)
    room = rng.uniform(0.80, 0.90)
    unit = min(width / WIDTH, height / HEIGHT)
    scale = min(width * room / (right - left), height * room / (bottom - top), unit * 1.35)
    x = width / 2 - (left + right) / 2 * scale + rng.uniform(-0.02, 0.02) * width
    y = height / 2 + (HEIGHT / 2 - (top + bottom) / 2) * scale + rng.uniform(-0.015, 0.015) * height
    place = Placed(scale, x, y)
    names = tuple(sheet.marks)
    marks = dict(zip(names, place.pixels(tuple(sheet.marks.values())), strict=True))
    box = (*place.pixel((left, top)), *place.pixel((right, bottom)))
    return Cutout(raster(sheet, width, height, place), marks, box)


def landmarks(
    marks: Marks, width: int, height: int, cover: Image.Image | None = None
) -> tuple[Landmark, ...]:
    """All eight, in DeepFashion's order. `cover` is a mask of what hides the garment."""
    found = []
    for name in LANDMARKS:
        if name not in marks:
            found.append(Landmark(name, 0.0, 0.0, 2))
            continue
        x, y = marks[name]
        inside = 0 <= x < width and 0 <= y < height
        hidden = inside and cover is not None and int(cover.getpixel((int(x), int(y)))) > 96  # type: ignore[arg-type]
        found.append(Landmark(name, round(x, 2), round(y, 2), 2 if not inside else int(hidden)))
    return tuple(found)
