"""Tees, tank tops, shirts and blouses."""

from infra.mall.garments import necks
from infra.mall.garments.palette import darker
from infra.mall.garments.path import Point, drawn, mirrored, symmetric
from infra.mall.garments.prints import logo
from infra.mall.garments.sketch import TRUNK, Cloth, Sketch
from infra.mall.garments.torso import Torso, body_folds, cuffs, outline, sleeves, torso


def panel(sketch: Sketch, body: Torso, kind: str, strength: float = 1.0) -> str:
    """The body itself with shading, folds, side landmarks; returns its outline."""
    shape = outline(body, kind)
    sketch.part(shape, sketch.cloth(), TRUNK)
    body_folds(sketch, body, strength)
    sketch.mark("collar", (body.neck + 5, body.top + 5), 0)
    sketch.mark("hem", (body.hem[0], body.hem[1] - 4), 7)
    return shape


def hem_of(sketch: Sketch, short: float, long: float) -> float:
    """The hem's height on the canvas for this item's length."""
    return short + (long - short) * sketch.look.extent


def tee(sketch: Sketch) -> None:
    """A tee: ribbed neck, stitched hems, perhaps a print or a pocket."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 315, 372))
    necks.inside_back(sketch, body)
    arm = sleeves(sketch, body, 21)
    panel(sketch, body, look.neckline)
    necks.rib(sketch, body, look.neckline)
    hem_stitch(sketch, body)
    if arm is not None and look.sleeve == "short":
        cuff_stitch(sketch, arm.out, arm.inner, arm.along)
    if not sketch.back:
        logo(sketch, body)
        if look.detail == "pocket":
            pocket(sketch, (look.side * 36, body.armpit[1] - 18), 34, 38)


def tank(sketch: Sketch) -> None:
    """A tank top: narrow straps, deep armholes."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 330, 385))
    neck, strap = body.neck + 12, 13 + 8 * look.width
    low = body.top + (16 if sketch.back else 52 + 20 * look.depth)
    ax, ay = body.armpit
    hx, hy = body.hem
    wx, wy = body.waist
    opening = ((neck * 0.75, low), (neck, low - 12), (neck, body.top)), ((neck + strap, body.top + 3),)
    if look.neckline == "v-neck" and not sketch.back:
        opening = ((neck * 0.7, low - 26), (neck, body.top)), ((neck + strap, body.top + 3),)  # type: ignore[assignment]
    arm = ((neck + strap - 2, ay - 30), (ax - 14, ay - 4), (ax - 2, ay + 6))
    rest = (
        ((wx, wy - 40), (wx, wy), (wx + 1, wy + 20)),
        ((hx, hy - 60), (hx, hy)),
        ((hx * 0.5, hy + 6), (0, hy + 6)),
    )
    if not sketch.back:
        inner = symmetric(
            (0, body.top + 20),
            ((neck * 0.8, body.top + 20), (neck + 3, body.top - 2)),
            ((neck + 4, low),),
            ((0, low + 10),),
        )
        sketch.part(inner, darker(look.tone, 0.4))
    shape = symmetric((0, low), *opening, arm, *rest)
    sketch.part(shape, sketch.cloth(), TRUNK)
    body_folds(sketch, body)
    for make in (drawn, mirrored):
        edge = make((0, low), *opening, arm, close=False)
        sketch.stroke(edge, darker(look.tone, 0.12), 4.0)
        sketch.stroke(edge, sketch.seam, 0.8, opacity=0.7)
    hem_stitch(sketch, body)
    sketch.mark("collar", (neck + strap * 0.5, body.top + 8), 0)
    sketch.mark("sleeve", (ax - 4, ay + 14), 6)
    sketch.mark("hem", (hx, hy - 4), 7)


