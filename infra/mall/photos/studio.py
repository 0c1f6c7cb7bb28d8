"""Photos as a shop takes them: front and back on a bright ground, a detail, a flat lay."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from infra.mall.garments.design import Design
from infra.mall.garments.drawing import Placed, raster, sketch
from infra.mall.garments.sketch import HEIGHT
from infra.mall.photos.cutout import Marks, Taken, cutout, landmarks
from infra.mall.photos.grounds import boards, linen, studio
from infra.mall.seeds import chance


def front(look: Design, width: int, height: int) -> Taken:
    """The item as the shop shows it first."""
    return on_ground(look, False, width, height)


def back(look: Design, width: int, height: int) -> Taken:
    """From behind: no print, no buttons."""
    return on_ground(look, True, width, height)


def on_ground(look: Design, behind: bool, width: int, height: int) -> Taken:
    """Front or back before a studio's paper roll."""
    cut = cutout(look, behind, width, height)
    ground = studio(chance("studio", look.key), width, height)
    picture = composed(ground, cut.image, (round(width * 0.02), round(height * 0.02)), 0.34)
    return Taken(picture, landmarks(cut.marks, width, height), cut.image.getchannel("A"))


def detail(look: Design, width: int, height: int) -> Taken:
    """A close view of the neck, the waist or the toe: cloth and make."""
    rng = chance("detail", look.key)
    sheet = sketch(look, False)
    tops = [p for name, p in sheet.marks.items() if name.endswith(("collar", "waistline"))]
    x, y = (rng.uniform(-14, 14), min(y for _, y in tops) + 66) if tops else (rng.uniform(10, 30), 290.0)
    scale = rng.uniform(1.9, 2.4) * min(width / 400, height / 500)
    place = Placed(scale, width / 2 - x * scale, height / 2 + (HEIGHT / 2 - y) * scale)
    # Rasterised smaller and enlarged: a close photo is soft anyway, and it fills the frame.
    less = Placed(scale * 0.7, place.x * 0.7, place.y * 0.7)
    cut = raster(sheet, round(width * 0.7), round(height * 0.7), less).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    ground = studio(chance("studio", look.key), width, height)
    marks: Marks = dict(zip(sheet.marks, place.pixels(tuple(sheet.marks.values())), strict=True))
    return Taken(composed(ground, cut, (6, 8), 0.3), landmarks(marks, width, height), cut.getchannel("A"))


def flat(look: Design, width: int, height: int) -> Taken:
    """Laid on boards or linen, a little turned."""
    rng = chance("flat", look.key)
    angle = rng.choice((-1, 1)) * rng.uniform(4, 15)
    size = rng.uniform(0.84, 0.95)
    cut = cutout(look, False, width, height)
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    mx, my = width / 2, height / 2
    # PIL asks where each pixel of the result comes from: the turn the other way round.
    a, b, d, e = cos / size, sin / size, -sin / size, cos / size
    matrix = (a, b, mx - a * mx - b * my, d, e, my - d * mx - e * my)
    turned = premultiplied(cut.image).transform(
        (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
    marks = {
        name: (mx + size * (cos * (x - mx) - sin * (y - my)), my + size * (sin * (x - mx) + cos * (y - my)))
        for name, (x, y) in cut.marks.items()
    }
    ground = (boards if rng.random() < 0.5 else linen)(rng, width, height)
    picture = composed(ground, turned, (3, 5), 0.45, ready=True)
    return Taken(picture, landmarks(marks, width, height), turned.getchannel(3))


def premultiplied(image: Image.Image) -> Image.Image:
    """RGBa: colours can then be blended between pixels without a dark fringe."""
    return image.convert("RGBa")


def composed(
    ground: Image.Image, cut: Image.Image, shift: tuple[int, int], strength: float, ready: bool = False
) -> Image.Image:
    """The garment with its soft shadow on a ground. `ready`: already premultiplied."""
    alpha = cut.getchannel(3)
    small = alpha.reduce(2)
    moved = Image.new("L", small.size)
    moved.paste(small, (shift[0] // 2, shift[1] // 2))
    shade = moved.filter(ImageFilter.BoxBlur(max(2, cut.width // 80)))
    shade = shade.filter(ImageFilter.BoxBlur(max(1, cut.width // 130))).resize(
        cut.size, Image.Resampling.BILINEAR
    )
    shade = shade.point([round(value * strength) for value in range(256)])
    base = ground.copy()
    base.paste((24, 24, 32), (0, 0), shade)
    if not ready:
        base.paste(cut, (0, 0), alpha)
        return base
    over: NDArray[np.uint16] = np.asarray(base, np.uint16)
    front_pixels = np.asarray(cut)
    keep = 255 - front_pixels[..., 3:].astype(np.uint16)
    return Image.fromarray(np.minimum(255, front_pixels[..., :3] + over * keep // 255).astype(np.uint8))
