"""Rooms, streets and beds behind a garment. Drawn for pictures about 160 pixels wide."""

from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]


def any_colour(rng: Random, low: int = 40, high: int = 225) -> Colour:
    """Any colour but the extremes."""
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def shaded(colour: Colour, by: int) -> Colour:
    """Lighter or darker by a step."""
    red, green, blue = (min(255, max(0, c + by)) for c in colour)
    return red, green, blue


def room(rng: Random, width: int, height: int) -> Image.Image:
    """Wall, floor, a window or pictures, furniture."""
    wall = any_colour(rng, 110, 235)
    sheet = Image.new("RGB", (width, height), wall)
    pen = ImageDraw.Draw(sheet)
    floor = round(height * rng.uniform(0.62, 0.82))
    if rng.random() < 0.4:
        step = rng.randint(6, 14)
        for x in range(0, width, step * 2):
            pen.rectangle((x, 0, x + step, floor), fill=shaded(wall, -14))
    pen.rectangle((0, floor, width, height), fill=any_colour(rng, 70, 190))
    pen.rectangle((0, floor - 2, width, floor), fill=shaded(wall, 22))
    for _ in range(rng.randint(1, 3)):
        x, y = rng.randrange(width), rng.randrange(floor // 2)
        w, h = rng.randint(width // 8, width // 3), rng.randint(height // 10, height // 3)
        pen.rectangle((x, y, x + w, y + h), fill=any_colour(rng), outline=any_colour(rng, 20, 90), width=3)
        pen.rectangle((x + w // 4, y + h // 4, x + w * 3 // 4, y + h * 3 // 4), fill=any_colour(rng))
    for _ in range(rng.randint(2, 4)):
        rng.choice((chest, sofa, plant, lamp))(rng, pen, rng.randrange(-width // 6, width), floor)
    return sheet


def chest(rng: Random, pen: ImageDraw.ImageDraw, x: int, floor: int) -> None:
    """A chest of drawers."""
    tone, w, h = any_colour(rng, 40, 200), rng.randint(32, 80), rng.randint(33, 66)
    pen.rectangle((x, floor - h, x + w, floor + 6), fill=tone)
    for number in range(3):
        y = floor - h + number * h // 3
        pen.rectangle((x + 2, y + 2, x + w - 2, y + h // 3), outline=shaded(tone, -30))
        pen.ellipse((x + w // 2 - 2, y + h // 6, x + w // 2 + 2, y + h // 6 + 4), fill=shaded(tone, 60))


def sofa(rng: Random, pen: ImageDraw.ImageDraw, x: int, floor: int) -> None:
    """A sofa with a cushion."""
    tone, w, h = any_colour(rng, 40, 200), rng.randint(54, 106), rng.randint(33, 50)
    pen.rounded_rectangle((x, floor - h, x + w, floor + 10), 7, fill=tone)
    pen.rounded_rectangle((x + 5, floor - h // 2, x + w - 5, floor + 12), 5, fill=shaded(tone, 18))
    pen.rounded_rectangle((x + 7, floor - h, x + 7 + w // 4, floor - h // 3), 4, fill=any_colour(rng))


def plant(rng: Random, pen: ImageDraw.ImageDraw, x: int, floor: int) -> None:
    """Long leaves in a pot."""
    for _ in range(14):
        tip = (x + rng.randint(-24, 24), floor - rng.randint(26, 78))
        pen.line(
            (x, floor - 15, *tip),
            fill=(rng.randint(20, 80), rng.randint(90, 160), rng.randint(30, 80)),
            width=4,
        )
    pot = ((x - 10, floor - 17), (x + 10, floor - 17), (x + 7, floor + 3), (x - 7, floor + 3))
    pen.polygon(pot, fill=any_colour(rng, 40, 200))


def lamp(rng: Random, pen: ImageDraw.ImageDraw, x: int, floor: int) -> None:
    """A standing lamp, lit."""
    top = floor - rng.randint(80, 120)
    pen.line((x, top, x, floor), fill=(60, 58, 56), width=2)
    pen.polygon(((x - 7, top - 17), (x + 7, top - 17), (x + 15, top), (x - 15, top)), fill=(250, 232, 180))


def street(rng: Random, width: int, height: int) -> Image.Image:
    """Houses with windows, pavement, a tree or a car."""
    sky = (rng.randint(150, 210), rng.randint(180, 220), rng.randint(200, 245))
    sheet = Image.new("RGB", (width, height), sky)
    pen = ImageDraw.Draw(sheet)
    floor = round(height * rng.uniform(0.66, 0.8))
    x = -10
    while x < width:
        w, h = rng.randint(width // 5, width // 2), rng.randint(height // 3, floor)
        house(rng, pen, (x, floor - h, x + w, floor))
        x += w
    pen.rectangle((0, floor, width, height), fill=(rng.randint(90, 150),) * 3)
    for _ in range(3):
        y = rng.randint(floor, height)
        pen.line((0, y, width, y + rng.randint(-5, 5)), fill=(170, 168, 160))
    for _ in range(rng.randint(0, 2)):
        tree(rng, pen, rng.randrange(width), floor)
    if rng.random() < 0.5:
        car(rng, pen, rng.randrange(-20, width - 30), floor)
    return sheet


def house(rng: Random, pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int]) -> None:
    """A front with rows of windows, some of them lit."""
    tone = any_colour(rng, 90, 210)
    pen.rectangle(box, fill=tone)
    for x in range(box[0] + 4, box[2] - 7, 13):
        for y in range(box[1] + 5, box[3] - 12, 17):
            glass = rng.choice(((60, 70, 84), (230, 214, 160), shaded(tone, -50)))
            pen.rectangle((x, y, x + 6, y + 10), fill=glass)


def tree(rng: Random, pen: ImageDraw.ImageDraw, x: int, floor: int) -> None:
    """A trunk and a crown."""
    pen.rectangle((x - 3, floor - 55, x + 3, floor + 3), fill=(84, 62, 44))
    for _ in range(12):
        cx, cy, r = x + rng.randint(-22, 22), floor - 65 + rng.randint(-22, 15), rng.randint(6, 13)
        green = (rng.randint(40, 90), rng.randint(100, 150), rng.randint(40, 80))
        pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=green)


def car(rng: Random, pen: ImageDraw.ImageDraw, x: int, floor: int) -> None:
    """A parked car."""
    tone = any_colour(rng)
    pen.rounded_rectangle((x + 15, floor - 33, x + 58, floor - 15), 7, fill=shaded(tone, -40))
    pen.rounded_rectangle((x, floor - 20, x + 75, floor + 7), 8, fill=tone)
    for wheel in (x + 16, x + 59):
        pen.ellipse((wheel - 8, floor, wheel + 8, floor + 15), fill=(30, 30, 32))


def bed(rng: Random, width: int, height: int) -> Image.Image:
    """A crumpled cover with other clothes lying about."""
    tone = any_colour(rng, 100, 235)
    sheet = Image.new("RGB", (width, height), tone)
    pen = ImageDraw.Draw(sheet)
    for _ in range(26):
        x, y = rng.randrange(width), rng.randrange(height)
        end = (x + rng.randint(-60, 60), y + rng.randint(-30, 30))
        pen.line((x, y, *end), fill=shaded(tone, rng.choice((-26, -14, 16))), width=rng.randint(2, 8))
    if rng.random() < 0.5:
        other = any_colour(rng)
        for y in range(0, height, rng.randint(13, 30)):
            pen.line((0, y, width, y + rng.randint(-4, 4)), fill=other, width=3)
    for _ in range(rng.randint(3, 6)):
        x, y, r = rng.randrange(width), rng.randrange(height), rng.randint(12, 40)
        corners = [(x + rng.randint(-r, r), y + rng.randint(-r, r)) for _ in range(6)]
        pen.polygon(corners, fill=any_colour(rng))
    return sheet


SCENES: tuple[Callable[[Random, int, int], Image.Image], ...] = (room, room, street, bed)


def scene(rng: Random, width: int, height: int) -> tuple[Image.Image, bool]:
    """A background, out of focus; and whether somebody stands in it (nobody stands on a bed)."""
    make = rng.choice(SCENES)
    blur = rng.uniform(0.3, 1.4)
    return make(rng, width, height).filter(ImageFilter.BoxBlur(blur)), make is not bed
