import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.machine import ROOT
from infra.parts import PartWriter, existing_parts, next_number
from schemas.columns import column, table_schema
from schemas.errors import SchemaError
from schemas.vector import vectors_schema

LOCAL = pafs.LocalFileSystem()
WORDS = table_schema("words", 1, [column("word", pa.string(), "a word"), column("n", pa.int64(), "a count")])


PHOTOS = table_schema(
    "photos", 1, [column("image_id", pa.string(), "id"), column("bytes", pa.binary(), "file")]
)


def groups(path: Path) -> Iterator[int]:
    """Uncompressed bytes of each row group of a file."""
    metadata = pq.read_metadata(path)
    yield from (metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))


@given(
    rows=st.lists(st.tuples(st.text(max_size=5), st.integers(-(2**63), 2**63 - 1)), max_size=40),
    part_rows=st.integers(1, 15),
    cut=st.integers(0, 40),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back_in_order_however_it_is_cut(
    rows: list[tuple[str, int]], part_rows: int, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    writer = PartWriter(LOCAL, str(folder), WORDS, part_rows=part_rows)

    for word, n in rows[:cut]:
        writer.write({"word": word, "n": n})
    rest = pa.table({"n": [n for _, n in rows[cut:]], "word": [word for word, _ in rows[cut:]]})
    writer.write_table(rest.cast(pa.schema([("n", pa.int64()), ("word", pa.string())])))
    parts = writer.close()

    read = pa.concat_tables([pq.read_table(folder / part.path) for part in parts])
    assert list(zip(read["word"].to_pylist(), read["n"].to_pylist(), strict=True)) == rows
    assert [part.rows for part in parts] == [pq.read_metadata(folder / part.path).num_rows for part in parts]
    assert sum(part.rows for part in parts) == writer.rows == len(rows)


def test_parts_and_row_groups_of_photos_are_bounded_in_bytes(tmp_path: Path) -> None:
    writer = PartWriter(LOCAL, str(tmp_path), PHOTOS, part_bytes=1 << 20)

    for number in range(40):
        writer.write({"image_id": f"{number}", "bytes": os.urandom(200_000)})
    parts = writer.close()

    assert len(parts) >= 7
    assert max(part.bytes for part in parts) < (1 << 20) + 250_000  # at most one photo over the bound
    assert max(size for part in parts for size in groups(tmp_path / part.path)) < (1 << 20) + 250_000


def test_text_deep_in_a_row_counts_towards_the_bound_of_a_part(tmp_path: Path) -> None:
    lead = pa.struct([pa.field("url", pa.string(), nullable=False)])
    pages = table_schema("pages", 1, [column("leads_to", pa.list_(lead), "addresses")])
    writer = PartWriter(LOCAL, str(tmp_path), pages, part_bytes=1 << 20)

    for number in range(40):
        writer.write({"leads_to": [{"url": f"{number:040}/{lead:040}"} for lead in range(2_000)]})
    parts = writer.close()

    assert sum(part.rows for part in parts) == 40
    assert max(part.rows for part in parts) <= 7  # 162 KB a row, at most one over the bound


def test_a_table_larger_than_a_part_becomes_several(tmp_path: Path) -> None:
    schema = vectors_schema(256)
    numbers = pa.array([0.5] * 256 * 5_000, pa.float32())
    vectors = pa.FixedSizeListArray.from_arrays(numbers, 256)
    table = pa.table({"vector": vectors, "image_id": ["a"] * 5_000, "fingerprint": ["f"] * 5_000})
    writer = PartWriter(LOCAL, str(tmp_path), schema, part_bytes=1 << 20)

    writer.write_table(table)
    parts = writer.close()

    assert sum(part.rows for part in parts) == 5_000
    assert max(part.bytes for part in parts) < 1.2 * (1 << 20)


def test_vectors_written_row_by_row_count_towards_the_bound(tmp_path: Path) -> None:
    writer = PartWriter(LOCAL, str(tmp_path), vectors_schema(256), part_bytes=1 << 20)

    for number in range(5_000):
        writer.write({"image_id": f"{number}", "fingerprint": "f", "vector": [0.5] * 256})
    parts = writer.close()

    assert max(part.bytes for part in parts) < 2.2 * (1 << 20)  # rows are gathered by the thousand


def test_a_table_without_rows_is_one_empty_part_with_its_columns(tmp_path: Path) -> None:
    parts = PartWriter(LOCAL, str(tmp_path), WORDS).close()

    assert [(part.path, part.rows) for part in parts] == [("words/part-00000.parquet", 0)]
    assert pq.read_schema(tmp_path / parts[0].path).equals(WORDS, check_metadata=True)


def test_a_continued_table_numbers_on(tmp_path: Path) -> None:
    first = PartWriter(LOCAL, str(tmp_path), WORDS, part_rows=1)
    first.write_table(pa.table({"word": ["a", "b"], "n": [1, 2]}))
    first.close()

    found = existing_parts(LOCAL, str(tmp_path), "words")
    second = PartWriter(LOCAL, str(tmp_path), WORDS, first=next_number(found))
    second.write({"word": "c", "n": 3})

    assert found == first.parts
    assert [part.path for part in second.close()] == ["words/part-00002.parquet"]


@pytest.mark.parametrize("row", [{"word": None, "n": 1}, {"n": 1}, {"word": "a", "n": "x"}])
def test_a_row_that_is_not_as_declared_is_refused(tmp_path: Path, row: dict[str, object]) -> None:
    writer = PartWriter(LOCAL, str(tmp_path), WORDS)

    with pytest.raises(SchemaError, match="words"):
        writer.write(row)
        writer.close()


def test_a_table_with_another_column_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="colour"):
        PartWriter(LOCAL, str(tmp_path), WORDS).write_table(
            pa.table({"word": ["a"], "n": [1], "colour": ["red"]})
        )


FILL = """
import os, resource, sys
import pyarrow as pa
import pyarrow.fs as pafs
from infra.parts import PartWriter
from schemas.columns import column, table_schema
from schemas.errors import LakeError
if sys.argv[2] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
table = table_schema("photos", 1, [column("bytes", pa.binary(), "file")])
writer = PartWriter(pafs.LocalFileSystem(), sys.argv[1], table)
writer.write({"bytes": os.urandom(1_000_000)})
try:
    writer.close()
except LakeError as error:
    print(error)
"""


def fill(folder: Path, how: str) -> str:
    command = [sys.executable, "-c", FILL, str(folder), how]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_a_file_too_large_for_the_disk_is_one_error_and_leaves_no_half_part(tmp_path: Path) -> None:
    said = fill(tmp_path, "limit")

    assert "part-00000.parquet: cannot be written" in said
    assert os.strerror(errno.EFBIG) in said
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_full_disk_is_one_error_and_leaves_no_half_part(tmp_path: Path) -> None:
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(tmp_path)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a file system of our own cannot be mounted here")
    try:
        said = fill(tmp_path, "disk")

        assert os.strerror(errno.ENOSPC) in said
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
