"""What sits at the neck: the inside of the back, ribs, shirt collars, lapels, roll necks, hoods and bows."""

from infra.mall.garments.palette import darker, lighter
from infra.mall.garments.path import drawn, mirrored, symmetric
from infra.mall.garments.sketch import Cloth, Sketch
from infra.mall.garments.torso import Torso, neckline


def inside_back(sketch: Sketch, body: Torso, deeper: float = 12) -> None:
    """The inner side of the back panel, seen through the opening. Drawn before the body."""
    if sketch.back:
        return
    top, neck = body.top, body.neck
    shape = symmetric(
        (0, top + 7),
        ((neck * 0.7, top + 7), (neck + 1, top - 1)),
        (((neck + 6), top + 10),),
        ((neck * 0.8, top + body.drop + deeper),),
        ((0, top + body.drop + deeper),),
    )
    inner = darker(sketch.look.tone, 0.4)
    sketch.part(shape, inner, edge=0.8)
    label = drawn((-8, top + 11), ((8, top + 11),), ((8, top + 18),), ((-8, top + 18),))
    sketch.add(label, lighter(inner, 0.7))


def rib(sketch: Sketch, body: Torso, kind: str, width: float = 7.0, paint: str = "") -> None:
    """A band along the opening's edge."""
    tone = paint or darker(sketch.look.tone, 0.07)
    edge = edge_of(body, kind)
    sketch.stroke(edge, sketch.seam, width + 1.6)
    sketch.stroke(edge, tone, width)
    sketch.stroke(edge, sketch.seam, 0.8, "1.2 2.6", 0.6)
    if not sketch.back:
        back = drawn((-body.neck, body.top), ((0, body.top + 13), (body.neck, body.top)), close=False)
        sketch.stroke(back, darker(tone, 0.2), width * 0.62)


def edge_of(body: Torso, kind: str) -> str:
    """The opening's edge, from its lowest point to both neck points."""
    low, right = (0, body.top + body.drop), neckline(body, kind)
    return drawn(low, *right, close=False) + mirrored(low, *right, close=False)


def collar_stand(sketch: Sketch, body: Torso) -> None:
    """The part of a shirt collar behind the neck. Drawn before the body."""
    if sketch.back:
        return
    n, t = body.neck, body.top
    shape = symmetric(
        (0, t - 13), ((n * 0.8, t - 13), (n, t - 4)), ((n * 0.9, t + 16),), ((n * 0.5, t + 12), (0, t + 12))
    )
    sketch.part(shape, darker(sketch.look.tone, 0.3))


def shirt_collar(sketch: Sketch, body: Torso, size: float = 1.0, paint: Cloth | str = "") -> None:
    """Two points in front; a folded band behind."""
    n, t = body.neck, body.top
    paint = paint or sketch.cloth(30)
    if sketch.back:
        band = symmetric(
            (0, t - 13),
            ((n * 0.8, t - 13), (n + 2, t - 5)),
            ((n + 9, t + 13),),
            ((n * 0.5, t + 21), (0, t + 21)),
        )
        sketch.part(band, paint)
        sketch.stroke(
            drawn((-n - 5, t + 10), ((0, t + 22), (n + 5, t + 10)), close=False), dash="3 2.4", width=0.8
        )
        return
    drop = t + body.drop
    tip = (n * (0.9 + 0.25 * size), t + 34 + 12 * size)
    segments = (
        ((n * 0.7, t + 10), (n - 2, t - 9)),
        ((n + 8, t - 8), (n + 13, t + 9)),
        (tip,),
        ((2, drop + 4),),
    )
    shadow = tuple(tuple((x + 1.5, y + 4) for x, y in s) for s in segments)
    for make in (drawn, mirrored):
        sketch.add(make((1, drop + 3), *shadow), "#000000", 0.22)
        sketch.part(make((1, drop), *segments), paint)
        sketch.stroke(
            make((4, drop - 1), (tip,), close=False), lighter(sketch.look.tone, 0.3), 0.8, opacity=0.5
        )
        sketch.stroke(
            make((tip[0] - 3, tip[1] - 5), ((n + 9, t + 9),), close=False), dash="2.6 2.2", width=0.7
        )


def stand(sketch: Sketch, body: Torso, tone: str) -> None:
    """A low ribbed collar, open at the front."""
    n, t = body.neck, body.top
    low = body.drop + 4
    if sketch.back:
        band = symmetric(
            (0, t - 14),
            ((n * 0.7, t - 14), (n + 1, t - 9)),
            ((n + 8, t + 4),),
            ((n * 0.5, t + 15), (0, t + 15)),
        )
        sketch.part(band, tone)
        sketch.add(band, "url(#ribs)")
        return
    half = ((5, t + low),), ((n * 0.5, t + low - 2), (n - 6, t - 15)), ((n + 2, t - 13), (n + 10, t + 3))
    shape = ((n * 0.8, t + low + 8), (0, t + low + 13))
    for make in (drawn, mirrored):
        piece = make((0, t + low - 1), *half, shape)
        sketch.part(piece, tone)
        sketch.add(piece, "url(#ribs)")


