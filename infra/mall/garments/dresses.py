"""Dresses and jumpsuits: a bodice with something sewn to its waist."""

from infra.mall.garments import necks
from infra.mall.garments.bottoms import legs
from infra.mall.garments.outerwear import tied_belt
from infra.mall.garments.palette import darker
from infra.mall.garments.path import Point, drawn, symmetric
from infra.mall.garments.sketch import TRUNK, Sketch
from infra.mall.garments.skirts import drop_skirt
from infra.mall.garments.tops import hem_of, placket
from infra.mall.garments.torso import Torso, body_folds, cuffs, outline, shorter, sleeves, torso


def dress(sketch: Sketch) -> None:
    """A dress: fitted waist, then a flared, straight or tiered skirt."""
    look = sketch.look
    body, waist = bodice(sketch, 46)
    drop_skirt(sketch, waist, hem_of(sketch, 340, 484), look.style)
    top_half(sketch, body)
    seam = drawn((-waist[0], waist[1]), ((0, waist[1] + 7), (waist[0], waist[1])), close=False)
    if look.style == "sheath":
        sketch.folds([((s * waist[0], waist[1]), (s * 20, waist[1] + 20), 3, 0) for s in (-1, 1)])
    else:
        sketch.stroke(seam)
    if look.detail == "belt":
        dress_belt(sketch, waist)
    sketch.mark("waistline", waist, 4)


def jumpsuit(sketch: Sketch) -> None:
    """A jumpsuit: a bodice on trousers, with a belt."""
    look = sketch.look
    body, waist = bodice(sketch, 34)
    wide = 20 if look.style == "wide" else 0
    legs(
        sketch,
        top=waist[1],
        half=waist[0],
        hip=waist[0] + 13,
        crotch=waist[1] + 96,
        hem=hem_of(sketch, 462, 488),
        ankle=24 + wide + 8 * look.flare,
        stride=56 + wide * 0.6,
    )
    top_half(sketch, body)
    if look.detail == "belt":
        from_waist = Torso(body.neck, body.top, body.drop, body.shoulder, body.armpit, waist, waist)
        tied_belt(sketch, from_waist, darker(look.tone, 0.16))
    sketch.mark("waistline", waist, 4)


def bodice(sketch: Sketch, top: float) -> tuple[Torso, Point]:
    """The upper half, measured, and the right end of its waist seam. Draws what lies behind it."""
    look = sketch.look
    whole = torso(sketch, 380, top=top, ease=-5)
    if look.sleeve == "none":
        neck, tip = whole.neck + 4, whole.shoulder
        whole = Torso(
            neck,
            whole.top,
            whole.drop,
            (neck + 22 + 8 * look.width, tip[1] - 8),
            whole.armpit,
            whole.waist,
            whole.hem,
        )
    seam = whole.armpit[1] + 62 + 20 * look.depth
    half = whole.armpit[0] * (0.78 if look.gender == "women" else 0.92)
    if look.neckline == "collar":
        necks.collar_stand(sketch, whole)
    else:
        necks.inside_back(sketch, whole)
    return shorter(whole, seam, half), (half, seam)


def top_half(sketch: Sketch, body: Torso) -> None:
    """Sleeves, front panel and neck of the bodice."""
    look = sketch.look
    arm = sleeves(sketch, body, 17, 8)
    shape = outline(body, look.neckline)
    ay = body.armpit[1]
    sketch.part(shape, sketch.cloth(), TRUNK)
    body_folds(sketch, body, 0.8)
    for hand in (-1, 1):
        dart = drawn((hand * body.hem[0] * 0.5, body.hem[1]), ((hand * 34, ay + 24),), close=False)
        sketch.stroke(dart, width=1, opacity=0.7)
    if look.sleeve == "long":
        cuffs(sketch, arm, 12)
    if look.neckline == "collar":
        if not sketch.back:
            placket(sketch, body, 7, 4)
        necks.shirt_collar(sketch, body, 0.5)
    else:
        necks.rib(sketch, body, look.neckline, 4)
    if sketch.back:
        sketch.stroke(drawn((0, body.top + body.drop + 4), ((0, body.hem[1]),), close=False))
    sketch.mark("collar", (body.neck + 4, body.top + 4), 0)


def dress_belt(sketch: Sketch, waist: Point) -> None:
    """A narrow belt with a buckle."""
    half, y = waist
    tone = sketch.look.accent
    band = symmetric(
        (0, y + 0),
        ((half * 0.6, y), (half + 1, y - 5)),
        ((half + 1, y + 5),),
        ((half * 0.6, y + 10), (0, y + 10)),
    )
    sketch.part(band, tone)
    if not sketch.back:
        sketch.stroke(symmetric((0, y - 3), ((8, y - 3),), ((8, y + 12),), ((0, y + 12),)), "#c7a04a", 2.6)


DRAWINGS = {"dress": dress, "jumpsuit": jumpsuit}
