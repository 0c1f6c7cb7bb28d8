"""Trousers, jeans and shorts."""

from collections.abc import Callable

from infra.mall.garments.palette import darker, lighter
from infra.mall.garments.path import Point, drawn, flip, mirrored, symmetric
from infra.mall.garments.sketch import LIMB, TRUNK, Fold, Sketch
from infra.mall.seeds import chance

STITCH = "#d89a4e"
Maker = Callable[..., str]  # drawn, or mirrored on the other side


def pants(sketch: Sketch) -> None:
    """Trousers: waistband with loops, slanted pockets, fly, perhaps a pressed crease."""
    look = sketch.look
    measure(sketch, crease=look.detail == "crease")
    if look.detail == "belt":
        belt(sketch, 44, 34)


def jeans(sketch: Sketch) -> None:
    """Jeans: twill, contrast stitching, curved pockets, worn thighs, sometimes torn knees."""
    measure(sketch)
    thigh = 150 + 40 * sketch.look.depth
    if sketch.look.detail != "" and not sketch.back:
        pale = lighter(sketch.look.tone, 0.5)
        for hand in (-1, 1):
            for size in (1.25, 1.0, 0.75, 0.5):
                sketch.shapes.append(
                    f'<ellipse cx="{hand * 40}" cy="{thigh:.0f}" rx="{17 * size:.1f}" ry="{66 * size:.1f}" '
                    f'fill="{pale}" fill-opacity=".13"/>'
                )
    if sketch.look.detail == "torn" and not sketch.back:
        torn(sketch, sketch.look.side * (50 + 6 * sketch.look.width), 278 + 30 * sketch.look.flare)


def shorts(sketch: Sketch) -> None:
    """Shorts, with a belt or a drawn cord."""
    look = sketch.look
    wide = 16 if look.style == "wide" else 4
    half = 70 + 12 * look.width
    top = 110
    hem = 262 + 90 * look.extent
    legs(
        sketch,
        top,
        half,
        half + 16,
        top + 100,
        hem,
        ankle=half * 0.5 + wide,
        stride=half * 0.62 + wide * 0.7,
        band=True,
    )
    if look.detail == "belt":
        belt(sketch, top, half)
    elif not sketch.back:
        for hand in (-1, 1):
            cord = drawn((hand * 3, top + 12), ((hand * 16, top + 30), (hand * 9, top + 62)), close=False)
            sketch.stroke(cord, darker(look.accent, 0.5), 4)
            sketch.stroke(cord, look.accent, 2.6)


def measure(sketch: Sketch, crease: bool = False) -> None:
    """Long legs by the style's cut."""
    look = sketch.look
    half = 56 + 10 * look.width
    ankle = {"slim": 17, "straight": 24, "wide": 38}[look.style] + 5 * look.flare
    stride = {"slim": 46, "straight": 52, "wide": 62}[look.style] + 6 * look.width
    hem = 430 + 52 * look.extent
    legs(sketch, 34, half, half + 17, 168 + 14 * look.depth, hem, ankle, stride, band=True, crease=crease)


def legs(
    sketch: Sketch,
    top: float,
    half: float,
    hip: float,
    crotch: float,
    hem: float,
    ankle: float,
    stride: float,
    band: bool = False,
    crease: bool = False,
) -> None:
    """Two legs from a waist at `top`. All in units: `half` the waist's and `hip` the hip's half width,
    `ankle` half the width of a leg's end, `stride` from the middle to that end's middle."""
    look = sketch.look
    hip_y = top + (crotch - top) * 0.62
    out, inner = stride + ankle, stride - ankle
    knee = crotch + (hem - crotch) * 0.45
    leg = (
        ((half, top),),
        ((half + 7, top + 26), (hip, hip_y - 26), (hip, hip_y)),
        ((hip + 2, hip_y + 40), ((hip + out) / 2 + 1, knee), (out, hem)),
        ((stride, hem + 5), (inner, hem)),
        ((inner * 0.75 + 2, knee), (4, crotch + 30), (0, crotch)),
    )
    denim = look.material == "denim"
    for make, turn, hand in ((mirrored, flip, -1), (drawn, lambda p: p, 1)):
        shape = make((0, top), *leg)
        sketch.part(shape, sketch.cloth(-2 * hand), TRUNK if hand > 0 else LIMB)
        sketch.folds(leg_folds(sketch, hand, half, hip, crotch, hem, stride, ankle), 0.7)
        if crease:
            ironed(sketch, turn((stride * 0.9, hip_y)), turn((stride, knee)), turn((stride, hem)))
        if denim:
            sketch.stroke(
                make((out - 5, hem - 1), ((hip - 3, knee), (hip - 6, hip_y)), close=False),
                STITCH,
                1.1,
                "3.4 2",
            )
        sketch.stroke(
            make((out - 1, hem - 9), ((stride, hem - 4), (inner + 1, hem - 9)), close=False),
            STITCH if denim else "",
            1.1,
            "3.4 2",
        )
    if band:
        waistband(sketch, top, half, crotch, denim)
    sketch.mark("hem", (stride, hem - 4), 0)


def ironed(sketch: Sketch, hip: Point, knee: Point, hem: Point) -> None:
    """A crease down a leg's front."""
    line = drawn(hip, (knee, hem), close=False)
    sketch.stroke(line, sketch.shine, 2.2, opacity=0.3)
    sketch.stroke(line, width=1.1, opacity=0.9)


