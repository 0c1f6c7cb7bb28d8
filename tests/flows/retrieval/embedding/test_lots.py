"""flows/retrieval/embedding/lots.py: every photo in one lot, whole row groups, and lots that shrink towards the end."""

from itertools import count

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flows.retrieval.embedding.lots import LEAST_ROWS, PIECES, Dealer, Lot
from schemas.image_ids import ID
from schemas.row_slice import RowSlice


def slices(sizes: list[int]) -> list[RowSlice]:
    random = np.random.default_rng(0)
    return [
        RowSlice("part", n, np.arange(size, dtype=np.int32), np.frombuffer(random.bytes(32 * size), ID))
        for n, size in enumerate(sizes)
    ]


def rows(lots: list[Lot]) -> list[tuple[int, int]]:
    return [(one.row_group, int(row)) for lot in lots for one in lot.slices for row in one.rows]


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12), st.integers(1, 12), st.integers(1, 900))
def test_every_photo_is_dealt_once_and_no_lot_is_larger_than_it_may_be(
    sizes: list[int], calls: int, most: int
) -> None:
    dealt = list(Dealer(sum(sizes), calls, most, count(5)).lots(slices(sizes)))

    assert rows(dealt) == [(n, row) for n, size in enumerate(sizes) for row in range(size)]
    assert [lot.number for lot in dealt] == list(range(5, 5 + len(dealt)))
    assert max(map(len, dealt)) <= most


def test_lots_hold_whole_row_groups_and_shrink_towards_the_end() -> None:
    dealt = list(Dealer(20_000, calls=6, most=5_000, numbers=count()).lots(slices([500] * 40)))

    lengths = [len(lot) for lot in dealt]
    assert lengths[0] == 1_500 and lengths[-1] <= 2 * LEAST_ROWS
    assert lengths[0] > lengths[len(lengths) // 3] > lengths[-1]
    whole = [lot for lot in dealt if len(lot) >= 1_000]
    assert all(len(one) == 500 for lot in whole for one in lot.slices)
    assert sum(map(len, whole)) > 0.4 * 20_000
    assert min(lengths[:-1]) >= LEAST_ROWS / 2


@given(st.lists(st.integers(1, 90), min_size=1, max_size=5))
def test_a_lot_in_pieces_is_the_same_photos(sizes: list[int]) -> None:
    lot = Lot(3, tuple(slices(sizes)))

    pieces = lot.pieces(count(9))

    assert rows(pieces) == rows([lot])
    assert max(map(len, pieces)) <= -(-sum(sizes) // PIECES)
    assert [piece.number for piece in pieces] == list(range(9, 9 + len(pieces)))
