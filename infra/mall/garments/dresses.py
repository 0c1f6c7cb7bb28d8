"""Dresses and jumpsuits: a bodice with something sewn to its waist."""

from infra.mall.garments import necks
from infra.mall.garments.bottoms import legs
from infra.mall.garments.outerwear import tied_belt
from infra.mall.garments.palette import darker
from infra.mall.garments.path import Point, drawn, symmetric
from infra.mall.garments.sketch import SKIRT, TRUNK, Sketch
from infra.mall.garments.tops import hem_of, placket
from infra.mall.garments.torso import Torso, body_folds, cuffs, outline, shorter, sleeves, torso
from infra.mall.seeds import chance


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


def drop_skirt(sketch: Sketch, waist: Point, hem: float, style: str) -> None:
    """The skirt from a waist seam down to `hem`, with its landmarks."""
    look = sketch.look
    half, top = waist
    fall = hem - top
    wide = {"sheath": half * 1.12 + 10 * look.flare, "pencil": half * 1.08}.get(
        style, half + fall * (0.20 + 0.22 * look.flare)
    )
    wide = min(wide, 176)
    belly = half * (1.22 if style in ("sheath", "pencil") else 1.12)
    bow = 4 if style in ("sheath", "pencil") else 13
    rng = chance("skirt", look.key, sketch.back)
    swing = ((belly, top + fall * 0.22), (wide - 8, hem - fall * 0.3), (wide, hem))
    waves = scallops(wide, hem, bow, 0 if bow == 4 else 4)
    shape = symmetric((0, top), ((half, top),), swing, *waves)
    sketch.part(shape, sketch.cloth(), SKIRT)
    folds = []
    count = 3 if bow == 4 else (13 if style == "pleated" else 8)
    for number in range(count):
        share = (number + 0.5) / count * 2 - 1
        share += rng.uniform(-0.05, 0.05) if style != "pleated" else 0
        reach = 1.0 if style == "pleated" else rng.uniform(0.45, 0.95)
        one, other = (
            (share * wide * 0.97, hem + bow * (1 - share * share) - 4),
            (share * half + share * (wide - half) * (1 - reach), top + fall * (1 - reach)),
        )
        folds += [
            (one, other, 6.0 if bow > 4 else 3.4, share * 6),
            ((one[0] + 10, one[1]), other, -5.0, share * 6),
        ]
    sketch.folds(folds, 0.9)
    if style == "pleated":
        for number in range(count + 1):
            share = number / count * 2 - 1
            sketch.stroke(
                drawn(
                    (share * half, top),
                    (
                        (share * (half + wide) * 0.52, top + fall * 0.5),
                        (share * wide, hem + bow * (1 - share * share)),
                    ),
                    close=False,
                ),
                width=1.1,
            )
    if style == "tiered":
        for share in (0.36, 0.68):
            tier(sketch, half + (wide - half) * (share * 0.95), top + fall * share, bow, rng.uniform(5, 9))
    else:
        sketch.stroke(
            drawn((-wide + 3, hem - 8), ((0, hem + bow * 2 - 10), (wide - 3, hem - 8)), close=False),
            dash="3.4 2.4",
            width=0.9,
        )
    sketch.mark("hem", (wide, hem - 6), 10)


def scallops(wide: float, hem: float, bow: float, swing: float) -> list[tuple[Point, ...]]:
    """The hem's right half as soft waves, from the corner to the middle."""
    if swing == 0:
        return [((wide * 0.5, hem + bow), (0, hem + bow))]
    count = 4
    steps: list[tuple[Point, ...]] = []
    for number in range(count):
        one, other = 1 - number / count, 1 - (number + 1) / count
        ends = [hem + bow * (1 - s * s) for s in (one, other)]
        steps.append((((one + other) / 2 * wide, sum(ends) / 2 + swing), (other * wide, ends[1])))
    return steps


def tier(sketch: Sketch, half: float, y: float, bow: float, gap: float) -> None:
    """A gathered seam across a tiered skirt."""
    seam = drawn((-half, y), ((0, y + bow * 1.6), (half, y)), close=False)
    sketch.stroke(seam, sketch.shadow, 5, opacity=0.25)
    sketch.stroke(seam)
    x = -half + 6
    while x < half - 4:
        rise = bow * 0.8 * (1 - (x / half) ** 2)
        sketch.stroke(
            drawn((x, y + rise + 1), ((x * 1.02, y + rise + 15),), close=False), width=0.9, opacity=0.6
        )
        x += gap


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
