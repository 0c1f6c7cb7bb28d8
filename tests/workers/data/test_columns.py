"""workers/data/columns.py: ids per photo as arrays."""

import numpy as np

from workers.data.columns import Csr, concatenated

BAGS = [[0, 1], [0], [0, 2], [1, 2, 3], [0, 1, 2], [0], []]


def test_ids_of_photos_come_photo_by_photo() -> None:
    rows, ids = Csr.of(BAGS, 5).of_photos(np.array([3, 6, 1]))

    assert rows.tolist() == [0, 0, 0, 2]
    assert ids.tolist() == [1, 2, 3, 0]


def test_pairs_in_any_order_count_once() -> None:
    rows, ids = np.array([2, 0, 2, 2, 0]), np.array([3, 1, 0, 3, 0], np.int32)

    lists = Csr.of_pairs(rows, ids, 4, 5)

    assert (lists.starts.tolist(), lists.ids.tolist(), lists.width) == ([0, 2, 2, 4, 4], [0, 1, 0, 3], 5)


def test_parts_in_a_row_are_the_whole() -> None:
    whole = concatenated([Csr.of(BAGS[:3], 5), Csr.of([], 5), Csr.of(BAGS[3:], 5)])

    assert whole.starts.tolist() == Csr.of(BAGS, 5).starts.tolist()
    assert whole.ids.tolist() == Csr.of(BAGS, 5).ids.tolist()
    assert whole.photos_per_id().tolist() == [5, 3, 3, 1, 0]
