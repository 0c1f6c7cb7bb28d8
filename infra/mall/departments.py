"""Which items stand in which category, by number: read once, and again after a day that changed the shelf."""

from array import array
from collections.abc import Callable, Iterator

from infra.mall.item import Item
from infra.mall.shelf import Rack, Shelf


class Departments:
    """A shop's categories.

    name   a category path's key, as it stands in an address, and its label
    """

    def __init__(self, shelf: Shelf, name: Callable[[tuple[str, ...]], tuple[str, str]]) -> None:
        self.shelf, self._name = shelf, name
        self._racks: dict[str, Rack] = {}
        self._labels: dict[str, str] = {}
        self._day = -1

    def racks(self) -> dict[str, Rack]:
        """Items by key, in the order in which the keys first appear."""
        if self._day != self.shelf.day:
            self._day = self.shelf.day
            numbers: dict[str, array[int]] = {}
            names: dict[tuple[str, ...], str] = {}
            for number in self.shelf.numbers:
                path = self.shelf.path(number)
                if path not in names:
                    names[path], label = self._name(path)
                    self._labels[names[path]] = label
                numbers.setdefault(names[path], array("q")).append(number)
            self._racks = {key: Rack(self.shelf, found) for key, found in numbers.items()}
        return self._racks

    def get(self, key: str) -> Rack | None:
        """The items of a category."""
        return self.racks().get(key)

    def label(self, key: str) -> str:
        """A category's name."""
        self.racks()
        return self._labels[key]

    def all(self) -> list[str]:
        """Every key, sorted."""
        return sorted(self.racks())

    def firsts(self) -> Iterator[Item]:
        """The first item of each category."""
        return (rack[0] for rack in self.racks().values())
