"""One view of a garment without a background, drawn once and used by several photos; and what a photo is."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from infra.mall.garments.design import Design
from infra.mall.garments.drawing import Placed, raster, sketch
from infra.mall.garments.path import Point
from infra.mall.garments.sketch import HEIGHT, WIDTH
from infra.mall.seeds import chance
from schemas.annotation import LANDMARKS, Box, Landmark

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


@dataclass(frozen=True)
class Taken:
    """A photo, the landmarks that lie in it, and where its garment is: the garment's opacity (L), covered parts too."""

    picture: Image.Image
    landmarks: tuple[Landmark, ...]
    mask: Image.Image

    @property
    def box(self) -> Box | None:
        """The extent of the garment; nothing where it is not in the photo."""
        width, height = self.mask.size
        extent = self.mask.point([255 * (opacity > 127) for opacity in range(256)]).getbbox()
        if extent is None:
            return None
        left, top, right, bottom = extent
        return Box(left / width, top / height, right / width, bottom / height)


def landmarks(
    marks: Marks, width: int, height: int, cover: Image.Image | None = None
) -> tuple[Landmark, ...]:
    """Those in the photo, in DeepFashion's order, from marks in pixels. `cover` is a mask of what hides the garment."""
    placed = []
    for name in LANDMARKS:
        x, y = marks.get(name, (-1.0, -1.0))
        if 0 <= x < width and 0 <= y < height:
            opacity = 0 if cover is None else cover.getpixel((int(x), int(y)))
            placed.append(Landmark(name, x / width, y / height, int(opacity) <= 96))  # type: ignore[arg-type]
    return tuple(placed)
