"""The upper body that tees, shirts, coats and dresses share: its measures, its outline and its sleeves."""

from dataclasses import dataclass, replace

from infra.mall.garments.path import Point, Segment, between, drawn, flip, heading, moved, symmetric
from infra.mall.garments.sketch import LIMB, Cloth, Fold, Sketch
from infra.mall.seeds import chance


@dataclass(frozen=True)
class Torso:
    """Right half of an upper body, in canvas units."""

    neck: float
    "half the neck opening, at the shoulder"
    top: float
    "height of the neck points"
    drop: float
    "from the neck points down to the front edge of the opening"
    shoulder: Point
    armpit: Point
    waist: Point
    hem: Point
    bow: float = 6.0
    "how far the hem's middle hangs below its ends"


def torso(sketch: Sketch, hem: float, top: float = 66, ease: float = 0.0, waist: float = 0.93) -> Torso:
    """Measures of an item whose hem hangs at `hem`.

    `ease` widens it, in units; `waist` is a share of the chest.
    """
    look = sketch.look
    woman = look.gender == "women"
    chest = (72 if woman else 80) + 14 * look.width + ease
    shoulder = chest * (0.98 if woman else 1.0) + 2
    slope = 17 + 6 * look.depth
    armpit = top + 84 + 14 * look.width
    middle = armpit + (hem - armpit) * 0.42
    spread = chest * (1.0 + 0.13 * look.flare * (1 if woman else 0.4))
    return Torso(
        neck=26 + 5 * look.depth,
        top=top,
        drop=neck_drop(sketch),
        shoulder=(shoulder, top + slope),
        armpit=(chest, armpit),
        waist=(chest * (waist if woman else min(1.0, waist + 0.05)), middle),
        hem=(spread, hem),
    )


def neck_drop(sketch: Sketch) -> float:
    """How deep the neckline is cut, in units below the neck points."""
    look = sketch.look
    if sketch.back:
        return 9 if look.neckline in ("scoop", "v-neck", "bow") else 6
    deep = {"crew": (17, 23), "scoop": (42, 58), "v-neck": (54, 82), "bow": (30, 40), "square": (40, 52)}
    low, high = deep.get(look.neckline, (20, 24))
    return low + (high - low) * look.depth


def neckline(body: Torso, kind: str) -> tuple[Segment, ...]:
    """Segments from the opening's lowest point up to the right neck point."""
    end, y = (body.neck, body.top), body.top + body.drop
    if kind == "v-neck" and body.drop > 25:
        return (((body.neck * 0.55, body.top + body.drop * 0.42), end),)
    return (((body.neck * 0.62, y), (body.neck * 0.98, body.top + body.drop * 0.6), end),)


def outline(body: Torso, kind: str) -> str:
    """The closed front or back panel."""
    return symmetric((0, body.top + body.drop), *neckline(body, kind), *side(body))


def side(body: Torso) -> tuple[Segment, ...]:
    """From the right neck point over shoulder, armhole and waist to the middle of the hem."""
    (sx, sy), (ax, ay), (wx, wy), (hx, hy) = body.shoulder, body.armpit, body.waist, body.hem
    return (
        ((between((body.neck, body.top), body.shoulder)[0], (body.top + sy) / 2 - 2), body.shoulder),
        ((sx - 9, sy + (ay - sy) * 0.45), (sx - 10, sy + (ay - sy) * 0.8), body.armpit),
        ((ax - 2, ay + (wy - ay) * 0.5), (wx, wy - (wy - ay) * 0.3), body.waist),
        ((wx, wy + (hy - wy) * 0.35), (hx, hy - (hy - wy) * 0.4), body.hem),
        ((hx * 0.55, hy + body.bow), (0, hy + body.bow)),
    )


@dataclass(frozen=True)
class Sleeve:
    """Where one right sleeve lies; the left one is its mirror image."""

    out: Point
    "the cuff's outer end"
    inner: Point
    "the cuff's end nearer the body"
    along: Point
    "unit vector down the arm"
    root: Point
    "middle of the armhole"


def sleeves(
    sketch: Sketch, body: Torso, cuff: float, puff: float = 0.0, length: float = 0.0
) -> Sleeve | None:
    """Draw both sleeves (behind the body, so before it) and mark them; None where there are none.

    `cuff` is half the width of the opening, `puff` how far the sleeve swells, both in units.
    """
    look = sketch.look
    if look.sleeve == "none":
        sketch.mark("sleeve", (body.armpit[0] - 1, body.armpit[1] - 6), 7)
        return None
    long = look.sleeve == "long"
    angle = (8 + 9 * look.sleeve_angle) if long else (30 + 22 * look.sleeve_angle)
    reach = length or ((222 + 34 * look.sleeve_length) if long else (48 + 44 * look.sleeve_length))
    along = heading(angle)
    up = (along[1], -along[0])  # across the sleeve, away from the body
    root = between(body.shoulder, body.armpit)
    wrist = moved(between(root, body.shoulder, 0.35 if long else 0.2), along, reach)
    half = cuff if long else cuff * 1.55 + 6
    out, inner = moved(wrist, up, half), moved(wrist, up, -half)
    sleeve = Sleeve(out, inner, along, root)
    for hand in (1, -1):
        one_sleeve(sketch, body, sleeve, hand, angle, puff, long)
    sketch.mark("sleeve", between(out, inner, 0.5), 0)
    return sleeve


