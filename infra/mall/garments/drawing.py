"""From a design to pixels: one view rasterised on a transparent ground, and where its landmarks fell."""

import io
from dataclasses import dataclass

import numpy as np
import resvg_py
from PIL import Image

from infra.mall.garments import bottoms, dresses, footwear, knitwear, outerwear, skirts, surface, tops
from infra.mall.garments.design import Design
from infra.mall.garments.path import Point
from infra.mall.garments.sketch import HEIGHT, WIDTH, Sketch

KINDS = (tops, knitwear, outerwear, dresses, skirts, bottoms, footwear)
DRAWINGS = {name: draw for kind in KINDS for name, draw in kind.DRAWINGS.items()}
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Placed:
    """How the canvas lies in a picture: scaled, turned, moved."""

    scale: float
    "pixels per canvas unit"
    x: float
    y: float
    "where the canvas point (0, 250) lands, pixels"
    turn: float = 0.0
    "degrees, clockwise"

    def matrix(self) -> tuple[float, float, float, float, float, float]:
        """As SVG writes it: x' = a x + c y + e, y' = b x + d y + f."""
        cos, sin = np.cos(np.radians(self.turn)) * self.scale, np.sin(np.radians(self.turn)) * self.scale
        middle = HEIGHT / 2
        return (
            float(cos),
            float(sin),
            float(-sin),
            float(cos),
            float(self.x + sin * middle),
            float(self.y - cos * middle),
        )

    def pixel(self, point: Point) -> Point:
        """A canvas point in pixels."""
        return self.pixels((point,))[0]

    def pixels(self, points: tuple[Point, ...]) -> list[Point]:
        """Canvas points in pixels."""
        a, b, c, d, e, f = self.matrix()
        return [(a * x + c * y + e, b * x + d * y + f) for x, y in points]


def sketch(look: Design, back: bool) -> Sketch:
    """One view of a design as SVG parts."""
    sheet = Sketch(look, back)
    DRAWINGS[look.category](sheet)
    return sheet


def fitted(width: int, height: int, share: float = 1.0) -> Placed:
    """The whole canvas in the middle of a picture; `share` below 1 leaves a margin."""
    return Placed(min(width / WIDTH, height / HEIGHT) * share, width / 2, height / 2)


def raster(sheet: Sketch, width: int, height: int, place: Placed) -> Image.Image:
    """RGBA picture of `width` x `height` pixels with the garment where `place` says."""
    corners = [place.pixels(zone.corners) for zone in sheet.zones]
    box = covered(corners, width, height)
    wide, high = box[2] - box[0], box[3] - box[1]
    matrix = list(place.matrix())
    matrix[4], matrix[5] = matrix[4] - box[0], matrix[5] - box[1]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}">'
        f"<defs>{''.join(sheet.defs)}</defs>"
        f'<g transform="matrix({" ".join(f"{n:.5f}" for n in matrix)})">{"".join(sheet.shapes)}</g></svg>'
    )
    picture = np.asarray(
        Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)))
    )
    inside = [[(x - box[0], y - box[1]) for x, y in zone] for zone in corners]
    where = surface.zone_map(sheet.zones, inside, (wide, high))
    pixels = picture[..., :3].astype(np.float32)
    origin = (place.x - box[0], place.y - box[1])
    surface.lay_pattern(pixels, sheet.look, sheet.zones, where, place.scale, origin, place.turn)
    surface.lay_weave(pixels, sheet.look, (where > 0).astype(np.float32), place.scale)
    creases = [
        ([(x - box[0], y - box[1]) for x, y in place.pixels(fold)], amount) for fold, amount in sheet.creases
    ]
    surface.lay_shade(pixels, sheet.look, surface.shade(sheet.zones, creases, where, place.scale))
    whole = np.zeros((height, width, 4), np.uint8)
    part = whole[box[1] : box[3], box[0] : box[2]]
    part[..., :3], part[..., 3] = np.clip(pixels, 0, 255), picture[..., 3]
    return Image.fromarray(whole)


def covered(corners: list[list[Point]], width: int, height: int) -> Box:
    """The part of the picture that the garment touches, with room for its outline."""
    xs = [x for zone in corners for x, _ in zone]
    ys = [y for zone in corners for _, y in zone]
    left, top = max(0, int(min(xs)) - 6), max(0, int(min(ys)) - 6)
    right, bottom = min(width, int(max(xs)) + 7), min(height, int(max(ys)) + 7)
    return left, top, max(right, left + 16), max(bottom, top + 16)
