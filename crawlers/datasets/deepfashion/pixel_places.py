"""Landmarks and boxes as the files give them, in pixels -> shares of the photo, or of what is cut out of it.

Order of landmarks: upper garments have collar, sleeve and hem, lower ones waistline and hem, full ones all four; the
left one of each pair first, left in the picture. Visibility: 0 visible, 1 covered, 2 outside the picture.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from crawlers.datasets.deepfashion.official_file import LineError, chosen, whole
from schemas.annotation import LANDMARKS, Annotation, Box, Landmark

CLOTHES = ("upper", "lower", "full")  # clothes types 1, 2, 3
OF_CLOTHES = {"upper": (0, 1, 2, 3, 6, 7), "lower": (4, 5, 6, 7), "full": tuple(range(8))}
VISIBLE, COVERED, OUTSIDE = 0, 1, 2
CUT_QUALITY = 95  # JPEG

Corners = tuple[int, int, int, int]


@dataclass(frozen=True)
class Point:
    """One landmark by its number in schemas.annotation.LANDMARKS, px from the photo's top left."""

    landmark: int
    x: int
    y: int
    visible: bool


@dataclass(frozen=True)
class PixelPlaces:
    """What is known of a photo before its size is.

    known   all but places
    corners left, top, right, bottom in px; None where no box is given
    cut     whether the box is cut out of the photo, and what is left is the photo
    """

    known: Annotation
    points: tuple[Point, ...] = ()
    corners: Corners | None = None
    cut: bool = False

    def of(self, photo: bytes) -> tuple[bytes, Annotation]:
        """The photo, cut where that is asked for, and its annotation.

        What a box has outside the photo is left away, as is a landmark outside of what is shown. A photo that no
        decoder opens comes back as it is, without places: whoever stores it says what is wrong with it.
        Raises ValueError for a box that lies outside the photo altogether.
        """
        if not self.points and self.corners is None:
            return photo, self.known
        try:
            with Image.open(io.BytesIO(photo)) as image:
                width, height = image.size
                corners = self._inside(width, height)
                frame = corners if self.cut and corners is not None else (0, 0, width, height)
                if frame != (0, 0, width, height):
                    photo = _cut(image, frame)
        except (OSError, SyntaxError, Image.DecompressionBombError):
            return photo, self.known
        return photo, self._placed(frame, corners)

    def _inside(self, width: int, height: int) -> Corners | None:
        if self.corners is None:
            return None
        left, top, right, bottom = self.corners
        inside = (max(0, left), max(0, top), min(width, right), min(height, bottom))
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            raise ValueError(f"box {self.corners} is not in the photo of {width} x {height} px")
        return inside

    def _placed(self, frame: Corners, corners: Corners | None) -> Annotation:
        left, top, width, height = frame[0], frame[1], frame[2] - frame[0], frame[3] - frame[1]
        landmarks = []
        for point in self.points:
            x, y = (point.x - left) / width, (point.y - top) / height
            if 0 <= x <= 1 and 0 <= y <= 1:
                landmarks.append(Landmark(LANDMARKS[point.landmark], x, y, point.visible))
        box = None
        if corners is not None:
            shares = ((corners[0] - left) / width, (corners[1] - top) / height)
            box = Box(*shares, (corners[2] - left) / width, (corners[3] - top) / height)
        known = self.known
        return Annotation(known.category, known.attributes, tuple(landmarks), box, known.domain, known.split)


def corners_of(fields: Sequence[str]) -> Corners:
    """Read x_1 y_1 x_2 y_2; raises LineError."""
    if len(fields) != 4:
        raise LineError(f"has {len(fields)} numbers of a box, not 4")
    left, top, right, bottom = (whole(field, "a side of the box") for field in fields)
    if left >= right or top >= bottom:
        raise LineError(f"box {left} {top} {right} {bottom} has no extent")
    return left, top, right, bottom


def points_of(fields: Sequence[str]) -> tuple[Point, ...]:
    """Read clothes type, variation where the file has one, then visibility, x and y of each landmark.

    Raises LineError for another number of fields than the type has, or a visibility that there is not.
    """
    if not fields:
        raise LineError("names no clothes type")
    kind = chosen(fields[0], "the clothes type", CLOTHES)
    slots = OF_CLOTHES[kind]
    numbers = fields[
        1 + (len(fields) % 3 == 2) :
    ]  # a type alone, or a type and a variation, before the triples
    if len(numbers) != 3 * len(slots):
        raise LineError(f"has {len(numbers)} numbers of landmarks; {kind} clothes have {3 * len(slots)}")
    points = []
    for place, slot in enumerate(slots):
        seen = whole(numbers[3 * place], "a visibility")
        if seen not in (VISIBLE, COVERED, OUTSIDE):
            raise LineError(f"a visibility is {seen}; there are 0 visible, 1 covered, 2 outside")
        if seen != OUTSIDE:
            x, y = (whole(numbers[3 * place + axis], "a landmark's place") for axis in (1, 2))
            points.append(Point(slot, x, y, seen == VISIBLE))
    return tuple(points)


def _cut(image: Image.Image, frame: Corners) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").crop(frame).save(out, "JPEG", quality=CUT_QUALITY, subsampling=0)
    return out.getvalue()
