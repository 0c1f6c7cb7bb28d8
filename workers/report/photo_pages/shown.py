"""What the page of one photo shows, as plain values. Places and boxes are shares of the square that the method saw."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Name:
    """A category, attribute or word, its score as a share of the largest one told, and whether it is true."""

    name: str
    share: float
    true: bool


@dataclass(frozen=True)
class Told:
    """Names of one kind, best first, and the true ones that are not among them."""

    kind: str
    names: Sequence[Name]
    missed: Sequence[str] = ()


@dataclass(frozen=True)
class Landmark:
    """Where a landmark was told, with the chance that it is seen, and where it is; None: not there, or covered."""

    name: str
    x: float
    y: float
    seen: float
    true: tuple[float, float] | None


@dataclass(frozen=True)
class HeatMap:
    """A map over the photo, as a PNG that is clear where the map is low; `most` is its largest value."""

    name: str
    png: bytes
    most: float


@dataclass(frozen=True)
class Hit:
    """A gallery photo that was found, by its id; `right`: it shows the query's item."""

    image_id: str
    score: float
    right: bool


@dataclass(frozen=True)
class Ranking:
    """The first hits of one way to ask; `rank` of the first right photo, 0 where that is not a question."""

    title: str
    hits: Sequence[Hit]
    rank: int = 0


@dataclass(frozen=True)
class Window:
    """A pair of windows, as left, top, width and height of each; `share` of the largest that any pair adds, signed."""

    query: tuple[float, float, float, float]
    gallery: tuple[float, float, float, float]
    share: float


@dataclass(frozen=True)
class Comparison:
    """The photo beside one of the gallery, and the windows that moved the score most."""

    image_id: str
    right: bool
    windows: Sequence[Window]


@dataclass(frozen=True)
class PhotoPage:
    """One photo.

    square  it as the method sees it, as a JPEG
    error   mean distance of the landmarks that are seen, in sides of the square
    """

    image_id: str
    title: str
    square: bytes
    told: Sequence[Told] = ()
    landmarks: Sequence[Landmark] = ()
    error: float | None = None
    maps: Sequence[HeatMap] = ()
    rankings: Sequence[Ranking] = ()
    comparisons: Sequence[Comparison] = ()


@dataclass(frozen=True)
class PhotoReport:
    """All of it.

    rule    how the photos were chosen
    scores  what the whole benchmark gave, as name and figure
    hits    squares of gallery photos as JPEG, by image id
    """

    run_id: str
    benchmark: str
    data: str
    method: str
    evaluated: str
    rule: str
    scores: Sequence[tuple[str, str]]
    pages: Sequence[PhotoPage]
    hits: dict[str, bytes] = field(default_factory=dict)
