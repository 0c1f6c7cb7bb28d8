"""Skirts: what falls from a waist, alone or sewn to a bodice."""

from infra.mall.garments.bottoms import belt
from infra.mall.garments.path import Point, drawn, symmetric
from infra.mall.garments.sketch import SKIRT, Fold, Sketch
from infra.mall.seeds import chance


def skirt(sketch: Sketch) -> None:
    """A skirt: waistband, then a flared, straight or pleated fall."""
    look = sketch.look
    half, top = 52 + 10 * look.width, 70.0
    drop_skirt(sketch, (half, top), 268 + 180 * look.extent, look.style)
    band = symmetric(
        (0, top),
        ((half * 0.6, top), (half + 1, top - 4)),
        ((half + 3, top + 13),),
        ((half * 0.6, top + 17), (0, top + 17)),
    )
    sketch.part(band, sketch.cloth())
    if not sketch.back and look.detail == "buttons":
        for number in range(look.buttons):
            sketch.button((0, top + 9 + number * 26), 4)
    elif look.detail == "belt":
        belt(sketch, top, half)
    elif sketch.back:
        sketch.stroke(drawn((0, top), ((0, top + 90),), close=False))
    sketch.mark("waistline", (half, top + 8), 4)


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
    folds: list[Fold] = []
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
        pleats(sketch, count, waist, (wide, hem), bow)
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


def pleats(sketch: Sketch, count: int, waist: Point, hem: Point, bow: float) -> None:
    """`count` pleats from the waist to the hem, given the right end of each."""
    (half, top), (wide, low) = waist, hem
    for number in range(count + 1):
        share = number / count * 2 - 1
        middle = (share * (half + wide) * 0.52, top + (low - top) * 0.5)
        end = (share * wide, low + bow * (1 - share * share))
        sketch.stroke(drawn((share * half, top), (middle, end), close=False), width=1.1)


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


DRAWINGS = {"skirt": skirt}
