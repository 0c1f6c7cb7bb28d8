"""Pairs of shoes and boots, seen from the side. They have none of the eight landmarks."""

from infra.mall.garments.palette import darker, lighter, luma
from infra.mall.garments.path import drawn
from infra.mall.garments.sketch import LIMB, TRUNK, Sketch


def pair(sketch: Sketch, one: list[str]) -> None:
    """The same shoe twice: the far one higher and a little smaller. From behind they point the other way."""
    shoe = "".join(one)
    hand = -1 if sketch.back else 1
    zones, sketch.zones, sketch.shapes = sketch.zones, [], []
    for x, y, size, layer in ((26, -40, 0.9, LIMB), (-16, 36, 0.96, TRUNK)):
        # Scaled about the ground line at y = 300, so that both stand on the same floor.
        place = (size * hand, size, x, y + 300 * (1 - size))
        sketch.shapes.append(
            f'<g transform="matrix({place[0]} 0 0 {place[1]} {place[2]} {place[3]:.1f})">{shoe}</g>'
        )
        sketch.zones += [zone.moved(place, layer) for zone in zones]


def shoes(sketch: Sketch) -> None:
    """The last is the style's."""
    {"sneaker": sneaker, "loafer": loafer, "pump": pump}[sketch.look.style](sketch)
    pair(sketch, sketch.shapes)


def boots(sketch: Sketch) -> None:
    """Chelsea, laced or knee boots."""
    boot(sketch)
    pair(sketch, sketch.shapes)


