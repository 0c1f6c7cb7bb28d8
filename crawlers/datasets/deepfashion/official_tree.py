"""A benchmark's folder: where its photos lie, and the rows that an import takes from it."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from crawlers.datasets.deepfashion.in_step import Beside, Fault
from crawlers.datasets.deepfashion.official_file import LineError, OfficialFile
from crawlers.datasets.deepfashion.pixel_places import PixelPlaces
from crawlers.datasets.product_file import PhotoRow
from crawlers.extract.reading import IMPORT
from crawlers.fetch.shop_names import shop_name
from schemas.errors import InputError
from schemas.ids import key_fault, product_id
from schemas.product import Product
from schemas.reject import Reject

DRAWN = "Drawn garments of the mall"  # how the README of a folder begins that the mall has written
MALL = "mall-"  # before the name of a benchmark whose photos the mall drew
_PHOTOS = ("", "Img")  # where releases unpack the folder `img`

Rows = Iterator[Reject | list[PhotoRow | Reject]]


class OfficialTree(ABC):
    """What the three benchmarks share; each is a subclass that names its files.

    cut        whether garments are cut out by their boxes
    published  how many rows the published files have
    rows       how many there are
    taken      what it was read as, and how it differs from what was published
    left_out   nothing: there for whoever takes rows of any catalogue

    Raises InputError for a folder without one of the files, or whose counts do not hold.
    """

    name = ""
    published = 0

    def __init__(self, path: str, shop: str, cut: bool) -> None:
        self.root = Path(path).expanduser().resolve()
        if not self.root.is_dir():
            raise InputError(path, "is no folder; wanted is the one that holds Anno, Eval and img")
        self.shop, self.cut = shop_name(shop), cut
        self.left_out: Counter[str] = Counter()
        below = [self.root / each for each in _PHOTOS if (self.root / each / "img").is_dir()]
        if not below:
            raise InputError(path, "holds no folder img with the photos, neither itself nor in Img")
        self._photos = below[0]
        self.rows: int | None = self._open()

    @property
    def drawn(self) -> bool:
        """Whether the mall wrote it."""
        try:
            with (self.root / "README.txt").open(encoding="utf-8", errors="replace") as file:
                return file.readline().startswith(DRAWN)
        except OSError:
            return False

    @property
    def benchmark(self) -> str:
        """Its name, told apart by whose photos they are."""
        return (MALL if self.drawn else "") + self.name

    @property
    def taken(self) -> str:
        """What it was read as, with its size beside the published one."""
        size = f"{self.rows or 0:,} photos"
        if self.rows != self.published:
            size += f" (published: {self.published:,})"
        return f"{self.benchmark}, {size}{', garments cut out by their boxes' if self.cut else ''}"

    @abstractmethod
    def _open(self) -> int:
        """Open the files and check their counts; returns the rows."""

    @abstractmethod
    def read(self) -> Rows:
        """Read every row in order: as its photo, or as a Reject."""

    def _photo(
        self, place: str, image: str, product: Product, view: str, places: PixelPlaces
    ) -> PhotoRow | Reject:
        """One photo as an import takes it."""
        path = PurePosixPath(image)
        if path.is_absolute() or ".." in path.parts:
            return Reject("import", "address", place, product.product_id, f"{image} leads out of the folder")
        return PhotoRow(
            place, product, view, self._photos / image, image, places.known, replace(places, cut=self.cut)
        )

    def _product(
        self, key: str, title: str, categories: Sequence[str], colour: str = "", description: str = ""
    ) -> Product:
        """The product of a photo. Raises LineError for a key that no product may have."""
        if fault := key_fault(key):
            raise LineError(f"names a product whose key {fault}")
        return Product(
            product_id(self.shop, key),
            self.shop,
            title,
            IMPORT,
            datetime.now(UTC),
            categories=tuple(categories),
            colour=colour,
            description=description,
        )


def refused(faults: Iterator[Fault]) -> Rows:
    """The lines that belong to no row, as rejects."""
    for fault in faults:
        yield Reject("import", "row_unreadable", fault.place, detail=fault.why)


def said_of(image: str, besides: Sequence[Beside[object]]) -> list[object] | Fault:
    """What each of some files says of a photo, or the first fault; each is asked, so that all stay in step."""
    said = [each.of(image) for each in besides]
    return next((each for each in said if isinstance(each, Fault)), None) or said


def item_attributes(file: OfficialFile | None, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read which attributes each item has. Raises InputError naming the first line that cannot be read."""
    items: dict[str, tuple[str, ...]] = {}
    if file is None:
        return items
    for number, line in file.lines():
        item, _, rest = line.partition(" ")
        try:
            items[item] = tuple(names[place] for place in positives(rest, len(names)))
        except LineError as error:
            raise InputError(file.place(number), str(error)) from error
    return items


def positives(text: str, count: int) -> list[int]:
    """Places of the 1 among `count` values that are 1, 0 or -1: has it, not known, has it not; raises LineError."""
    values = text.split()
    if len(values) != count:
        raise LineError(f"has {len(values)} attribute values, not {count}")
    ones = values.count("1")
    if ones + values.count("-1") + values.count("0") != count:
        strange = next(value for value in values if value not in ("1", "0", "-1"))
        raise LineError(f"has an attribute value {strange[:20]!r}; there are 1, 0 and -1")
    places, start = [], 0
    for _ in range(ones):
        start = values.index("1", start) + 1
        places.append(start - 1)
    return places
