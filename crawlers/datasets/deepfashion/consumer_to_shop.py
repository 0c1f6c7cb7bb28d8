"""DeepFashion: Consumer-to-shop Clothes Retrieval, of 239,557 photos of 33,881 items, by shops and by their customers.

The split lists pairs of a consumer's and a shop's photo, so both repeat there; each photo is one row here, in the order
of the boxes' file. A photo of no pair has no split: it is neither learnt from nor asked.
"""

from pathlib import PurePosixPath
from sys import intern
from typing import Any

from crawlers.datasets.deepfashion.in_step import Beside, Fault
from crawlers.datasets.deepfashion.official_file import LineError, OfficialFile, chosen, named_rows
from crawlers.datasets.deepfashion.official_tree import OfficialTree, Rows, item_attributes, refused
from crawlers.datasets.deepfashion.pixel_places import CLOTHES, Corners, PixelPlaces, corners_of, points_of
from crawlers.datasets.product_file import PhotoRow
from schemas.annotation import Annotation
from schemas.reject import Reject

SPLITS = ("train", "val", "test")
SOURCES = ("shop", "street")  # source types 1 and 2; ours for whose photo it is
CUSTOMER = "customer"  # the view of photos that customers took, as in crawls


class ConsumerToShop(OfficialTree):
    """Item, split, box, landmarks and whose photo it is; attributes of each item."""

    name = "consumer2shop"
    published = 239_557

    def _open(self) -> int:
        find, optional = OfficialFile.find, OfficialFile.optional
        self._split = find(self.root, "list_eval_partition.txt")
        self._boxes = find(self.root, "list_bbox_consumer2shop.txt")
        self._landmarks = find(self.root, "list_landmarks_consumer2shop.txt")
        items = find(self.root, "list_item_consumer2shop.txt", "list_items_consumer2shop.txt", head=1)
        names, kinds, attributes = (
            optional(self.root, f"list_attr_{what}.txt") for what in ("cloth", "type", "items")
        )
        for file in (self._split, self._landmarks, items, names, kinds, attributes):
            _ = file.rows if file is not None else 0
        self._items = {line.strip() for _, line in items.lines()}
        self._attributes = item_attributes(attributes if names else None, _attribute_names(names, kinds))
        return self._boxes.rows

    def read(self) -> Rows:
        """Read the photos in the order of the boxes' file."""
        pairs: dict[str, tuple[str, str]] = {}
        for number, line in self._split.lines():
            if (why := self._pair(line.split(), pairs)) is not None:
                yield Reject("import", "row_unreadable", self._split.place(number), detail=why)
        landmarks: Beside[Any] = Beside(self._landmarks, _points)
        for number, line in self._boxes.lines():
            yield self._row(self._boxes.place(number), line, landmarks, pairs)
        yield from refused(landmarks.left())
        yield from refused(
            Fault(self._boxes.name, f"says nothing of {image}, which the split knows") for image in pairs
        )

    def _pair(self, fields: list[str], pairs: dict[str, tuple[str, str]]) -> str | None:
        """Take a pair in; returns what is wrong with it."""
        if len(fields) != 4 or fields[3] not in SPLITS:
            return f"is no consumer's photo, shop's photo, item and one of {', '.join(SPLITS)}"
        item, split = intern(fields[2]), intern(fields[3])
        if item not in self._items:
            return f"{item} is no item of list_item_consumer2shop.txt"
        for image in fields[:2]:
            if pairs.get(image, (item, split)) != (item, split):
                return (
                    f"{image} is {' of '.join(reversed(pairs[image]))} elsewhere, and {split} of {item} here"
                )
        for image in fields[:2]:
            pairs[image] = (item, split)
        return None

    def _row(
        self, place: str, line: str, landmarks: Beside[Any], pairs: dict[str, tuple[str, str]]
    ) -> Reject | list[PhotoRow | Reject]:
        image, _, rest = line.partition(" ")
        points = landmarks.of(image)
        path = [part.replace("_", " ") for part in PurePosixPath(image).parts[1:-2]]
        item, split = pairs.pop(image, (PurePosixPath(image).parent.name, ""))
        try:
            if not path:
                raise LineError("begins with no photo of an item")
            source, corners = _box(rest)
            product = self._product(item, path[-1], path)
        except LineError as error:
            return Reject("import", "row_unreadable", place, detail=str(error))
        if isinstance(points, Fault):
            return Reject("import", "row_unreadable", points.place, product.product_id, points.why)
        known = Annotation(path[-1], self._attributes.get(item, ()), domain=source, split=split)
        view = CUSTOMER if source == "street" else ""
        return [self._photo(place, image, product, view, PixelPlaces(known, points, corners))]


def _attribute_names(names: OfficialFile | None, kinds: OfficialFile | None) -> list[str]:
    """The English names, with their group where the release says what it is called: `colour: red`.

    A row is a Chinese name without blanks, an English one that may have some, and the number of the group.
    """
    group = dict(_numbered(row) for row in named_rows(kinds, 2)) if kinds is not None else {}
    found = []
    for both, kind in named_rows(names, 2) if names is not None else ():
        name = both.partition(" ")[2].strip() or both
        found.append(f"{group.get(kind, f'type {kind}')}: {name}")
    return found


def _numbered(row: tuple[str, ...]) -> tuple[str, str]:
    """A group's number and its name, whichever stands first."""
    first, last = row
    return (first, last) if first.isdigit() else (last, first)


def _box(rest: str) -> tuple[str, Corners]:
    fields = rest.split()
    if len(fields) != 6:
        raise LineError(f"has {len(fields)} fields behind the photo, not 6")
    chosen(fields[0], "the clothes type", CLOTHES)
    return chosen(fields[1], "the source", SOURCES), corners_of(fields[2:])


def _points(rest: str) -> object:
    return points_of(rest.split())