def sneaker(sketch: Sketch) -> None:
    """Rubber sole, toe cap, laces, a side stripe or badge in the second colour."""
    look = sketch.look
    high = 36 * (look.extent > 0.6)
    upper = drawn(
        (-128, 300),
        ((-140, 262), (-132, 226 - high)),
        ((-110, 214 - high), (-74, 224 - high)),
        ((-50, 240), (-28, 238)),
        ((30, 258), (84, 270)),
        ((136, 278), (140, 304)),
    )
    sketch.part(upper, sketch.cloth())
    toe = drawn((88, 304), ((84, 280), (100, 272)), ((136, 280), (140, 304)))
    sketch.part(toe, lighter(look.tone, 0.16) if luma(look.tone) < 0.75 else darker(look.tone, 0.1))
    heel = drawn((-128, 302), ((-139, 264), (-133, 240)), ((-112, 248), (-98, 302)))
    sketch.part(heel, look.accent)
    if look.buttons % 2:
        for x in (-52, -32, -12)[: 1 + look.buttons // 2]:
            sketch.stroke(drawn((x, 298), ((x + 14, 266),), close=False), look.accent, 7)
    else:
        sketch.stroke(
            drawn((-84, 284), ((-30, 300), (34, 262)), close=False), look.accent, 8 + 4 * look.width
        )
    tongue = drawn((-76, 226 - high), ((-62, 206 - high), (-44, 216 - high)), ((-24, 238),), ((-40, 246),))
    sketch.part(tongue, darker(look.tone, 0.14))
    for number in range(5):
        x, y = -48 + number * 20, 240 - high * (0.7 - number * 0.17) * (number < 4) + number * 5.4
        sketch.stroke(drawn((x - 5, y - 7), ((x + 13, y + 13),), close=False), darker("#f2f2ee", 0.45), 6)
        sketch.stroke(drawn((x - 5, y - 7), ((x + 13, y + 13),), close=False), "#f4f4f0", 4.2)
    collar = drawn((-132, 228 - high), ((-108, 218 - high), (-74, 226 - high)), close=False)
    sketch.stroke(collar, darker(look.tone, 0.35), 6)
    sole = drawn(
        (-136, 300),
        ((0, 310), (144, 300)),
        ((150, 316), (138, 324)),
        ((0, 330), (-130, 325)),
        ((-142, 318), (-136, 300)),
    )
    rubber = "#f1efe9" if look.colour != "white" else "#dcd8cf"
    sketch.part(sole, rubber)
    sketch.stroke(drawn((-136, 317), ((0, 324), (144, 316)), close=False), look.accent, 2)


def loafer(sketch: Sketch) -> None:
    """Low leather slip-on with a strap and a flat heel."""
    look = sketch.look
    upper = drawn(
        (-130, 304),
        ((-140, 268), (-128, 244)),
        ((-96, 240), (-60, 264)),
        ((-34, 272), (4, 254)),
        ((60, 256), (104, 276)),
        ((140, 288), (142, 306)),
    )
    mouth = drawn((-128, 246), ((-92, 236), (-30, 246)), ((-10, 250), (0, 256)), ((-40, 276), (-64, 266)))
    sketch.part(mouth, darker(look.tone, 0.6))
    sketch.part(upper, look.tone)
    sketch.part(
        drawn(
            (-12, 258),
            ((14, 250), (34, 256)),
            ((46, 284),),
            ((38, 304),),
            ((8, 304),),
            ((6, 280), (-12, 258)),
        ),
        darker(look.tone, 0.12),
    )
    sketch.stroke(drawn((44, 268), ((96, 268), (120, 300)), close=False), width=1.6)
    sketch.stroke(drawn((4, 276), ((36, 274),), close=False), "#c7a04a", 4 if look.buttons % 2 else 0.01)
    sketch.folds([((60, 264), (116, 284), -6, 0), ((-120, 262), (-110, 300), -5, 0)], 1.4)
    leather_sole(sketch, 13)


def pump(sketch: Sketch) -> None:
    """High heel, low-cut vamp."""
    look = sketch.look
    rise = 50 + 34 * look.extent
    y = 300 - rise
    heel = drawn(
        (-126, y + 18),
        ((-100, y + 30), (-92, y + 34)),
        ((-112, y + 60), (-112, 322)),
        ((-122, 322),),
        ((-124, y + 60), (-130, y + 22)),
    )
    sketch.part(heel, darker(look.tone, 0.25))
    inside = drawn(
        (-124, y - 16),
        ((-80, y - 6), (-20, 268)),
        ((20, 288), (44, 282)),
        ((20, 276), (-30, 250)),
        ((-90, y - 20), (-124, y - 16)),
    )
    sketch.part(inside, "#cdb090")
    upper = drawn(
        (-132, y + 24),
        ((-136, y), (-126, y - 18)),
        ((-104, y - 4), (-60, y + 26)),
        ((-10, 276), (36, 280)),
        ((60, 276), (84, 284)),
        ((146, 298), (150, 314)),
        ((100, 322), (52, 318)),
        ((10, 312), (-40, y + 50)),
        ((-90, y + 32), (-132, y + 24)),
    )
    sketch.part(upper, look.tone)
    sketch.folds([((60, 286), (130, 306), -5, 0), ((-124, y), (-70, y + 28), -4, 3)], 1.6)
    sketch.stroke(drawn((52, 319), ((100, 324), (150, 315)), close=False), darker(look.tone, 0.6), 3.4)
    if look.buttons > 5:
        sketch.button((58, 284), 6, look.accent)


def boot(sketch: Sketch) -> None:
    """A boot by its shaft: ankle with elastic, laced, or up to the knee."""
    look = sketch.look
    top = {"chelsea": 150, "laced": 140, "knee": 64}[look.style] + 22 * look.depth
    wide = 50 + 8 * look.width
    upper = drawn(
        (-116, 304),
        ((-124, 270), (-112, 232)),
        ((-122, 180), (-118, top)),
        ((-118 + wide, top - 5), (-118 + wide * 1.75, top + 3)),
        ((-26, 190), (-22, 232)),
        ((0, 256), (56, 264)),
        ((128, 272), (138, 306)),
    )
    mouth = drawn(
        (-118, top),
        ((-118 + wide, top - 14), (-118 + wide * 1.75, top + 3)),
        ((-118 + wide, top + 9), (-118, top)),
    )
    sketch.part(upper, look.tone)
    sketch.part(mouth, darker(look.tone, 0.6))
    sketch.folds(
        [
            ((-112, 238), (-40, 226), 4, -4),
            ((-108, 254), (-30, 240), 3.4, -4),
            ((60, 272), (116, 292), -7, 0),
            ((-90, top + 10), (-92, 220), -7, 0),
            ((20, 262), (10, 296), 3, 0),
        ],
        1.3,
    )
    {"chelsea": elastic, "laced": lacing, "knee": strap}[look.style](sketch, top)
    leather_sole(sketch, 22 + (20 if look.style == "knee" else 6) * look.extent, tread=look.style == "laced")


def elastic(sketch: Sketch, top: float) -> None:
    """A chelsea boot's elastic side and its pull tab."""
    gore = drawn((-96, top + 2), ((-58, top + 2),), ((-60, 232), (-76, 250)), ((-94, 226), (-96, top + 2)))
    sketch.part(gore, darker(sketch.look.tone, 0.4))
    sketch.add(gore, "url(#ribs)")
    sketch.part(
        drawn((-122, top - 14), ((-112, top - 14),), ((-112, top + 12),), ((-122, top + 12),)),
        sketch.look.accent,
    )


def lacing(sketch: Sketch, top: float) -> None:
    """Seven rows of laces and a coloured collar."""
    for number in range(7):
        y = top + 12 + number * (236 - top) / 7
        x = -46 + number * 4.4
        sketch.stroke(drawn((x, y), ((x + 19, y + 9),), close=False), darker("#efe9da", 0.5), 5)
        sketch.stroke(drawn((x, y), ((x + 19, y + 9),), close=False), "#efe9da", 3.2)
    sketch.stroke(drawn((-116, top + 18), ((-70, top + 14),), close=False), sketch.look.accent, 6)


def strap(sketch: Sketch, top: float) -> None:
    """A knee boot's zip and, on some, a strap with its buckle."""
    sketch.stroke(drawn((-72, top + 2), ((-62, 180), (-70, 300)), close=False), width=1.5)
    if sketch.look.buttons > 4:
        sketch.stroke(
            drawn((-118, 214), ((-70, 224), (-22, 214)), close=False), darker(sketch.look.tone, 0.35), 7
        )
        sketch.button((-48, 220), 5, "#c7a04a")


def leather_sole(sketch: Sketch, heel: float, tread: bool = False) -> None:
    """A thin sole and a stacked heel."""
    tone = "#2c2019" if sketch.look.colour not in ("black", "brown") else "#7b5a38"
    low = 303 + heel
    shape = drawn(
        (-134, 302),
        ((0, 308), (142, 304)),
        ((146, 312), (138, 316)),
        ((30, 320), (-46, 315)),
        ((-50, low),),
        ((-128, low),),
    )
    sketch.part(shape, tone)
    sketch.stroke(drawn((-132, 303), ((0, 309), (142, 305)), close=False), lighter(tone, 0.5), 1.2, "3 2")
    if tread:
        for x in range(-40, 136, 16):
            sketch.add(drawn((x, 315), ((x + 9, 315),), ((x + 8, 321),), ((x + 1, 321),)), tone)


DRAWINGS = {"shoes": shoes, "boots": boots}
