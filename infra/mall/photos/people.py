"""Who wears a garment, and what gets in front of it: arms, bags, hair, phones, door frames."""

from random import Random

from PIL import Image, ImageDraw, ImageFilter

from infra.mall.garments.path import Point
from infra.mall.photos.clutter import Colour, any_colour, shaded
from infra.mall.photos.cutout import Marks

SKIN: tuple[Colour, ...] = ((241, 205, 178), (222, 176, 142), (188, 134, 98), (134, 88, 60), (92, 60, 44))
HAIR: tuple[Colour, ...] = ((38, 28, 24), (84, 54, 34), (164, 120, 66), (120, 58, 34), (180, 176, 170))


def person(rng: Random, sheet: Image.Image, marks: Marks, size: float) -> None:
    """Neck and head, hands and legs behind the garment. `size`: pixels per canvas unit."""
    pen, skin, hair = ImageDraw.Draw(sheet), rng.choice(SKIN), rng.choice(HAIR)
    if "left collar" in marks:
        (lx, ly), (rx, ry) = marks["left collar"], marks["right collar"]
        x, y, w = (lx + rx) / 2, (ly + ry) / 2, max(abs(rx - lx), 20 * size)
        pen.ellipse((x - w * 0.95, y - w * 2.6, x + w * 0.95, y - w * 0.2), fill=hair)
        pen.rectangle((x - w * 0.36, y - w * 0.8, x + w * 0.36, y + w), fill=shaded(skin, -16))
        pen.ellipse((x - w * 0.62, y - w * 2.3, x + w * 0.62, y - w * 0.35), fill=skin)
    for side in ("left sleeve", "right sleeve"):
        if side in marks and "left collar" in marks:
            x, y = marks[side]
            r = 15 * size
            end = (
                x + (8 if side[0] == "r" else -8) * size,
                y + (20 if y > marks["left collar"][1] + 150 * size else 120) * size,
            )
            pen.line((x, y, *end), fill=skin, width=round(2 * r * 0.9))
            pen.ellipse((end[0] - r, end[1] - r, end[0] + r, end[1] + r), fill=skin)
    if "left hem" in marks and ("left waistline" in marks or "left collar" in marks):
        for side in ("left hem", "right hem"):
            x, y = marks[side]
            middle = (marks["left hem"][0] + marks["right hem"][0]) / 2
            x = middle + (x - middle) * (0.55 if "left collar" in marks else 0.8)
            tone = skin if "left waistline" in marks else (52, 56, 78)
            pen.line((x, y - 20 * size, x + 4, y + 260 * size), fill=tone, width=round(44 * size))


def in_front(
    rng: Random, width: int, height: int, middle: Point, worn: bool
) -> tuple[Image.Image, Image.Image]:
    """What covers parts of the garment (RGB) and its mask (L). Hair falls only on what is worn."""
    sheet, mask = Image.new("RGB", (width, height)), Image.new("L", (width, height))
    pens = ImageDraw.Draw(sheet), ImageDraw.Draw(mask)
    kinds = ("arm", "bag", "phone", "edge", "hair") if worn else ("arm", "bag", "phone", "edge")
    for kind in rng.sample(kinds, rng.choice((1, 1, 2))):
        PARTS[kind](rng, pens, width, height, middle)
    # The mask is softened, the colours are not: black from outside the shape would seep into its edge.
    return sheet, mask.filter(ImageFilter.BoxBlur(0.7))


Pens = tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw]
Fill = Colour | int


def both(
    pens: Pens, colour: Colour
) -> tuple[tuple[ImageDraw.ImageDraw, Fill], tuple[ImageDraw.ImageDraw, Fill]]:
    """The picture's pen with its colour, and the mask's with white."""
    return (pens[0], colour), (pens[1], 255)


