"""workers/changes/ordered_rows.py: rows in order, also where they were not and do not fit in memory."""

import random
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.changes import ordered_rows as module
from workers.changes.ordered_rows import Cursor, is_ordered, ordered

SCHEMA = pa.schema([pa.field("key", pa.string()), pa.field("n", pa.int64())])


def stream(keys: list[str], batch: int) -> pa.RecordBatchReader:
    rows = pa.Table.from_pylist([{"key": key, "n": n} for n, key in enumerate(keys)], SCHEMA)
    return pa.RecordBatchReader.from_batches(SCHEMA, rows.to_batches(max_chunksize=batch))


@given(st.lists(st.text(max_size=3), max_size=12), st.integers(1, 5))
def test_rows_are_in_order_when_each_key_is_above_the_one_before(keys: list[str], batch: int) -> None:
    rising = all(one < other for one, other in pairwise(keys))

    assert is_ordered(stream(keys, batch), "key") == rising


@given(
    st.sets(st.text(max_size=3), max_size=12), st.lists(st.text(max_size=3), max_size=6), st.integers(1, 5)
)
def test_a_cursor_hands_out_every_row_once_and_none_too_early(
    keys: set[str], cuts: list[str], batch: int
) -> None:
    cursor = Cursor(stream(sorted(keys), batch), "key")
    seen: list[str] = []

    for cut in sorted(cuts):
        given_out = cursor.up_to(cut).column("key").to_pylist()
        assert all(key <= cut for key in given_out)
        seen += given_out
    while (last := cursor.last) is not None:
        seen += cursor.up_to(last).column("key").to_pylist()

    assert seen == sorted(keys)


@pytest.mark.parametrize("rows", [0, 1, 7, 500])
def test_shuffled_rows_come_out_in_order_the_first_of_equal_keys(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SORTED_AT_ONCE", 40)  # a dozen files to merge
    monkeypatch.setattr(module, "_MERGED_AT_ONCE", 7)
    dice = random.Random(rows)
    keys = [f"k{dice.randrange(300)}é" for _ in range(rows)]

    found = ordered(stream(keys, 16), "key", tmp_path).read_all().to_pylist()

    assert found == [{"key": key, "n": keys.index(key)} for key in sorted(set(keys))]
    assert len(list(tmp_path.iterdir())) == -(-rows // 48)
