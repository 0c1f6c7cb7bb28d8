"""What is laid into the zones of a rasterised garment: pattern, weave, and roundness.

All arrays here are pictures: (height, width) or (height, width, 3), in pixels.
"""

import io
from functools import lru_cache

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from infra.mall.garments.cloth import MAKERS
from infra.mall.garments.design import Design
from infra.mall.garments.palette import channels, luma
from infra.mall.garments.path import Point
from infra.mall.garments.sketch import FLAT, LIMB, SKIRT, TRUNK, Zone
from infra.mall.seeds import chance

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
SHARP = 0.88  # share of a pattern's contrast that survives folds and shade
UPRIGHT = ("pants", "jumpsuit")  # stripes run down on these


def zone_map(zones: list[Zone], place: list[list[Point]], size: tuple[int, int]) -> Bytes:
    """Which zone a pixel belongs to: its number plus one, 0 outside. `place` holds corners in pixels."""
    sheet = Image.new("L", size)
    pen = ImageDraw.Draw(sheet)
    for number, corners in enumerate(place[: len(zones)]):
        if len(corners) > 2:
            pen.polygon(corners, fill=number + 1)
    return np.asarray(sheet)


def pattern_tile(look: Design, scale: float) -> Image.Image:
    """One repeat of the item's pattern, `scale` pixels per unit. Its period is a whole number of pixels."""
    rng = chance("cloth", look.key)
    width, height, marks = MAKERS[look.pattern](look, rng)
    wide, high = max(4, round(width * scale)), max(4, round(height * scale))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {width:.3f} {height:.3f}" preserveAspectRatio="none">{marks}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    return Image.open(io.BytesIO(png)).convert("RGB")


