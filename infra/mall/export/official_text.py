"""DeepFashion's text files and their folder, written as its authors give them."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.mall.catalogue import DrawnCatalogue
from infra.mall.garments.design import CATEGORIES
from infra.mall.item import Item
from infra.mall.seeds import number as stable_number
from schemas.annotation import LANDMARKS, Annotation
from schemas.errors import InputError

README = """Drawn garments of the mall

No photo of anybody and nothing of DeepFashion is in this folder: its files have DeepFashion's formats, so that what
reads those can be tried. Garments without landmarks (shoes, boots) are left out; every other fact is what was drawn.
"""
UPPER, LOWER, FULL = 1, 2, 3  # clothes types
TYPES = {
    "dress": FULL,
    "jumpsuit": FULL,
    **dict.fromkeys(("skirt", "pants", "jeans", "shorts"), LOWER),
    **dict.fromkeys(
        ("tee", "tank top", "shirt", "blouse", "sweater", "cardigan", "hoodie", "jacket", "coat"), UPPER
    ),
}
WORN = tuple(name for name in CATEGORIES if name in TYPES)
_OF_TYPE = {UPPER: (0, 1, 2, 3, 6, 7), LOWER: (4, 5, 6, 7), FULL: tuple(range(8))}
_WIDEST_COUNT = 12


class Counted:
    """A text file being written: its count, its columns' names, then its rows; the count is put in at the end."""

    def __init__(self, path: Path, columns: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._file.write(" " * _WIDEST_COUNT + "\n" + (f"{columns}\n" if columns else ""))
        self._rows = 0

    def write(self, *fields: object) -> None:
        """Write one row, its fields apart by a blank."""
        self._file.write(" ".join(map(str, fields)) + "\n")
        self._rows += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.seek(0)
        self._file.write(str(self._rows).ljust(_WIDEST_COUNT))
        self._file.close()


@dataclass
class Folder:
    """A benchmark's folder being written; `size` is that of every photo, in pixels."""

    root: Path
    size: tuple[int, int]
    photos: int = 0
    _open: ExitStack = field(default_factory=ExitStack)

    def text(self, name: str, columns: str = "") -> Counted:
        """Open a file below the folder; it is closed with the folder."""
        return self._open.enter_context(Counted(self.root / name, columns))

    def photo(self, name: str, data: bytes) -> None:
        """Write a photo."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.photos += 1

    def box(self, known: Annotation) -> tuple[int, int, int, int]:
        """A box in whole pixels, as the files have it."""
        assert known.box is not None
        width, height = self.size
        left, top = int(known.box.left * width), int(known.box.top * height)
        return (
            left,
            top,
            max(left + 1, round(known.box.right * width)),
            max(top + 1, round(known.box.bottom * height)),
        )

    def landmarks(self, known: Annotation) -> list[str]:
        """Clothes type, then visibility, x and y of each landmark of that type; a belted coat has all eight."""
        kind, (width, height) = TYPES[known.category], self.size
        place = {mark.name: mark for mark in known.landmarks}
        if not place.keys() <= {LANDMARKS[slot] for slot in _OF_TYPE[kind]}:
            kind = FULL
        fields = [str(kind)]
        for slot in _OF_TYPE[kind]:
            mark = place.get(LANDMARKS[slot])
            if mark is None:
                fields += ["2", "000", "000"]
            else:
                fields += [
                    "0" if mark.visible else "1",
                    f"{round(mark.x * width):03d}",
                    f"{round(mark.y * height):03d}",
                ]
        return fields


@contextmanager
def folder_of(path: str, size: tuple[int, int]) -> Iterator[Folder]:
    """A folder that appears when it is whole. Raises InputError where there is one already, or it cannot be written."""
    final = Path(path).expanduser()
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise InputError(path, "is there already; name a folder that is not, or an empty one")
    growing = final.with_name(f"{final.name}.tmp")
    try:
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir(parents=True)
        (growing / "README.txt").write_text(README, encoding="utf-8")
        folder = Folder(growing, size)
        with folder._open:
            yield folder
        if final.exists():
            final.rmdir()
        os.replace(growing, final)
    except OSError as error:
        raise InputError(path, f"cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(growing, ignore_errors=True)


def worn(catalogues: Iterable[DrawnCatalogue]) -> Iterator[tuple[int, DrawnCatalogue, Item]]:
    """Number, from 1, the items of all shops that have landmarks."""
    number = 0
    for catalogue in catalogues:
        for item in catalogue.items:
            if item.truth is not None and item.truth.category in TYPES:
                number += 1
                yield number, catalogue, item


def share_of(item: Item) -> float:
    """A number in [0, 1) by the item's name: which side of a split it is on."""
    return stable_number("split", item.sku) % 10_000 / 10_000
