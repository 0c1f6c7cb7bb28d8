"""Jackets (bomber, denim, blazer, puffer) and coats."""

from dataclasses import replace

from infra.mall.garments import necks
from infra.mall.garments.palette import darker, lighter
from infra.mall.garments.path import drawn, mirrored, symmetric
from infra.mall.garments.sketch import Sketch
from infra.mall.garments.tops import hem_of, panel, placket, zipper
from infra.mall.garments.torso import Sleeve, Torso, cuffs, hem_band, sleeves, torso

ZIP_TONE, STITCH = "#c9ccd1", "#d9a45a"


def jacket(sketch: Sketch) -> None:
    """The cut is the style's."""
    {"bomber": bomber, "denim": denim, "blazer": blazer, "puffer": puffer}[sketch.look.style](sketch)


def bomber(sketch: Sketch) -> None:
    """Zipped, with ribbed collar, cuffs and hem."""
    body = replace(torso(sketch, hem_of(sketch, 335, 375), ease=12, waist=1.02), drop=14)
    necks.inside_back(sketch, body, 6)
    arm = sleeves(sketch, body, 20, 9)
    panel(sketch, body, "crew", 1.1)
    band = darker(sketch.look.tone, 0.3)
    cuffs(sketch, arm, 20, ribbed=True, paint=band)
    hem_band(sketch, body, 26, band)
    if not sketch.back:
        zipper(sketch, (0, body.top + 14), (0, body.hem[1] + body.bow))
        for make in (drawn, mirrored):
            slash = make((44, body.hem[1] - 92), ((58, body.hem[1] - 48),), close=False)
            sketch.stroke(slash, darker(sketch.look.tone, 0.55), 6)
            sketch.stroke(slash, ZIP_TONE, 1.6, "1.4 1.4")
    necks.stand(sketch, body, band)


def denim(sketch: Sketch) -> None:
    """A trucker jacket: yoke, flap pockets, contrast stitching, metal buttons."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 320, 360), ease=8, waist=0.97)
    necks.collar_stand(sketch, body)
    arm = sleeves(sketch, body, 19, 4)
    panel(sketch, body, "crew", 1.1)
    cuffs(sketch, arm, 20)
    yoke = body.top + 68
    sketch.stroke(
        drawn((-body.shoulder[0] + 8, yoke), ((body.shoulder[0] - 8, yoke),), close=False), width=1.4
    )
    sketch.stroke(
        drawn((-body.shoulder[0] + 8, yoke + 3.5), ((body.shoulder[0] - 8, yoke + 3.5),), close=False),
        STITCH,
        1.1,
        "3 2",
    )
    low, wide = body.hem[1], body.hem[0]
    belt = symmetric(
        (0, low + body.bow - 20), ((wide - 2, low - 20),), ((wide, low),), ((0, low + body.bow),)
    )
    sketch.part(belt, look.tone)
    for hand in (-1, 1):
        for shift in (24, 52):
            seam = drawn(
                (hand * shift, yoke),
                ((hand * (shift - 12 if shift < 40 else shift - 6), low - 20),),
                close=False,
            )
            sketch.stroke(seam, STITCH, 1.1, "3 2")
        if not sketch.back:
            x, y = hand * 40, yoke - 4
            flap = drawn(
                (x - 19, y), ((x + 19, y),), ((x + 19, y + 13),), ((x, y + 21),), ((x - 19, y + 13),)
            )
            sketch.part(flap, look.tone)
            sketch.stroke(
                drawn((x - 16, y + 12), ((x, y + 18),), ((x + 16, y + 12),), close=False),
                STITCH,
                1,
                "2.4 1.8",
            )
            sketch.button((x, y + 13), 2.8, "#b98a4a")
    if not sketch.back:
        placket(sketch, body, 9, 6)
        for stitch in (-7.0, 7.0):
            sketch.stroke(drawn((stitch, body.top + 24), ((stitch, low + 2),), close=False), STITCH, 1, "3 2")
    necks.shirt_collar(sketch, body, 1.5, look.tone)


def blazer(sketch: Sketch) -> None:
    """Notched lapels, two or three buttons, flap pockets, a shirt's glimpse of lining."""
    look = sketch.look
    body = replace(torso(sketch, hem_of(sketch, 360, 405), ease=8, waist=0.9), drop=30)
    low = body.top + 150 + 30 * look.depth
    necks.inside_back(sketch, body, 120)
    arm = sleeves(sketch, body, 18, 2)
    panel(sketch, body, "crew", 0.9)
    sleeve_buttons(sketch, arm)
    if sketch.back:
        sketch.stroke(drawn((0, body.top + 10), ((0, body.hem[1] + body.bow),), close=False))
        sketch.folds([((0, body.hem[1] - 70), (0, body.hem[1] + 8), 5, 2)])
    else:
        opening(sketch, body, low)
        front_edge(sketch, body, low)
        for make in (drawn, mirrored):
            y = body.hem[1] - 82
            sketch.part(make((30, y), ((70, y - 5),), ((71, y + 11),), ((31, y + 15),)), sketch.cloth())
        for number in range(2 if look.buttons < 5 else 3):
            sketch.button((1, low + 8 + number * 34), 4.6)
        chest = drawn(
            (-58, body.armpit[1] - 2),
            ((-30, body.armpit[1] - 6),),
            ((-30, body.armpit[1]),),
            ((-58, body.armpit[1] + 4),),
        )
        sketch.part(chest, darker(look.tone, 0.15))
    necks.lapels(sketch, body, 46 + 12 * look.flare, low)


