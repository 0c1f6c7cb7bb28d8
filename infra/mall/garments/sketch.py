"""The sheet a garment is drawn on: parts of cloth, folds, seams, and the landmarks on them.

Cloth is drawn in its plain tone here, and every piece also leaves a `Zone`. Pattern, weave, folds
and the roundness of limbs are laid into the zones after rasterising (surface.py): as SVG patterns, gradients
and filters they cost this rasteriser ten times as much.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from infra.mall.garments.cloth import ribs
from infra.mall.garments.design import Design
from infra.mall.garments.palette import darker, lighter, line, luma
from infra.mall.garments.path import Point, between, flip, leaf

WIDTH, HEIGHT = 400, 500  # canvas units; x runs from -200 to 200
# Zones of one layer round off together; a piece of another layer stands out against it.
FLAT, TRUNK, LIMB, SKIRT = 0, 1, 2, 3
# (from, to, width, bend) in units; a width below 0 is a light fold.
Fold = tuple[Point, Point, float, float]
STEP = re.compile(r"([MLQC])([^MLQCZ]*)")


@dataclass(frozen=True)
class Cloth:
    """Paint: this item's cloth, with its pattern turned by `turn` degrees."""

    turn: float


@dataclass(frozen=True)
class Zone:
    """Where one piece of the garment lies, in canvas units, in painting order."""

    corners: tuple[Point, ...]
    layer: int
    turn: float | None
    "None: no pattern here"

    def moved(self, place: tuple[float, float, float, float], layer: int) -> "Zone":
        """Stretched by the first two numbers, then moved by the others; in another layer unless flat."""
        sx, sy, dx, dy = place
        corners = tuple((x * sx + dx, y * sy + dy) for x, y in self.corners)
        return replace(self, corners=corners, layer=layer)


def flatten(outline: str, steps: int = 6) -> tuple[Point, ...]:
    """Corners of a polygon close to an outline; each curve becomes `steps` straight lines."""
    corners: list[Point] = []
    for letter, text in STEP.findall(outline):
        numbers = [float(n) for n in text.replace("-", " -").split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter in "ML":
            corners += points
            continue
        (x0, y0), rest = corners[-1], points
        for number in range(1, steps + 1):
            t = number / steps
            u = 1 - t
            if letter == "Q":
                a, b, c = u * u, 2 * u * t, t * t
                (x1, y1), (x2, y2) = rest
                corners.append((a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2))
            else:
                a, b, c, d = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
                (x1, y1), (x2, y2), (x3, y3) = rest
                corners.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    return tuple(corners)


@dataclass
class Sketch:
    """One view of one garment while it is being drawn. `shapes` are painted in order."""

    look: Design
    back: bool = False
    defs: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    creases: list[tuple[tuple[Point, ...], float]] = field(default_factory=list)
    "folds as polygons, and how much light they add (1) or take (-1)"
    marks: dict[str, Point] = field(default_factory=dict)
    "landmarks that this garment has; left is the picture's left"

    def __post_init__(self) -> None:
        """The seam colour of the whole garment, and the ribs it may need."""
        self.seam = line(self.look.tone)
        dark = luma(self.look.tone) < 0.22
        self.shadow = "#000000" if dark else darker(self.look.tone, 0.78)
        self.shine = "#ffffff"
        self.defs.append(ribs(self.look.tone))

    def cloth(self, turn: float = 0.0) -> Cloth:
        """The paint of this item's cloth."""
        return Cloth(turn)

    def part(self, outline: str, paint: Cloth | str, layer: int = FLAT, edge: float = 1.3) -> None:
        """One piece of cloth and its edge."""
        turn = paint.turn if isinstance(paint, Cloth) else None
        self.zones.append(Zone(flatten(outline), layer, turn))
        fill = paint if isinstance(paint, str) else self.look.tone
        self.shapes.append(f'<path d="{outline}" fill="{fill}" stroke="{self.seam}" stroke-width="{edge}"/>')

    def add(self, outline: str, paint: str, opacity: float = 1.0) -> None:
        """A filled outline."""
        fade = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
        if opacity == 1 and not paint.startswith("url"):
            self.zones.append(Zone(flatten(outline), FLAT, None))
        self.shapes.append(f'<path d="{outline}" fill="{paint}"{fade}/>')

    def stroke(
        self, outline: str, colour: str = "", width: float = 1.2, dash: str = "", opacity: float = 1.0
    ) -> None:
        """A line along an outline; a dashed one is a stitch."""
        more = f' stroke-dasharray="{dash}"' if dash else ""
        more += f' stroke-opacity="{opacity:.2f}"' if opacity < 1 else ""
        self.shapes.append(
            f'<path d="{outline}" fill="none" stroke="{colour or self.seam}" stroke-width="{width:.2f}" '
            f'stroke-linejoin="round"{more}/>'
        )

    def folds(self, folds: Sequence[Fold], strength: float = 1.0) -> None:
        """Soft folds, clipped to the cloth."""
        for one, other, width, bend in folds:
            fold = flatten(leaf(one, other, abs(width) * 1.5 + 1.5, bend), 5)
            self.creases.append((fold, -strength if width > 0 else 0.7 * strength))

    def button(self, centre: Point, radius: float = 3.6, colour: str = "") -> None:
        """A sewn button with its shadow and two holes."""
        x, y = centre
        tone = colour or (
            lighter(self.look.tone, 0.72) if luma(self.look.tone) < 0.5 else darker(self.look.tone, 0.62)
        )
        self.zones.append(
            Zone(((x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius)), FLAT, None)
        )
        self.shapes.append(
            f'<circle cx="{x + 0.8:.1f}" cy="{y + 1.2:.1f}" r="{radius:.1f}" fill="#000" fill-opacity=".3"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" '
            f'fill="{tone}" stroke="{darker(tone, 0.4)}" stroke-width=".7"/>'
            f'<path d="M{x - 1.5:.1f} {y:.1f}h1M{x + 0.5:.1f} {y:.1f}h1" stroke="{darker(tone, 0.6)}"/>'
        )

    def mark(self, kind: str, right: Point, inset: float = 4.0) -> None:
        """A pair of landmarks, given the right one, moved a little towards the garment's middle."""
        x, y = between(right, (0, right[1]), min(0.5, inset / max(abs(right[0]), 1e-6)))
        self.marks[f"right {kind}"], self.marks[f"left {kind}"] = (x, y), flip((x, y))
