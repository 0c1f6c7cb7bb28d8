"""Several files about the same photos, read side by side: one line of each in memory where they agree on the order.

The published files do. In another order what is read ahead waits, parsed, until its photo is asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from crawlers.datasets.deepfashion.official_file import LineError, OfficialFile

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """A line that cannot be read: where it stands, and why."""

    place: str
    why: str


class Beside(Generic[T]):
    """What a file says of each photo.

    read  the fields behind the photo's name -> what they say; raises LineError
    """

    def __init__(self, file: OfficialFile, read: Callable[[str], T]) -> None:
        self.file = file
        self._read = read
        self._lines = self._parsed()
        self._ahead: dict[str, T | Fault] = {}

    def of(self, image: str) -> T | Fault:
        """Take what the file says of a photo; a Fault where it says nothing, or nothing that can be read."""
        if image in self._ahead:
            return self._ahead.pop(image)
        for name, said in self._lines:
            if name == image:
                return said
            self._ahead[name] = said if name not in self._ahead else _twice(said, name)
        return Fault(self.file.name, f"says nothing of {image}")

    def left(self) -> Iterator[Fault]:
        """Take the lines that nobody asked for: blank ones, and those of photos that no other file knows."""
        for name, said in (*self._ahead.items(), *self._lines):
            if isinstance(said, Fault):
                yield said
            else:
                yield Fault(self.file.name, f"speaks of {name}, which the split does not know")
        self._ahead.clear()

    def _parsed(self) -> Iterator[tuple[str, T | Fault]]:
        for number, line in self.file.lines():
            image, _, rest = line.partition(" ")
            place = self.file.place(number)
            try:
                if not image:
                    raise LineError("begins with no photo")
                yield image, self._read(rest)
            except LineError as error:
                yield image or place, Fault(place, str(error))


def _twice(said: object, name: str) -> Fault:
    return said if isinstance(said, Fault) else Fault(name, "has two lines")
