"""Photos dealt to actors: a lot is what one call embeds, and one part file of vectors."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from schemas.row_slice import RowSlice

LEAST_ROWS = 64  # photos of a lot, or a call costs more than they do
ROUNDS = (
    2  # lots that each call in an actor still gets of what is left: so all actors end at about the same time
)
PIECES = 8  # of a lot that ended its actor


@dataclass(frozen=True, eq=False)
class Lot:
    """Some photos, and the number of their part."""

    number: int
    slices: tuple[RowSlice, ...]

    def __len__(self) -> int:
        return sum(map(len, self.slices))

    def pieces(self, numbers: "count[int]") -> "list[Lot]":
        """The same photos in PIECES lots, or one a photo."""
        rows = -(-len(self) // PIECES)
        return [Lot(next(numbers), tuple(some)) for some in _filled(self.slices, lambda: rows)]


class Dealer:
    """Deals photos as they are found: large lots first, smaller ones towards the end.

    photos  how many there are
    calls   on their way at a time, of all actors
    most    photos of a lot
    numbers of the parts
    A lot holds whole row groups, each read once, unless one is larger than the lot may be.
    """

    def __init__(self, photos: int, calls: int, most: int, numbers: "count[int]") -> None:
        self._left, self._calls, self._most, self._numbers = photos, calls, most, numbers

    def lots(self, slices: Iterable[RowSlice]) -> Iterator[Lot]:
        """All photos of the slices, in order."""
        for some in _filled(slices, self._rows):
            lot = Lot(next(self._numbers), tuple(some))
            self._left -= len(lot)
            yield lot

    def _rows(self) -> int:
        return min(self._most, max(LEAST_ROWS, self._left // (ROUNDS * self._calls)))


def _filled(slices: Iterable[RowSlice], rows: Callable[[], int]) -> Iterator[list[RowSlice]]:
    """Lists of slices, each of at most `rows()` photos, asked anew for each list."""
    lot, photos, most = list[RowSlice](), 0, rows()
    for one in slices:
        left = one
        while photos + len(left) > most:
            if 2 * photos < most:  # else the lot is full enough, and the row group is read by one actor alone
                room = most - photos
                lot.append(left.part(0, room))
                left = left.part(room, len(left))
            yield lot
            lot, photos, most = [], 0, rows()
        if len(left):
            lot.append(left)
            photos += len(left)
    if lot:
        yield lot