def puffer(sketch: Sketch) -> None:
    """Quilted tubes of down with a stand collar and a zip."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 340, 385), ease=16, waist=1.05)
    necks.collar_stand(sketch, body)
    arm = sleeves(sketch, body, 23, 14)
    panel(sketch, body, "crew", 0.6)
    step = 26 + 12 * look.width
    y = body.top + 42.0
    while y < body.hem[1] - 6:
        half = body.armpit[0] - 4 if y > body.armpit[1] - 40 else body.armpit[0] - 10
        sketch.folds(
            [((-half, y), (half, y), 5.5, 5), ((-half, y - step * 0.55), (half, y - step * 0.55), -9, 5)], 1.3
        )
        sketch.stroke(drawn((-half, y - 1), ((0, y + 7), (half, y - 1)), close=False), width=1.3)
        y += step
    quilted_arms(sketch, arm, body, step)
    collar = symmetric(
        (0, body.top - 18),
        ((body.neck * 0.9, body.top - 18), (body.neck + 3, body.top - 10)),
        ((body.neck + 8, body.top + 12),),
        ((body.neck * 0.7, body.top + 30), (0, body.top + 30)),
    )
    sketch.part(collar, look.tone)
    if not sketch.back:
        zipper(sketch, (0, body.top - 16), (0, body.hem[1] + body.bow))


def quilted_arms(sketch: Sketch, arm: Sleeve | None, body: Torso, step: float) -> None:
    """Quilting lines across both sleeves."""
    if arm is None:
        return
    up = (arm.along[1], -arm.along[0])
    for number in range(1, int(220 / step) + 1):
        x, y = arm.root[0] + arm.along[0] * number * step, arm.root[1] + arm.along[1] * number * step
        for hand in (-1, 1):
            start, end = (hand * (x + up[0] * 26), y + up[1] * 26), (hand * (x - up[0] * 19), y - up[1] * 19)
            middle = (hand * (x + arm.along[0] * 8), y + arm.along[1] * 8)
            sketch.stroke(drawn(start, (middle, end), close=False), sketch.shadow, 2.6, opacity=0.4)


def coat(sketch: Sketch) -> None:
    """A coat: knee-length or longer, wide lapels, one or two rows of buttons, perhaps a tied belt."""
    look = sketch.look
    body = replace(torso(sketch, hem_of(sketch, 415, 480), top=42, ease=4, waist=0.92), drop=24)
    body = replace(
        body,
        waist=(body.waist[0], body.armpit[1] + 90),
        hem=(body.hem[0] + 10 + 16 * look.flare, body.hem[1]),
    )
    double = look.style == "double"
    low = body.top + 120 + 20 * look.depth
    necks.inside_back(sketch, body, 60)
    arm = sleeves(sketch, body, 20, 4)
    panel(sketch, body, "crew")
    cuffs(sketch, arm, 22, paint=sketch.cloth(70))
    hem = body.hem[1]
    sketch.folds(
        [
            ((s * 30, hem), (s * 22, hem - 170), 6 * d, s * 5)
            for s, d in ((-1, 1), (1, -1), (1.8, 1), (-2, -1))
        ]
    )
    if sketch.back:
        sketch.stroke(drawn((0, body.top + 10), ((0, hem + body.bow),), close=False))
        sketch.folds([((0, hem - 150), (0, hem + 8), 7, 3)])
    else:
        opening(sketch, body, low)
        shift = 20 if double else 6
        edge = drawn((shift, low), ((shift + 2, hem + body.bow),), close=False)
        sketch.stroke(edge, sketch.shadow, 5, opacity=0.3)
        sketch.stroke(edge)
        for number in range(3 + look.buttons % 2):
            y = low + 14 + number * 46
            if not (look.style == "belted" and abs(y - body.waist[1]) < 22):
                for x in (-14, 14) if double else (0,):
                    sketch.button(
                        (x, y), 5.4, darker(look.tone, 0.55) if look.colour != "black" else "#55555c"
                    )
        for make in (drawn, mirrored):
            y = body.waist[1] + 62
            sketch.part(make((40, y), ((78, y - 4),), ((80, y + 17),), ((41, y + 21),)), sketch.cloth())
    necks.lapels(sketch, body, 54 + 14 * look.flare, low, 8 if double else 0)
    if look.style == "belted":
        tied_belt(sketch, body)


def opening(sketch: Sketch, body: Torso, low: float) -> None:
    """What shows between the lapels: a plain pale shirt front."""
    n, t = body.neck, body.top
    inner = symmetric((0, t + 8), ((n * 0.6, t + 8), (n, t)), ((n + 8, t + 20),), ((0, low),))
    under = "#e9e6df" if sketch.look.colour != "white" else "#3b3f4a"
    sketch.part(inner, under, edge=0.8)
    sketch.add(
        symmetric(
            (0, t + 8), ((n * 0.6, t + 8), (n, t)), ((n + 4, t + 12),), ((n * 0.6, t + 24), (0, t + 26))
        ),
        darker(under, 0.3),
    )


def front_edge(sketch: Sketch, body: Torso, low: float) -> None:
    """The closing edge below the lapels, rounded away at the hem."""
    hem = body.hem[1] + body.bow
    edge = drawn((6, low), ((8, hem - 50),), ((10, hem - 12), (30, hem + 1)), close=False)
    sketch.stroke(edge, sketch.shadow, 4.5, opacity=0.3)
    sketch.stroke(edge)


def sleeve_buttons(sketch: Sketch, arm: Sleeve | None) -> None:
    """A row of small buttons near each cuff."""
    if arm is None:
        return
    for number in range(3):
        x = arm.out[0] - arm.along[0] * (8 + number * 9) - 5
        y = arm.out[1] - arm.along[1] * (8 + number * 9)
        for hand in (-1, 1):
            sketch.button((hand * x, y), 2.4)


def tied_belt(sketch: Sketch, body: Torso, paint: str = "") -> None:
    """A cloth belt, knotted in front."""
    (wx, wy), tone = body.waist, paint or darker(sketch.look.tone, 0.08)
    band = symmetric(
        (0, wy - 9),
        ((wx * 0.6, wy - 10), (wx + 2, wy - 13)),
        ((wx + 2, wy + 6),),
        ((wx * 0.6, wy + 9), (0, wy + 9)),
    )
    sketch.add(
        symmetric((0, wy + 6), ((wx + 1, wy + 4),), ((wx, wy + 14),), ((0, wy + 17),)), sketch.shadow, 0.3
    )
    sketch.part(band, tone)
    if not sketch.back:
        for reach, lean in ((92, 14), (74, -6)):
            tail = drawn(
                (-4, wy),
                ((8 + lean * 0.5, wy + 40), (lean, wy + reach)),
                ((lean + 15, wy + reach + 2),),
                ((12 + lean * 0.8, wy + 40), (8, wy)),
            )
            sketch.part(tail, tone)
        sketch.part(
            symmetric((0, wy - 12), ((11, wy - 12), (11, wy)), ((11, wy + 12), (0, wy + 12))),
            lighter(tone, 0.06),
        )
    sketch.mark("waistline", (wx, wy), 5)


DRAWINGS = {"jacket": jacket, "coat": coat}
