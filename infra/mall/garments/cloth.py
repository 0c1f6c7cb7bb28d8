"""Patterns as SVG tiles that repeat over a garment. All sizes in canvas units."""

from collections.abc import Callable
from random import Random

from infra.mall.garments.design import Design
from infra.mall.garments.palette import LEAF, TONES, darker, lighter, mix


def tile(name: str, width: float, height: float, marks: str, transform: str = "") -> str:
    """A `<pattern>` in canvas units."""
    place = f' patternTransform="{transform}"' if transform else ""
    return (
        f'<pattern id="{name}" width="{width:.2f}" height="{height:.2f}" '
        f'patternUnits="userSpaceOnUse"{place}>'
        f"{marks}</pattern>"
    )


def stripes(look: Design, rng: Random) -> tuple[float, float, str]:
    """Bands of the second colour, sometimes with a thin third one; shirts often wear them upright."""
    period = rng.uniform(17, 34) * look.scale
    band = period * rng.uniform(0.28, 0.55)
    marks = rect(0, 0, period, period, look.tone) + rect(0, 0, period, band, look.accent)
    if rng.random() < 0.35:
        marks += rect(0, band + (period - band) * 0.4, period, period * 0.09, look.third)
    return period, period, marks


def dots(look: Design, rng: Random) -> tuple[float, float, str]:
    """Discs of the second colour, staggered."""
    period = rng.uniform(20, 32) * look.scale
    radius = period * rng.uniform(0.14, 0.24)
    centres = [(0.25, 0.25), (0.75, 0.75)]
    discs = "".join(circle(x * period, y * period, radius, look.accent) for x, y in centres)
    return period, period, rect(0, 0, period, period, look.tone) + discs


def check(look: Design, rng: Random) -> tuple[float, float, str]:
    """Translucent bands both ways, darker where they cross, and a thin line of a third colour."""
    period = rng.uniform(32, 52) * look.scale
    band = period * rng.uniform(0.34, 0.5)
    cloth = rect(0, 0, period, period, look.tone)
    wide = rect(0, 0, period, band, look.accent, 0.55) + rect(0, 0, band, period, look.accent, 0.55)
    middle = band + (period - band) / 2
    thin = rect(0, middle, period, 2.2, look.third, 0.8) + rect(middle, 0, 2.2, period, look.third, 0.8)
    return period, period, cloth + wide + thin


def floral(look: Design, rng: Random) -> tuple[float, float, str]:
    """Blossoms with leaves, at places and angles of the item's own."""
    period = rng.uniform(62, 84) * look.scale
    petals, heart = rng.choice((5, 5, 6, 8)), look.third
    cells = [(0.25, 0.22), (0.75, 0.38), (0.28, 0.72), (0.78, 0.85)]
    marks = rect(0, 0, period, period, look.tone)
    for number, (x, y) in enumerate(cells):
        blossom = flower(
            rng, petals, look.accent if number % 3 else mix(look.accent, look.third, 0.45), heart
        )
        size = period * rng.uniform(0.105, 0.15)
        cx, cy = (x + rng.uniform(-0.06, 0.06)) * period, (y + rng.uniform(-0.06, 0.06)) * period
        turn = rng.uniform(0, 360)
        # A blossom over the tile's edge is drawn again at the other edges, so that the repeat has no seams.
        for dx in (-period, 0, period):
            for dy in (-period, 0, period):
                if -size * 2 < cx + dx < period + size * 2 and -size * 2 < cy + dy < period + size * 2:
                    place = f"translate({cx + dx:.1f} {cy + dy:.1f}) rotate({turn:.0f}) scale({size:.2f})"
                    marks += f'<g transform="{place}">{blossom}</g>'
    return period, period, marks


def flower(rng: Random, petals: int, colour: str, heart: str) -> str:
    """A blossom of radius 1 around the origin, with two leaves."""
    width = 1.9 / petals + 0.08
    green = mix(LEAF, TONES["olive"], rng.random() * 0.6)
    leaves = "".join(
        f'<path d="M0 0Q.9 -.7 1.75 0Q.9 .5 0 0Z" fill="{green}" transform="rotate({angle})"/>'
        for angle in (35, 205)
    )
    ring = "".join(
        f'<ellipse cx=".58" cy="0" rx=".52" ry="{width:.2f}" fill="{colour}" stroke="{darker(colour, 0.25)}" '
        f'stroke-width=".07" transform="rotate({360 * n / petals:.0f})"/>'
        for n in range(petals)
    )
    return leaves + ring + circle(0, 0, 0.3, heart)


def rect(x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0) -> str:
    """A filled rectangle."""
    fade = f' fill-opacity="{opacity}"' if opacity < 1 else ""
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{fill}"{fade}/>'


def circle(x: float, y: float, radius: float, fill: str) -> str:
    """A filled disc."""
    return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" fill="{fill}"/>'


MAKERS: dict[str, Callable[[Design, Random], tuple[float, float, str]]] = {
    "stripes": stripes,
    "dots": dots,
    "check": check,
    "floral": floral,
}


def ribs(tone: str) -> str:
    """The tile "ribs": upright lines of cuffs and waistbands."""
    return tile(
        "ribs", 5, 5, rect(0, 0, 1.7, 5, line_of(tone), 0.5) + rect(3, 0, 1.1, 5, lighter(tone, 0.5), 0.3)
    )


def line_of(tone: str) -> str:
    """A soft darker line on cloth of this tone."""
    return darker(tone, 0.45)
