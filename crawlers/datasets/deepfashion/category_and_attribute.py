"""DeepFashion: Category and Attribute Prediction, of 289,222 photos of one garment each.

Every photo is a product of its own, since no file says which show the same one; its title is the name of its folder,
which is what the shop called it. Attributes are named with their group, `texture: floral`.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, cast

from crawlers.datasets.deepfashion.in_step import Beside, Fault
from crawlers.datasets.deepfashion.official_file import LineError, OfficialFile, chosen, named_rows, whole
from crawlers.datasets.deepfashion.official_tree import OfficialTree, Rows, positives, refused, said_of
from crawlers.datasets.deepfashion.pixel_places import (
    CLOTHES,
    Corners,
    PixelPlaces,
    Point,
    corners_of,
    points_of,
)
from crawlers.datasets.product_file import PhotoRow
from schemas.annotation import Annotation
from schemas.errors import InputError
from schemas.reject import Reject

GROUPS = ("texture", "fabric", "shape", "part", "style")  # attribute types 1 to 5
SPLITS = ("train", "val", "test")
_Said = tuple[
    str, tuple[str, ...], Corners | None, tuple[Point, ...]
]  # by the files beside the split's, of a photo


class CategoryAndAttribute(OfficialTree):
    """Split, category, attributes, box and landmarks of each photo, from five files in step."""

    name = "deepfashion-c"
    published = 289_222

    def _open(self) -> int:
        find = OfficialFile.find
        self._split = find(self.root, "list_eval_partition.txt")
        categories = find(self.root, "list_category_cloth.txt")
        attributes = find(self.root, "list_attr_cloth.txt")
        self._categories = tuple(self._typed(categories, CLOTHES))
        self._attributes = tuple(self._typed(attributes, GROUPS, grouped=True))
        names = ("list_category_img.txt", "list_attr_img.txt", "list_bbox.txt", "list_landmarks.txt")
        self._files = [find(self.root, name) for name in names]
        for file in (categories, attributes, *self._files):
            _ = file.rows
        return self._split.rows

    def read(self) -> Rows:
        """Read the photos in the order of the split's file."""
        reads: list[Any] = [self._category, self._hot, _corners, _points]
        besides = [Beside(file, read) for file, read in zip(self._files, reads, strict=True)]
        for number, line in self._split.lines():
            yield self._row(self._split.place(number), line.split(), besides)
        for each in besides:
            yield from refused(each.left())

    def _row(
        self, place: str, fields: list[str], besides: list[Beside[object]]
    ) -> Reject | list[PhotoRow | Reject]:
        if len(fields) != 2 or fields[1] not in SPLITS:
            why = f"is no photo with one of {', '.join(SPLITS)}"
            return Reject("import", "row_unreadable", place, detail=why)
        image, split = fields
        said = said_of(image, besides)
        if isinstance(said, Fault):
            return Reject("import", "row_unreadable", said.place, f"{self.shop}:{image}", said.why)
        category, attributes, corners, points = cast(_Said, tuple(said))
        known = Annotation(category, attributes, domain="shop", split=split)
        try:
            product = self._product(image, title_of(image), ())
        except LineError as error:
            return Reject("import", "row_unreadable", place, detail=str(error))
        return [self._photo(place, image, product, "", PixelPlaces(known, points, corners))]

    def _typed(self, file: OfficialFile, kinds: tuple[str, ...], *, grouped: bool = False) -> Iterator[str]:
        """Names of a file with a type behind each, which must be one of `kinds`."""
        for row, (name, kind) in enumerate(named_rows(file, 2)):
            try:
                said = chosen(kind, f"the type of {name}", kinds)
            except LineError as error:
                raise InputError(file.place(row + 1 + file.head), str(error)) from error
            yield f"{said}: {name}" if grouped else name

    def _category(self, rest: str) -> str:
        number = whole(rest.strip(), "the category")
        if not 1 <= number <= len(self._categories):
            raise LineError(f"the category is {number}; there are 1 to {len(self._categories)}")
        return self._categories[number - 1]

    def _hot(self, rest: str) -> tuple[str, ...]:
        names = self._attributes
        return tuple(names[place] for place in positives(rest, len(names)))


def title_of(image: str) -> str:
    """The name of a photo's folder as words: `img/Sheer_Pleated-Front_Blouse/img_00000001.jpg`."""
    return PurePosixPath(image).parent.name.replace("_", " ").strip() or PurePosixPath(image).stem


def _corners(rest: str) -> object:
    return corners_of(rest.split())


def _points(rest: str) -> object:
    return points_of(rest.split())