def shirt(sketch: Sketch) -> None:
    """A shirt: collar, button placket, chest pocket, cuffs, curved tails."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 335, 388), waist=0.96)
    necks.collar_stand(sketch, body)
    arm = sleeves(sketch, body, 19)
    panel(sketch, body, "crew")
    if look.sleeve == "long":
        cuffs(sketch, arm, 24, paint=sketch.cloth(80))
    if sketch.back:
        yoke = drawn(
            (-body.shoulder[0] + 8, body.top + 52),
            ((0, body.top + 60), (body.shoulder[0] - 8, body.top + 52)),
            close=False,
        )
        sketch.stroke(yoke)
        sketch.folds([((0, body.top + 56), (0, body.hem[1]), 4, 0)])
    else:
        placket(sketch, body, 8 if look.depth > 0.3 else 10, look.buttons + 2)
        if look.detail == "pocket":
            pocket(sketch, (look.side * 38, body.armpit[1] - 14), 36, 42, sketch.cloth())
    necks.shirt_collar(sketch, body, 0.6 + look.depth)
    hem_stitch(sketch, body)


def blouse(sketch: Sketch) -> None:
    """A blouse: soft, gathered at neck and sleeve, sometimes with a bow."""
    look = sketch.look
    body = torso(sketch, hem_of(sketch, 305, 360), ease=4, waist=0.92)
    necks.inside_back(sketch, body)
    puff = 20.0 if look.style == "puff" else 6.0
    arm = sleeves(sketch, body, 15 if look.sleeve == "long" else 20, puff)
    panel(sketch, body, look.neckline, 1.15)
    cuffs(sketch, arm, 13)
    fall = [
        ((x, body.top + 52), (x * 1.25, body.hem[1]), 3.2 * (1 if i % 2 else -1), x * 0.06)
        for i, x in enumerate((-60, -42, -22, 20, 38, 58))
    ]
    sketch.folds(fall, 0.8)
    if not sketch.back and look.detail == "buttons":
        placket(sketch, body, 5, look.buttons + 1)
    necks.rib(sketch, body, look.neckline, 4.5)
    if look.neckline == "bow":
        necks.bow(sketch, body)
    ruffle(sketch, body)


def hem_stitch(sketch: Sketch, body: Torso) -> None:
    """The seam above the hem."""
    hx, hy = body.hem
    sketch.stroke(
        drawn((-hx + 2, hy - 7), ((0, hy + body.bow * 2 - 9), (hx - 2, hy - 7)), close=False),
        dash="3.4 2.4",
        width=0.9,
    )


def cuff_stitch(sketch: Sketch, out: Point, inner: Point, along: Point) -> None:
    """The seam above a short sleeve's end, on both sides."""
    shift = (-along[0] * 6, -along[1] * 6)
    one, other = (out[0] + shift[0], out[1] + shift[1]), (inner[0] + shift[0], inner[1] + shift[1])
    for hand in (1, -1):
        sketch.stroke(
            drawn((one[0] * hand, one[1]), ((other[0] * hand, other[1]),), close=False),
            dash="3.4 2.4",
            width=0.9,
        )


def placket(sketch: Sketch, body: Torso, half: float, count: int, radius: float = 3.6) -> None:
    """The buttoned strip down the front."""
    top, low = body.top + body.drop, body.hem[1] + body.bow
    strip = drawn((-half, top - 1), ((half, top - 1),), ((half, low),), ((-half, low),))
    sketch.add(
        drawn((half, top), ((half + 4, top),), ((half + 4, low),), ((half, low),)), sketch.shadow, 0.22
    )
    sketch.part(strip, sketch.cloth(), edge=1.1)
    step = (low - top - 26) / max(count - 1, 1)
    for number in range(count):
        sketch.button((0, top + 12 + number * step), radius)


def pocket(sketch: Sketch, centre: Point, width: float, height: float, paint: Cloth | str = "") -> None:
    """A patch pocket with a pointed bottom."""
    x, y = centre
    half = width / 2
    shape = drawn(
        (x - half, y),
        ((x + half, y),),
        ((x + half, y + height * 0.8),),
        ((x, y + height),),
        ((x - half, y + height * 0.8),),
    )
    sketch.add(
        drawn(
            (x - half, y + 3),
            ((x + half + 3, y + 3),),
            ((x + half + 3, y + height * 0.82),),
            ((x, y + height + 4),),
            ((x - half, y + height * 0.8),),
        ),
        sketch.shadow,
        0.25,
    )
    sketch.part(shape, paint or sketch.cloth())
    sketch.stroke(drawn((x - half, y + 7), ((x + half, y + 7),), close=False), width=1.0)


def zipper(sketch: Sketch, top: Point, low: Point) -> None:
    """Teeth on a tape, with a puller."""
    sketch.folds(
        [
            ((top[0] - 6, top[1]), (low[0] - 6, low[1]), 4, 0),
            ((top[0] + 7, top[1]), (low[0] + 7, low[1]), -4, 0),
        ]
    )
    edge = drawn(top, (low,), close=False)
    tape = drawn(
        (top[0] - 4, top[1]), ((top[0] + 4, top[1]),), ((low[0] + 4, low[1]),), ((low[0] - 4, low[1]),)
    )
    sketch.add(tape, darker(sketch.look.tone, 0.45))
    sketch.stroke(edge, "#c9ccd1", 3.4, "1.6 1.6")
    x, y = top
    sketch.add(drawn((x - 3, y), ((x + 3, y),), ((x + 4, y + 18),), ((x - 4, y + 18),)), "#e3e5e8")


def ruffle(sketch: Sketch, body: Torso) -> None:
    """Short gathers below the shoulders."""
    for hand in (-1, 1):
        for x in (18, 27, 36, 45):
            y = body.top + 22 + x * 0.14
            sketch.stroke(
                drawn((hand * (x + 12), y), ((hand * (x + 13), y + 16),), close=False), width=0.9, opacity=0.7
            )


DRAWINGS = {"tee": tee, "tank top": tank, "shirt": shirt, "blouse": blouse}