def leg_folds(
    sketch: Sketch, hand: int, half: float, hip: float, crotch: float, hem: float, stride: float, ankle: float
) -> list[Fold]:
    """Folds from the crotch, at the knee and above the hem."""
    rng = chance("legs", sketch.look.key, hand, sketch.back)
    folds: list[Fold] = []
    for drop in (2, 14, 30):
        folds.append(
            (
                (hand * 3, crotch + drop),
                (hand * rng.uniform(30, hip), crotch + drop - rng.uniform(6, 34)),
                3.2,
                4 * hand,
            )
        )
    knee = crotch + (hem - crotch) * rng.uniform(0.4, 0.5)
    for shift in (0, 16):
        x = stride + ankle * 0.3
        folds.append(
            (
                (hand * (x - 16), knee + shift),
                (hand * (x + ankle * 0.8), knee + shift + rng.uniform(-10, 8)),
                2.8,
                rng.uniform(-4, 4),
            )
        )
    if hem - crotch > 150:
        for shift in (12, 24):
            low = hem - shift - 6
            folds.append(
                (
                    (hand * (stride - ankle), low),
                    (hand * (stride + ankle * 0.7), low - rng.uniform(2, 10)),
                    2.6,
                    3,
                )
            )
    folds.append(((hand * stride * 0.92, crotch), (hand * stride, hem - 60), -6.5, 0))
    folds.append(((hand * half * 0.5, crotch - 60), (hand * stride * 0.75, crotch + 10), -6.0, 0))
    return folds


def waistband(sketch: Sketch, top: float, half: float, crotch: float, denim: bool) -> None:
    """Band, loops, fly, pockets; at the back two patch or welt pockets."""
    thread = STITCH if denim else ""
    if not sketch.back:
        fly = drawn(
            (7, top + 14), ((8, top + (crotch - top) * 0.55), (0, top + (crotch - top) * 0.72)), close=False
        )
        sketch.stroke(fly, thread, 1.1, "3.4 2")
        sketch.stroke(drawn((0, top + 14), ((0, crotch),), close=False))
    else:
        sketch.stroke(drawn((0, top + 14), ((0, crotch),), close=False))
    for make in (drawn, mirrored):
        (back_pocket if sketch.back else front_pocket)(sketch, make, half, top, denim)
    band = symmetric(
        (0, top + 1),
        ((half * 0.6, top + 1), (half + 1, top - 3)),
        ((half + 5, top + 13),),
        ((half * 0.6, top + 17), (0, top + 17)),
    )
    sketch.part(band, sketch.cloth())
    for x in (-0.72, -0.34, 0.34, 0.72):
        sketch.part(
            drawn(
                (half * x - 2.6, top - 3),
                ((half * x + 2.6, top - 3),),
                ((half * x + 2.6, top + 19),),
                ((half * x - 2.6, top + 19),),
            ),
            darker(sketch.look.tone, 0.08),
            edge=0.9,
        )
    if not sketch.back:
        sketch.button((0, top + 9), 4.2, "#b98a4a" if denim else "")
    sketch.mark("waistline", (half, top + 8), 4)


def front_pocket(sketch: Sketch, make: Maker, half: float, top: float, denim: bool) -> None:
    """A pocket's opening at the hip."""
    cut = (
        ((half * 0.62, top + 44), (half + 9, top + 48))
        if denim
        else ((half * 0.82, top + 40), (half + 9, top + 62))
    )
    line = make((half * 0.52 if denim else half * 0.72, top + 14), cut, close=False)
    sketch.stroke(line, sketch.shadow, 4, opacity=0.3)
    sketch.stroke(line, STITCH if denim else "", 1.4)


def back_pocket(sketch: Sketch, make: Maker, half: float, top: float, denim: bool) -> None:
    """A patch pocket on denim, a welt elsewhere."""
    x, y = half * 0.52, top + 40
    if not denim:
        welt = make((x - 20, y), ((x + 20, y),), ((x + 20, y + 6),), ((x - 20, y + 6),))
        sketch.part(welt, darker(sketch.look.tone, 0.2))
        return
    patch = make((x - 20, y), ((x + 20, y),), ((x + 19, y + 34),), ((x, y + 44),), ((x - 19, y + 34),))
    sketch.part(patch, sketch.look.tone)
    arcs = ((x - 6, y + 26), (x, y + 16)), ((x + 6, y + 26), (x + 18, y + 12))
    sketch.stroke(make((x - 18, y + 12), *arcs, close=False), STITCH, 1.1, "3 2")


def belt(sketch: Sketch, top: float, half: float) -> None:
    """A leather belt through the loops."""
    if top == 44:  # long trousers: the waist is where measure() puts it
        top, half = 34, 56 + 10 * sketch.look.width
    tone = "#5a3a22" if sketch.look.colour not in ("brown", "black") else "#1d1d20"
    band = symmetric(
        (0, top + 3),
        ((half * 0.6, top + 3), (half + 3, top)),
        ((half + 5, top + 11),),
        ((half * 0.6, top + 15), (0, top + 15)),
    )
    sketch.part(band, tone)
    if not sketch.back:
        sketch.stroke(
            symmetric((0, top + 1), ((9, top + 1),), ((9, top + 17),), ((0, top + 17),)), "#d6b25c", 2.8
        )


def torn(sketch: Sketch, x: float, y: float) -> None:
    """A torn knee with threads across."""
    hole = drawn((x - 17, y), ((x, y - 9), (x + 17, y + 1)), ((x, y + 12), (x - 17, y)))
    sketch.part(hole, "#d9b49a")
    for shift in (-4, 0, 4):
        sketch.stroke(
            drawn((x - 14, y + shift), ((x, y + shift + 2), (x + 14, y + shift)), close=False), "#eeeeea", 1.3
        )


DRAWINGS = {"pants": pants, "jeans": jeans, "shorts": shorts}
