"""Sweaters, cardigans and hoodies: what ends in ribs."""

from infra.mall.garments import necks
from infra.mall.garments.palette import lighter
from infra.mall.garments.path import drawn, symmetric
from infra.mall.garments.prints import logo
from infra.mall.garments.sketch import Sketch
from infra.mall.garments.tops import hem_of, panel, placket, pocket, zipper
from infra.mall.garments.torso import Torso, cuffs, hem_band, sleeves, torso


def sweater(sketch: Sketch) -> None:
    """A sweater: ribbed neck, cuffs and hem, knitted ground, sometimes cables."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 315, 368), ease=6, waist=0.99)
    if look.neckline != "turtleneck":
        necks.inside_back(sketch, body)
    arm = sleeves(sketch, body, 19, 5)
    panel(sketch, body, look.neckline, 0.9)
    if look.detail == "cable" and look.pattern == "plain":
        cables(sketch, body)
    cuffs(sketch, arm, 26, ribbed=True)
    hem_band(sketch, body, 28)
    if look.neckline == "turtleneck":
        necks.roll_neck(sketch, body)
    else:
        necks.rib(sketch, body, look.neckline, 11)
    sketch.folds([((0, body.hem[1] - 30), (0, body.hem[1] - 90), -6, 4)])


def cardigan(sketch: Sketch) -> None:
    """A cardigan: open V, button band down the front."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 335, 410), ease=5, waist=0.99)
    necks.inside_back(sketch, body, 30)
    arm = sleeves(sketch, body, 18, 4)
    panel(sketch, body, "v-neck" if not sketch.back else "crew", 0.9)
    cuffs(sketch, arm, 24, ribbed=True)
    hem_band(sketch, body, 24)
    necks.rib(sketch, body, "v-neck" if not sketch.back else "crew", 12)
    if not sketch.back:
        placket(sketch, body, 9, look.buttons, radius=5.2)
        if look.detail == "pocket":
            for x in (-46, 46):
                pocket(sketch, (x, body.hem[1] - 92), 44, 46)


def hoodie(sketch: Sketch) -> None:
    """A hoodie: hood with cords, pouch pocket, ribbed ends; zipped or with a print."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 340, 390), top=82, ease=8, waist=1.0)
    necks.hood_behind(sketch, body)
    arm = sleeves(sketch, body, 19, 7)
    panel(sketch, body, "crew", 1.0)
    cuffs(sketch, arm, 24, ribbed=True)
    hem_band(sketch, body, 24)
    if not sketch.back:
        pouch(sketch, body)
        if look.detail == "zip":
            zipper(sketch, (0, body.top + 46), (0, body.hem[1] + body.bow))
        else:
            logo(sketch, body, 14)
    necks.hood_front(sketch, body, look.accent)


def pouch(sketch: Sketch, body: Torso) -> None:
    """A kangaroo pocket."""
    low = body.hem[1] - 20
    shape = symmetric(
        (0, low - 74), ((36, low - 74),), ((40, low - 50), (58, low - 22)), ((58, low + 4),), ((0, low + 6),)
    )
    sketch.part(shape, sketch.cloth())
    for hand in (-1, 1):
        sketch.stroke(
            drawn((hand * 38, low - 72), ((hand * 42, low - 50), (hand * 60, low - 20)), close=False),
            sketch.shadow,
            3.4,
            opacity=0.5,
        )


def cables(sketch: Sketch, body: Torso) -> None:
    """Twisted columns of stitches."""
    top, low = body.top + 50, body.hem[1] - 30
    for x in (-46, 0, 46):
        y = max(top, body.top + body.drop + 14) if x == 0 else top
        while y < low - 24:
            for sign in (-1, 1):
                turn = drawn(
                    (x - sign * 7, y),
                    ((x - sign * 7, y + 10), (x + sign * 7, y + 12), (x + sign * 7, y + 24)),
                    close=False,
                )
                sketch.stroke(turn, sketch.shadow, 5.0, opacity=0.28)
                sketch.stroke(turn, lighter(sketch.look.tone, 0.22), 2.6, opacity=0.75)
            y += 24


DRAWINGS = {"sweater": sweater, "cardigan": cardigan, "hoodie": hoodie}
