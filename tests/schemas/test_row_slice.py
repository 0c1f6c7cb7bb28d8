"""schemas/row_slice.py: slices are dealt to workers, cut, sent and read without losing a photo."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.image_ids import hex_of_ids, ids_of_hex
from schemas.row_slice import ROW_SLICES, RowSlice, cut, shard, slices_of_table, table_of_slices

SIZES = st.lists(st.integers(1, 600), min_size=1, max_size=12)


def slices_of(sizes: list[int]) -> list[RowSlice]:
    """One slice per size, of a row group of its own, every second row of it."""
    firsts = np.r_[0, np.cumsum(sizes)].tolist()
    return [
        RowSlice(
            f"part-{n % 2}",
            n,
            np.arange(0, 2 * size, 2, dtype=np.int32),
            ids_of_hex([sha256(b"%d" % photo).hexdigest() for photo in range(first, first + size)]),
        )
        for n, (size, first) in enumerate(zip(sizes, firsts, strict=False))
    ]


def rows_of(slices: list[RowSlice]) -> list[tuple[str, int, int, str]]:
    """(path, row group, row, id) of every photo, in order."""
    return [
        (one.path, one.row_group, int(row), name)
        for one in slices
        for row, name in zip(one.rows, hex_of_ids(one.ids), strict=True)
    ]


@pytest.mark.parametrize("world", [1, 2, 3, 5])
@given(sizes=SIZES)
def test_shards_are_disjoint_exhaustive_and_equal_but_for_one(sizes: list[int], world: int) -> None:
    whole = slices_of(sizes)

    shards = [rows_of(shard(whole, rank, world)) for rank in range(world)]

    assert sorted(row for rows in shards for row in rows) == sorted(rows_of(whole))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_slices_of_equal_size_go_round_as_cards_are_dealt() -> None:
    whole = slices_of([3] * 6)

    assert [one.row_group for one in shard(whole, 0, 3)] == [0, 3]
    assert [one.row_group for one in shard(whole, 2, 3)] == [2, 5]


def test_one_worker_has_all_in_their_order() -> None:
    whole = slices_of([4, 1, 9])

    assert rows_of(shard(whole, 0, 1)) == rows_of(whole)
    assert shard([], 0, 1) == []


@given(SIZES, st.integers(1, 300))
def test_a_cut_keeps_order_and_bound(sizes: list[int], most: int) -> None:
    whole = slices_of(sizes)

    pieces = list(cut(whole, most))

    assert rows_of(pieces) == rows_of(whole)
    assert max(map(len, pieces)) <= most
    assert len(pieces) == sum(-(-size // most) for size in sizes)


@given(SIZES)
def test_slices_survive_their_table(sizes: list[int]) -> None:
    whole = slices_of(sizes)

    table = table_of_slices(whole)

    assert table.schema.equals(ROW_SLICES, check_metadata=True)
    assert rows_of(slices_of_table(table)) == rows_of(whole)
    assert rows_of(slices_of_table(table.slice(1))) == rows_of(whole[1:])


def test_no_slices_are_an_empty_table() -> None:
    assert slices_of_table(table_of_slices([])) == []


def test_a_slice_reads_its_own_rows_in_its_order(tmp_path: Path) -> None:
    path = str(tmp_path / "part.parquet")
    pq.write_table(
        pa.table({"n": list(range(100)), "word": list(map(str, range(100)))}), path, row_group_size=10
    )
    ids = ids_of_hex([sha256(b"%d" % n).hexdigest() for n in range(3)])

    table = RowSlice(path, 4, np.array([0, 3, 9], np.int32), ids).read(pafs.LocalFileSystem(), ["n"])

    assert table.to_pydict() == {"n": [40, 43, 49]}