def one_sleeve(
    sketch: Sketch, body: Torso, sleeve: Sleeve, hand: int, angle: float, puff: float, long: bool
) -> None:
    """One sleeve with its shading and the folds at armpit and elbow."""
    look, turn = sketch.look, flip if hand < 0 else lambda p: p
    rng = chance("sleeve", look.key, hand)
    along, up = sleeve.along, (sleeve.along[1], -sleeve.along[0])
    sx, sy = body.shoulder
    elbow_out = moved(moved(body.shoulder, along, 90 if long else 30), up, 4 + puff)
    elbow_in = moved(moved(body.armpit, along, 70 if long else 12), up, -3 - puff * 0.7)
    ax, ay = body.armpit
    root_in = (ax - 14, sy + 16)
    points: tuple[Segment, ...] = (
        ((sx + 9, sy + 4), elbow_out, sleeve.out),
        (sleeve.inner,),
        (elbow_in, (ax + 2, ay + 12), (ax - 1, ay + 1)),
        ((ax - 16, ay - 30), root_in),
    )
    shape = drawn(turn((sx - 16, sy - 2)), (turn(body.shoulder),), *(tuple(map(turn, s)) for s in points))
    sketch.part(shape, sketch.cloth(-angle * hand), LIMB)
    folds = []
    spots = (0.05, 0.36, 0.45, 0.55, 0.93) if long else (0.15, 0.6)
    reach = ((sleeve.out[0] - sx) ** 2 + (sleeve.out[1] - sy) ** 2) ** 0.5
    for spot in spots:
        centre = moved(sleeve.root, along, reach * spot + 14)
        tilt = rng.uniform(4, 22)
        one = moved(moved(centre, up, -17), along, -tilt * 0.3)
        other = moved(moved(centre, up, rng.uniform(2, 15)), along, tilt)
        folds.append(
            (turn(one), turn(other), rng.uniform(2.2, 4.4) * rng.choice((1, 1, -1)), rng.uniform(-4, 6))
        )
    sketch.folds(folds, 0.95)


def cuffs(
    sketch: Sketch, sleeve: Sleeve | None, height: float, ribbed: bool = False, paint: Cloth | str = ""
) -> None:
    """Bands at both sleeve ends."""
    if sleeve is None:
        return
    back = (-sleeve.along[0], -sleeve.along[1])
    grow = 1.5
    up = (sleeve.along[1], -sleeve.along[0])
    corners = (
        moved(sleeve.out, up, grow),
        moved(moved(sleeve.out, up, grow), back, height),
        moved(moved(sleeve.inner, up, -grow), back, height),
        moved(sleeve.inner, up, -grow),
    )
    for turn in (lambda p: p, flip):
        shape = drawn(*[turn(corners[0]), *((turn(c),) for c in corners[1:])])  # type: ignore[arg-type]
        sketch.part(shape, paint or sketch.look.tone)
        if ribbed:
            sketch.add(shape, "url(#ribs)")


def hem_band(sketch: Sketch, body: Torso, height: float, paint: str = "") -> None:
    """A ribbed band at the hem of sweaters, hoodies and bombers."""
    (hx, hy), bow = body.hem, body.bow
    pull = hx - 5
    shape = symmetric(
        (0, hy + bow - height),
        ((hx * 0.55, hy + bow - height), (hx, hy - height)),
        ((hx + 3, hy - height * 0.5), (pull, hy)),
        ((hx * 0.55, hy + bow), (0, hy + bow)),
    )
    sketch.part(shape, paint or sketch.look.tone)
    sketch.add(shape, "url(#ribs)")


def body_folds(sketch: Sketch, body: Torso, strength: float = 1.0) -> None:
    """Folds that fall from the armpits and gather above the hem."""
    rng = chance("folds", sketch.look.key, sketch.back)
    ax, ay = body.armpit
    hx, hy = body.hem
    folds: list[Fold] = []
    for hand in (1, -1):
        for start in (0.0, 12.0):
            reach = rng.uniform(34, 62)
            one = (hand * (ax - 5), ay - 2 + start)
            folds.append((one, (hand * (ax - reach), ay + reach * rng.uniform(0.6, 1.1)), 3.4, hand * 7))
        x = hand * hx * rng.uniform(0.35, 0.75)
        low = hy - rng.uniform(0, 14)
        folds.append(
            ((x, low), (x * rng.uniform(0.6, 0.9), hy - rng.uniform(60, 120)), 4.6, rng.uniform(-6, 6))
        )
        folds.append(
            ((x + hand * 9, low), (x * 0.86 + hand * 8, hy - rng.uniform(50, 100)), -4.2, rng.uniform(-5, 5))
        )
        waist = body.waist[1] + rng.uniform(-14, 26)
        side = hand * (body.waist[0] - 4)
        folds.append(
            (
                (side, waist),
                (side * rng.uniform(0.4, 0.7), waist + rng.uniform(-16, 24)),
                3.2,
                rng.uniform(-4, 4),
            )
        )
    folds.append(((rng.uniform(-20, 20), ay - 6), (rng.uniform(-16, 16), ay + 70), -7.0, rng.uniform(-8, 8)))
    sketch.folds(folds, strength)


def shorter(body: Torso, hem: float, half: float, bow: float = 4.0) -> Torso:
    """The same upper body cut at a waist seam: the bodice of a dress or jumpsuit."""
    waist = (half + (body.armpit[0] - half) * 0.25, hem - (hem - body.armpit[1]) * 0.35)
    return replace(body, waist=waist, hem=(half, hem), bow=bow)
