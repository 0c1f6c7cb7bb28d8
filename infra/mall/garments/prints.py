"""Prints on the chest of tees and hoodies: one shape in two colours, its own size."""

from collections.abc import Callable
from math import cos, pi, sin

from infra.mall.garments.sketch import Sketch
from infra.mall.garments.torso import Torso


def logo(sketch: Sketch, body: Torso, lower: float = 0.0) -> None:
    """The item's print in its second and third colours, `lower` units below the usual place."""
    look = sketch.look
    if not look.print_shape:
        return
    y = body.armpit[1] + 6 + lower
    shape = SHAPES[look.print_shape](look.accent, look.third)
    sketch.shapes.append(f'<g transform="translate(0 {y:.1f}) scale({40 * look.print_size:.1f})">{shape}</g>')


# Every shape fills about -1 to 1 both ways.


def disc(main: str, other: str) -> str:
    """A disc with a bar across."""
    return f'<circle r=".9" fill="{main}"/><path d="M-.9 .15H.9V.45H-.9Z" fill="{other}"/>'


def triangle(main: str, other: str) -> str:
    """A triangle in a triangle."""
    return f'<path d="M0 -.9L1 .8H-1Z" fill="{main}"/><path d="M0 -.15L.45 .6H-.45Z" fill="{other}"/>'


def wave(main: str, other: str) -> str:
    """Three waves."""
    return "".join(
        f'<path d="M-1 {y}Q-.5 {y - 0.5} 0 {y}T1 {y}" fill="none" stroke="{colour}" stroke-width=".2"/>'
        for y, colour in ((-0.4, main), (0.0, other), (0.4, main))
    )


def star(main: str, other: str) -> str:
    """A star with five points."""
    radii = [1 if number % 2 == 0 else 0.42 for number in range(10)]
    points = " ".join(f"{sin(pi * n / 5) * r:.3f},{-cos(pi * n / 5) * r:.3f}" for n, r in enumerate(radii))
    return f'<polygon points="{points}" fill="{main}"/><circle r=".2" fill="{other}"/>'


def bars(main: str, other: str) -> str:
    """Three bars of different lengths, like lettering."""
    outer = f'<path d="M-1 -.5H1V-.2H-1Z M-1 .3H.5V.6H-1Z" fill="{main}"/>'
    return f'{outer}<path d="M-1 -.1H.2V.2H-1Z" fill="{other}"/>'


def mountain(main: str, other: str) -> str:
    """Mountains before a sun."""
    sun = f'<circle cx=".4" cy="-.4" r=".35" fill="{other}"/>'
    return f'{sun}<path d="M-1 .7L-.3 -.5L.1 .1L.4 -.2L1 .7Z" fill="{main}"/>'


def heart(main: str, other: str) -> str:
    """A heart with a smaller one in it."""
    outline = "M0 .85C-1.3 0 -1 -.8 -.5 -.8C-.2 -.8 0 -.6 0 -.4C0 -.6 .2 -.8 .5 -.8C1 -.8 1.3 0 0 .85Z"
    return f'<path d="{outline}" fill="{main}"/><path d="{outline}" fill="{other}" transform="scale(.4)"/>'


SHAPES: dict[str, Callable[[str, str], str]] = {
    "disc": disc,
    "triangle": triangle,
    "wave": wave,
    "star": star,
    "bars": bars,
    "mountain": mountain,
    "heart": heart,
}
