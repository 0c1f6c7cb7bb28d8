"""crawlers/datasets/parquet_table.py: Parquet, also with cells that Python cannot hold."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawlers.datasets.parquet_table import ParquetTable
from crawlers.datasets.table_rows import Unreadable
from schemas.errors import InputError


def table(folder: Path, arrays: list[pa.Array], names: list[str]) -> ParquetTable:
    pq.write_table(pa.Table.from_arrays(arrays, names), folder / "t.parquet")
    return ParquetTable(folder / "t.parquet", "t.parquet")


def cells(folder: Path, array: pa.Array) -> list[Any]:
    opened = table(folder, [array], ["x"])
    return [row["x"] if isinstance(row, dict) else row for _, row in opened.read(["x"])]


def broken_utf8() -> pa.Array:
    return pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"c"]).buffers())


def test_a_time_that_python_cannot_hold_is_read_as_arrow_writes_it(tmp_path: Path) -> None:
    late = pa.array([0, 300_000_000_000_000_000], pa.timestamp("us", "UTC"))

    first, second = cells(tmp_path, late)

    assert first.year == 1970 and second.startswith("11476-")


def test_a_cell_that_cannot_be_read_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    first, damaged, last = cells(tmp_path, broken_utf8())

    assert (first, last) == ("a", "c")
    assert isinstance(damaged, Unreadable) and damaged.why.startswith("string: ")


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1], pa.timestamp("ns", "Nowhere/At_all")),
        pa.array([2**62], pa.duration("s")),
        pa.array([2**40], pa.timestamp("s")),
        pa.array([[2**40]], pa.list_(pa.timestamp("s", "UTC"))),
    ],
)
def test_no_odd_cell_ends_a_reading(tmp_path: Path, array: pa.Array) -> None:
    assert len(cells(tmp_path, array)) == 1


def test_columns_of_one_name_are_numbered_and_read_each(tmp_path: Path) -> None:
    opened = table(tmp_path, [pa.array([1]), pa.array(["a"]), pa.array(["b"])], ["n", "t", "t"])

    assert opened.columns == ("n", "t", "t.2")
    assert list(opened.read(["t.2", "n"])) == [(1, {"t.2": "b", "n": 1})]
    assert opened.rows == 1 and opened.types["t"] == pa.string()


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and no more")

    with pytest.raises(InputError, match="is not Parquet that can be read"):
        ParquetTable(tmp_path / "x.parquet", "x")