def arm(rng: Random, pens: Pens, width: int, height: int, middle: Point) -> None:
    """A bare forearm that comes in from a side."""
    hand, skin = rng.choice((-1, 1)), rng.choice(SKIN)
    start = (0 - 20 if hand < 0 else width + 20, middle[1] + rng.uniform(0.05, 0.4) * height)
    end = (middle[0] + hand * rng.uniform(0.02, 0.16) * width, middle[1] + rng.uniform(-0.1, 0.14) * height)
    thick = round(width * rng.uniform(0.06, 0.1))
    for pen, fill in both(pens, skin):
        pen.line((*start, *end), fill=fill, width=thick)
        pen.ellipse(
            (end[0] - thick * 0.7, end[1] - thick * 0.7, end[0] + thick * 0.7, end[1] + thick * 0.7),
            fill=fill,
        )
    pens[0].line(
        (start[0], start[1] + thick * 0.4, end[0], end[1] + thick * 0.4), fill=shaded(skin, -34), width=3
    )


def bag(rng: Random, pens: Pens, width: int, height: int, middle: Point) -> None:
    """A shoulder bag on its strap."""
    hand, tone = rng.choice((-1, 1)), any_colour(rng, 20, 170)
    x, y = middle[0] + hand * width * rng.uniform(0.14, 0.24), middle[1] + height * rng.uniform(0.12, 0.24)
    w, h = width * rng.uniform(0.11, 0.16), height * rng.uniform(0.08, 0.13)
    for pen, fill in both(pens, tone):
        pen.line(
            (x, y - h, middle[0] - hand * width * 0.12, middle[1] - height * 0.36),
            fill=fill,
            width=max(4, width // 50),
        )
        pen.rounded_rectangle((x - w, y - h, x + w, y + h), 8, fill=fill)
    pens[0].rounded_rectangle((x - w, y - h, x + w, y), 8, fill=shaded(tone, 20))
    pens[0].ellipse((x - 4, y - 4, x + 4, y + 4), fill=(214, 178, 92))


def hair(rng: Random, pens: Pens, width: int, height: int, middle: Point) -> None:
    """Long strands over a shoulder."""
    hand, tone = rng.choice((-1, 1)), rng.choice(HAIR)
    for _ in range(22):
        x = middle[0] + hand * width * rng.uniform(0.05, 0.17)
        top, low = middle[1] - height * 0.5, middle[1] - height * rng.uniform(0.02, 0.16)
        line = (x - hand * 6, top, x + rng.uniform(-5, 5), (top + low) / 2, x + rng.uniform(-9, 9), low)
        pens[0].line(line, fill=shaded(tone, rng.randint(-14, 24)), width=5)
        pens[1].line(line, fill=255, width=5)


def phone(rng: Random, pens: Pens, width: int, height: int, middle: Point) -> None:
    """The phone and the hand of a mirror photo."""
    x, y = middle[0] + width * rng.uniform(-0.16, 0.16), middle[1] - height * rng.uniform(0.1, 0.28)
    w, h = width * 0.055, height * 0.09
    skin = rng.choice(SKIN)
    for pen, fill in both(pens, (28, 28, 32)):
        pen.rounded_rectangle((x - w, y - h, x + w, y + h), 6, fill=fill)
    for pen, fill in both(pens, skin):
        for number in range(4):
            pen.rounded_rectangle(
                (x + w * 0.4, y - h * 0.3 + number * h * 0.3, x + w * 1.6, y - h * 0.06 + number * h * 0.3),
                4,
                fill=fill,
            )
    pens[0].ellipse((x - w * 0.7, y - h * 0.85, x - w * 0.3, y - h * 0.6), fill=(90, 92, 104))


def edge(rng: Random, pens: Pens, width: int, height: int, middle: Point) -> None:
    """A door frame, a shelf or a finger at the picture's side."""
    tone, wide = any_colour(rng), round(width * rng.uniform(0.06, 0.16))
    x = rng.choice((0, width - wide))
    for pen, fill in both(pens, tone):
        pen.rectangle((x, 0, x + wide, height), fill=fill)


PARTS = {"arm": arm, "bag": bag, "hair": hair, "phone": phone, "edge": edge}
