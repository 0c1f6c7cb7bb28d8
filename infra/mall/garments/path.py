"""SVG path data from points. In units of the canvas; x = 0 is the middle, y grows downwards."""

from math import cos, radians, sin

Point = tuple[float, float]
# A straight segment is its end; a curve is (control, end) or (control, control, end).
Segment = tuple[Point, ...]


def at(point: Point) -> str:
    """One point as SVG writes it."""
    return f"{point[0]:.1f} {point[1]:.1f}"


def flip(point: Point) -> Point:
    """The same point on the other side of the middle."""
    return -point[0], point[1]


def moved(point: Point, towards: Point, distance: float) -> Point:
    """`distance` units along the unit vector `towards`."""
    return point[0] + towards[0] * distance, point[1] + towards[1] * distance


def between(one: Point, other: Point, share: float = 0.5) -> Point:
    """The point a share of the way from one to the other."""
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def heading(degrees: float) -> Point:
    """Unit vector that points down at 0 degrees and to the right at 90."""
    return sin(radians(degrees)), cos(radians(degrees))


def drawn(start: Point, *segments: Segment, close: bool = True) -> str:
    """Path data of an outline through `segments`."""
    letters = {1: "L", 2: "Q", 3: "C"}
    steps = [f"{letters[len(s)]}{' '.join(map(at, s))}" for s in segments]
    return f"M{at(start)}{''.join(steps)}{'Z' if close else ''}"


def mirrored(start: Point, *segments: Segment, close: bool = True) -> str:
    """The same outline on the other side of the middle."""
    return drawn(flip(start), *(tuple(map(flip, s)) for s in segments), close=close)


def symmetric(start: Point, *segments: Segment, close: bool = True) -> str:
    """The right half as given, from the middle's top to its bottom, and its mirror image back up."""
    ends = [start, *(s[-1] for s in segments)]
    back: list[Segment] = []
    for index in range(len(segments) - 1, -1, -1):
        controls = segments[index][:-1]
        back.append((*map(flip, reversed(controls)), flip(ends[index])))
    return drawn(start, *segments, *back, close=close)


def leaf(one: Point, other: Point, width: float, bend: float = 0.0) -> str:
    """A fold: pointed at both ends, `width` thick in the middle, bent sideways."""
    dx, dy = other[0] - one[0], other[1] - one[1]
    size = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    across = (-dy / size, dx / size)
    middle = between(one, other)
    return drawn(
        one,
        (moved(middle, across, bend + width), other),
        (moved(middle, across, bend - width), one),
    )
