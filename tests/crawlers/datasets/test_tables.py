"""crawlers/datasets/tables.py and table_rows.py: whatever a table is kept in, its rows are the same."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawlers.datasets.table_rows import told_apart
from crawlers.datasets.tables import open_catalogue
from schemas.errors import InputError

ROWS = [{"sku": "007", "name": "Gürtel"}, {"sku": "008", "name": "Hut"}]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
        return
    lines = [";".join(rows[0]), *(";".join(row.values()) for row in rows)]
    data = "\n".join(map(json.dumps, rows) if name.endswith(".jsonl") else lines).encode()
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.csv.gz", "t.jsonl", "t.jsonl.gz", "t.txt", "t"])
def test_every_kind_of_file_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, ROWS)

    (part,) = open_catalogue(str(tmp_path / name)).parts

    places, rows = zip(*part.read(["sku", "name"]), strict=True)
    assert list(rows) == ROWS
    first = {"t.parquet": "row 1", "t.jsonl": "line 1", "t.jsonl.gz": "line 1"}.get(name, "line 2")
    assert places[0] == f"{name} {first}"


def test_a_folder_of_parts_is_one_table_with_the_columns_of_its_paths(tmp_path: Path) -> None:
    write(tmp_path / "season=SS" / "0.parquet", ROWS[:1])
    write(tmp_path / "season=AW" / "0.csv", ROWS[1:])

    catalogue = open_catalogue(str(tmp_path))

    assert catalogue.columns == ("sku", "name", "season")
    assert [row for part in catalogue.parts for row in part.read(catalogue.columns)] == [
        ("season=AW/0.csv line 2", ROWS[1] | {"season": "AW"}),
        ("season=SS/0.parquet row 1", ROWS[0] | {"season": "SS"}),
    ]
    assert catalogue.taken == "2 files: CSV in utf-8, separated by semicolons, Parquet"
    assert catalogue.rows is None


def test_rows_are_counted_where_every_file_says(tmp_path: Path) -> None:
    write(tmp_path / "0.parquet", ROWS)
    write(tmp_path / "1.parquet", ROWS)

    assert open_catalogue(str(tmp_path)).rows == 4


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"PK\x03\x04...", "is a ZIP archive or a workbook"),
        (b"BZh9...", "is packed with bzip2"),
        (gzip.compress(b"PK\x03\x04..."), "is a ZIP archive or a workbook"),
        (b"[{}]", "wanted is an object a line"),
        (b"\x1f\x8bnot gzip", "cannot be read"),
    ],
)
def test_another_kind_of_file_is_refused_with_what_to_do(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "t.json").write_bytes(data)

    with pytest.raises(InputError, match=why):
        open_catalogue(str(tmp_path / "t.json"))


def test_names_of_columns_are_told_apart() -> None:
    assert told_apart(["a", " a", "b", "A", "a "]) == ("a", "a.2", "b", "A", "a.3")