def roll_neck(sketch: Sketch, body: Torso) -> None:
    """A folded tube of ribs."""
    n, t = body.neck, body.top
    tube = symmetric(
        (0, t - 34),
        ((n * 0.7, t - 35), (n - 3, t - 30)),
        ((n - 1, t - 10), (n + 3, t + 4)),
        ((n * 0.5, t + 19), (0, t + 19)),
    )
    sketch.part(tube, sketch.look.tone)
    sketch.add(tube, "url(#ribs)")
    fold = symmetric(
        (0, t - 4), ((n * 0.6, t - 4), (n + 3, t - 10)), ((n + 1, t - 4),), ((n * 0.6, t + 3), (0, t + 3))
    )
    sketch.add(fold, sketch.shadow, 0.35)
    if not sketch.back:
        mouth = symmetric((0, t - 38), ((n * 0.8, t - 38), (n - 4, t - 31)), ((n * 0.6, t - 27), (0, t - 27)))
        sketch.part(mouth, darker(sketch.look.tone, 0.5))


def hood_behind(sketch: Sketch, body: Torso) -> None:
    """The hood as it stands behind the neck. Drawn before the body."""
    n, t = body.neck + 6, body.top
    if sketch.back:
        return
    hood = symmetric(
        (0, t - 52),
        ((n * 0.9, t - 53), (n + 22, t - 34), (n + 17, t + 2)),
        ((n + 12, t + 26), (n * 0.6, t + 40)),
        ((0, t + 44),),
    )
    sketch.part(hood, sketch.look.tone)
    hole = symmetric(
        (0, t - 34), ((n * 0.7, t - 35), (n + 6, t - 20), (n + 3, t + 4)), ((n * 0.7, t + 30), (0, t + 36))
    )
    sketch.part(hole, darker(sketch.look.tone, 0.55))
    inner = symmetric((0, t - 34), ((n * 0.4, t - 34), (n * 0.5, t + 16)), ((n * 0.3, t + 26), (0, t + 26)))
    sketch.add(inner, "#000000", 0.22)


def hood_front(sketch: Sketch, body: Torso, cord: str) -> None:
    """The hood's crossing edges and cords in front; the hood itself, hanging, behind."""
    n, t = body.neck + 6, body.top
    if sketch.back:
        hood = symmetric(
            (0, t - 20),
            ((n, t - 20), (n + 18, t - 6), (n + 16, t + 22)),
            ((n + 10, t + 66), (n * 0.5, t + 84)),
            ((n * 0.2, t + 90), (0, t + 90)),
        )
        sketch.add(
            symmetric((0, t), ((n + 24, t), (n + 20, t + 40)), ((n * 0.5, t + 98), (0, t + 98))),
            "#000000",
            0.2,
        )
        sketch.part(hood, sketch.cloth())
        sketch.stroke(drawn((0, t - 18), ((2, t + 30), (0, t + 88)), close=False))
        return
    edge = ((n * 0.95, t + 26), (n + 5, t - 6)), ((n + 15, t - 4),), ((n + 12, t + 34), (-4, t + 58))
    for make in (mirrored, drawn):
        sketch.part(make((0, t + 40), *edge), sketch.look.tone)
        sketch.stroke(make((4, t + 45), ((n, t + 32), (n + 10, t - 3)), close=False), dash="3 2.2", width=0.8)
    for hand in (-1, 1):
        string = drawn(
            (hand * 12, t + 44), ((hand * 18, t + 70), (hand * 14, t + 104 + 8 * hand)), close=False
        )
        sketch.stroke(string, darker(cord, 0.5), 4.2)
        sketch.stroke(string, cord, 2.8)


def lapels(sketch: Sketch, body: Torso, width: float, low: float, gap: float = 0.0) -> None:
    """A notched collar that opens down to `low`; `gap` shifts the closing edge for double rows of buttons."""
    n, t = body.neck, body.top
    paint = sketch.cloth(-18)
    if sketch.back:
        shirt_collar(sketch, body, 1.2)
        return
    notch = t + 44
    under = (
        ((n - 2, t - 6),),
        ((n + 10, t - 6), (n + 16, t + 10)),
        ((width + 6, notch - 8),),
        ((width - 8, notch + 3),),
    )
    facing = (
        ((n * 0.9, t + 18),),
        ((n + 6, t + 22), (width - 8, notch + 3)),
        ((width + 10, notch - 1),),
        ((width * 0.75, t + 110), (gap, low)),
    )
    for make in (mirrored, drawn):
        shadow = tuple(tuple((x + 2, y + 3) for x, y in s) for s in facing)
        sketch.add(make((gap, low), *shadow), "#000000", 0.25)
        sketch.part(make((gap, low), *facing), paint)
        sketch.part(make((n * 0.6, t + 20), *under), darker(sketch.look.tone, 0.06))


def bow(sketch: Sketch, body: Torso) -> None:
    """A tied ribbon at the throat."""
    if sketch.back:
        return
    y = body.top + body.drop + 6
    for make in (drawn, mirrored):
        sketch.part(
            make((0, y), ((16, y + 30), (22, y + 62)), ((12, y + 66),), ((6, y + 36), (0, y))),
            sketch.look.tone,
        )
        sketch.part(
            make((0, y), ((18, y - 20), (34, y - 14), (33, y + 1)), ((30, y + 16), (16, y + 12), (0, y))),
            sketch.look.tone,
        )
        sketch.stroke(make((4, y), ((16, y - 4), (25, y - 3)), close=False))
    sketch.part(
        symmetric((0, y - 6), ((7, y - 6), (7, y)), ((7, y + 6), (0, y + 6))), darker(sketch.look.tone, 0.1)
    )