def spread(tile: Image.Image, turn: float, box: tuple[int, int, int, int], origin: Point) -> Image.Image:
    """The tile repeated over `box` (left, top, right, bottom), turned by `turn` degrees about `origin`."""
    wide, high = box[2] - box[0], box[3] - box[1]
    reach = int(np.hypot(wide, high)) + 2 * max(tile.size)
    repeat = np.tile(np.asarray(tile), (reach // tile.height + 2, reach // tile.width + 2, 1))
    field = Image.fromarray(repeat)
    cos, sin = float(np.cos(np.radians(turn))), float(np.sin(np.radians(turn)))
    # Output pixel -> pattern plane around the origin -> nearest copy that lies inside the field.
    x, y = box[0] - origin[0], box[1] - origin[1]
    left, top = cos * x + sin * y, -sin * x + cos * y
    low_x = min(0.0, cos * wide, sin * high, cos * wide + sin * high)
    low_y = min(0.0, -sin * wide, cos * high, -sin * wide + cos * high)
    shift_x = (left + low_x) % tile.width - low_x
    shift_y = (top + low_y) % tile.height - low_y
    matrix = (cos, sin, shift_x, -sin, cos, shift_y)
    return field.transform((wide, high), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def lay_pattern(
    pixels: Floats, look: Design, zones: list[Zone], where: Bytes, scale: float, origin: Point, turn: float
) -> None:
    """Replace the plain tone by the pattern, keeping the shade of folds. Changes `pixels` in place."""
    if look.pattern not in MAKERS:
        return
    tile = pattern_tile(look, scale)
    upright = look.pattern == "stripes" and (
        look.category in UPRIGHT or (look.category == "shirt" and look.side > 0)
    )
    tone = np.array(channels(look.tone), np.float32)
    turns: dict[int, list[int]] = {}
    for number, zone in enumerate(zones):
        if zone.turn is not None:
            turns.setdefault(round(zone.turn), []).append(number + 1)
    for angle, numbers in turns.items():
        table = np.zeros(256, bool)
        table[numbers] = True
        mask = table[where]
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            continue
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        cloth = spread(tile, angle + turn + (90 if upright else 0), box, origin)
        part = (slice(box[1], box[3]), slice(box[0], box[2]))
        change = (np.asarray(cloth, np.float32) - tone) * SHARP
        pixels[part] += change * mask[part][..., None]


@lru_cache(maxsize=64)
def weave(material: str, tenths: int) -> Floats:
    """Lightness to add for a material, -1 to 1, 128 units square, `tenths`/10 pixels per unit; repeats."""
    rng = np.random.default_rng(len(material))
    y, x = np.mgrid[0:256, 0:256] / 2.0
    if material == "denim":
        ground = np.sin((x + y) * np.pi / 2) * 0.55 + rng.normal(0, 0.5, x.shape)
    elif material == "knit":
        ground = np.sin((y + 2.6 * np.abs((x % 8) - 4) / 4) * np.pi / 2) * 0.8 + np.cos(x * np.pi / 4) * 0.3
    elif material == "wool":
        ground = rng.normal(0, 1.2, (128, 128)).repeat(2, 0).repeat(2, 1) * 0.7
    elif material in ("linen", "canvas"):
        ground = (rng.normal(0, 0.5, (1, 256)) + rng.normal(0, 0.5, (256, 1))) * 0.6 + 0.0 * x
    elif material == "fleece":
        ground = rng.normal(0, 0.45, x.shape)
    else:
        ground = rng.normal(0, 0.16, x.shape)
    picture = Image.fromarray((np.clip(ground, -2, 2) * 60 + 128).astype(np.uint8))
    side = max(8, round(128 * tenths / 10))
    ground = np.asarray(picture.resize((side, side), Image.Resampling.BOX), np.float32)
    return ((ground - 128) / 60).astype(np.float32)


def lay_weave(pixels: Floats, look: Design, mask: Floats, scale: float) -> None:
    """Add the texture of the material. Changes `pixels` in place."""
    ground = weave(look.material, max(3, round(scale * 10)))
    high, wide = mask.shape
    repeat = np.tile(ground, (high // ground.shape[0] + 1, wide // ground.shape[1] + 1))[:high, :wide]
    strength = 9.0 + 11.0 * luma(look.tone)
    pixels += (repeat * mask * strength)[..., None]


def shade(zones: list[Zone], creases: list[tuple[list[Point], float]], where: Bytes, scale: float) -> Floats:
    """Light on every pixel, 1 as it is: layers darken towards their edges, folds take and add.

    Light falls from the upper left. Worked out at half size, since nothing in it is sharp.
    """
    half = where[::2, ::2]
    light = np.full(half.shape, 0.78, np.float32)
    layers = np.array([FLAT - 1] + [zone.layer for zone in zones])[half]
    for layer, reach in ((TRUNK, 26.0), (LIMB, 15.0), (SKIRT, 30.0), (FLAT, 7.0)):
        mask = layers == layer
        if not mask.any():
            continue
        radius = max(1, round(reach * scale * 0.25))
        soft = softened(mask.astype(np.uint8) * 255, radius)
        side = np.zeros_like(soft)
        side[:, radius:-radius] = soft[:, 2 * radius :] - soft[:, : -2 * radius]
        strength = 0.55 if layer == FLAT else 1.0
        round_off = 1 - strength * (0.62 * np.clip(1 - soft, 0, 0.6) - 0.22 * np.clip(side, -0.7, 0.7))
        light[mask] = round_off[mask]
    light += fold_light(creases, half.shape, scale) * (layers > FLAT)
    whole = Image.fromarray(light).resize(where.shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(whole)


def softened(mask: Bytes, radius: float) -> Floats:
    """A blurred mask, 0 to 1."""
    sheet = Image.fromarray(mask).filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
    return (np.asarray(sheet, np.float32) / 255).astype(np.float32)


def fold_light(creases: list[tuple[list[Point], float]], shape: tuple[int, ...], scale: float) -> Floats:
    """What folds add to the light, on a sheet of half size."""
    sheet = Image.new("L", (shape[1], shape[0]), 128)
    pen = ImageDraw.Draw(sheet)
    for corners, amount in creases:
        pen.polygon([(x / 2, y / 2) for x, y in corners], fill=round(128 + 110 * amount))
    soft = sheet.filter(ImageFilter.BoxBlur(max(0.8, 2.2 * scale))).filter(ImageFilter.BoxBlur(0.7 * scale))
    return ((np.asarray(soft, np.float32) - 128) * (0.4 / 128)).astype(np.float32)


def lay_shade(pixels: Floats, look: Design, light: Floats) -> None:
    """Apply the light; dark cloth gains more from it than it loses. Changes `pixels` in place."""
    dark = luma(look.tone) < 0.22
    pixels *= np.clip(light, 0.3, 1.12)[..., None]
    pixels += (np.clip(light - 0.9, 0, 0.6) * (70 if dark else 34))[..., None]
