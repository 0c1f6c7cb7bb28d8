"""DeepFashion: In-shop Clothes Retrieval, of 52,712 photos of 7,982 items, the shop's own of each.

Queries and gallery are photos of the same items, those of train are of others. An item's words are its colour and
description, its categories the folders that it lies in.
"""

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from crawlers.datasets.deepfashion.in_step import Beside, Fault
from crawlers.datasets.deepfashion.official_file import LineError, OfficialFile, chosen
from crawlers.datasets.deepfashion.official_tree import (
    OfficialTree,
    Rows,
    item_attributes,
    refused,
    said_of,
)
from crawlers.datasets.deepfashion.pixel_places import CLOTHES, Corners, PixelPlaces, corners_of, points_of
from crawlers.datasets.product_file import PhotoRow
from schemas.annotation import Annotation
from schemas.errors import InputError
from schemas.reject import Reject

SPLITS = ("train", "query", "gallery")
POSES = ("front", "side", "back", "zoom-out", "zoom-in", "stand-alone")  # pose types 1 to 6


@dataclass(frozen=True)
class _Words:
    colour: str = ""
    description: str = ""


class InShop(OfficialTree):
    """Item, split, view, box and landmarks of each photo; attributes and words of each item."""

    name = "in-shop"
    published = 52_712

    def _open(self) -> int:
        find, optional = OfficialFile.find, OfficialFile.optional
        self._split = find(self.root, "list_eval_partition.txt")
        self._boxes = find(self.root, "list_bbox_inshop.txt")
        self._landmarks = find(self.root, "list_landmarks_inshop.txt")
        items = find(self.root, "list_item_inshop.txt", head=1)
        names, attributes = (optional(self.root, f"list_attr_{what}.txt") for what in ("cloth", "items"))
        for file in (self._boxes, self._landmarks, items, names, attributes):
            _ = file.rows if file is not None else 0
        self._items = {line.strip() for _, line in items.lines()}
        of_file = [line.strip() for _, line in names.lines()] if names is not None else []
        self._attributes = item_attributes(attributes if names is not None else None, of_file)
        self._words = self._read_words()
        return self._split.rows

    def read(self) -> Rows:
        """Read the photos in the order of the split's file."""
        besides: list[Beside[Any]] = [Beside(self._boxes, _box), Beside(self._landmarks, _points)]
        for number, line in self._split.lines():
            yield self._row(self._split.place(number), line.split(), besides)
        for each in besides:
            yield from refused(each.left())

    def _row(
        self, place: str, fields: list[str], besides: list[Beside[Any]]
    ) -> Reject | list[PhotoRow | Reject]:
        if len(fields) != 3 or fields[2] not in SPLITS:
            why = f"is no photo, item and one of {', '.join(SPLITS)}"
            return Reject("import", "row_unreadable", place, detail=why)
        image, item, split = fields
        said: Any = said_of(image, besides)
        if isinstance(said, Fault):
            return Reject("import", "row_unreadable", said.place, f"{self.shop}:{item}", said.why)
        if item not in self._items:
            return Reject(
                "import", "row_unreadable", place, detail=f"{item} is no item of list_item_inshop.txt"
            )
        (view, corners), points = said
        path = [part.replace("_", " ") for part in PurePosixPath(image).parts[1:-2]]
        words = self._words.get(item, _Words())
        known = Annotation(
            path[-1] if path else "", self._attributes.get(item, ()), domain="shop", split=split
        )
        try:
            product = self._product(
                item,
                " ".join([words.colour, *path[-1:]]).strip() or item,
                path,
                colour=words.colour,
                description=words.description,
            )
        except LineError as error:
            return Reject("import", "row_unreadable", place, detail=str(error))
        return [self._photo(place, image, product, view, PixelPlaces(known, points, corners))]

    def _read_words(self) -> dict[str, _Words]:
        """What the shop says of each item, where the release has it."""
        file = OfficialFile.optional(self.root, "list_description_inshop.json")
        if file is None:
            return {}
        try:
            rows = json.loads(file.path.read_text(encoding="utf-8"))
            return {row["item"]: _Words(row["color"].strip(), "\n".join(row["description"])) for row in rows}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                file.name, f"is no JSON list of item, color and description ({type(error).__name__}: {error})"
            ) from error


def _box(rest: str) -> tuple[str, Corners]:
    fields = rest.split()
    if len(fields) != 6:
        raise LineError(f"has {len(fields)} fields behind the photo, not 6")
    chosen(fields[0], "the clothes type", CLOTHES)
    return chosen(fields[1], "the pose", POSES), corners_of(fields[2:])


def _points(rest: str) -> object:
    return points_of(rest.split())
