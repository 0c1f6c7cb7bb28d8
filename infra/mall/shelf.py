"""What is on sale: items by number, drawn when somebody asks, with today's edits on top.

An item is a pure function of its number, so that 100,000 of them need no memory: the last few thousand asked
for are kept. What a later day changed is kept for good, because no seed says it.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import RLock
from typing import overload

from infra.mall.item import Item

KEPT = 4096  # items remembered; a page of a listing or a sitemap file asks for at most 500


class Rack(Sequence[Item]):
    """Some of a shelf's items, by their numbers, in the shop's order."""

    def __init__(self, shelf: "Shelf", numbers: Sequence[int]) -> None:
        self.shelf, self.numbers = shelf, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, place: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(place, slice):
            return tuple(self.shelf.at(number) for number in self.numbers[place])
        return self.shelf.at(self.numbers[place])

    def __iter__(self) -> Iterator[Item]:
        return (self.shelf.at(number) for number in list(self.numbers))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)


class Shelf(Rack):
    """Every item on sale.

    count      items of the first day, numbered from 0
    draw       the item of a number; also of numbers beyond `count`, which a later day may put on sale
    number_of  the number a handle would have, -1 for none; whether the item is on sale is checked here
    path_of    the category path of a number, cheaper than the item
    """

    def __init__(
        self,
        count: int,
        draw: Callable[[int], Item],
        number_of: Callable[[str], int],
        path_of: Callable[[int], tuple[str, ...]],
    ) -> None:
        super().__init__(self, array("q", range(count)))
        self.day = 0
        self._draw, self._number_of, self._path_of = draw, number_of, path_of
        self._on_sale = set[int]()  # numbers added after the first day
        self._hidden = set[int]()
        self._removed = set[int]()
        self._count = count
        self._edited: dict[int, Item] = {}
        self._recent: OrderedDict[int, Item] = OrderedDict()
        self._paths: list[tuple[str, ...]] = []
        self._path_at = array(
            "H"
        )  # an index into _paths per number: 100,000 tuples would weigh 100 times more
        self._lock = RLock()

    def at(self, number: int) -> Item:
        """The item of a number as it is today."""
        with self._lock:
            if (edited := self._edited.get(number)) is not None:
                return edited
            if number in self._recent:
                self._recent.move_to_end(number)
                return self._recent[number]
            item = self._recent[number] = self._draw(number)
            if len(self._recent) > KEPT:
                self._recent.popitem(last=False)
            return item

    def find(self, handle: str) -> Item | None:
        """The item whose page has this handle; nothing once it is removed."""
        number = self._number_of(handle)
        if not self._served(number):
            return None
        item = self.at(number)
        return item if item.handle == handle else None

    def was(self, handle: str) -> bool:
        """Whether an item of this handle was removed."""
        number = self._number_of(handle)
        return number in self._removed and self.at(number).handle == handle

    def path(self, number: int) -> tuple[str, ...]:
        """The category path of an item. The first call reads those of all items."""
        with self._lock:
            while len(self._path_at) < min(self._count, number + 1):
                path = self._path_of(len(self._path_at))
                if path not in self._paths:  # a few dozen
                    self._paths.append(path)
                self._path_at.append(self._paths.index(path))
        return self._paths[self._path_at[number]] if number < self._count else self.at(number).categories

    def edit(self, items: Iterable[Item]) -> None:
        """Put items of these numbers in the place of those that were there."""
        with self._lock:
            self._edited.update((item.number, item) for item in items)

    def change(self, removed: Iterable[int], added: int) -> list[int]:
        """Take some numbers off the shelf and put `added` new ones on it; back come the new numbers."""
        with self._lock:
            gone = set(removed)
            first = self._count + len(self._on_sale)
            new = list(range(first, first + added))
            self._removed |= gone
            self._on_sale.update(new)
            self.numbers = array("q", [*(n for n in self.numbers if n not in gone), *new])
            self.day += 1
            return new

    def hide(self, number: int) -> Item:
        """Serve an item's page and photos though no listing names it."""
        self._hidden.add(number)
        return self.at(number)

    def _served(self, number: int) -> bool:
        known = 0 <= number < self._count or number in self._on_sale or number in self._hidden
        return known and number not in self._removed
