"""infra/vector_parts.py: a part is what was given, under its number, and takes the place of an earlier one."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from infra.lake import Lake
from infra.vector_parts import write_vectors
from schemas.errors import LakeError
from schemas.image_ids import ID, Ids, hex_of_ids
from schemas.vector import vectors_schema

PRINT = "c" * 64


def ids(count: int) -> Ids:
    return np.frombuffer(np.random.default_rng(count).bytes(32 * count), ID)


def test_a_part_holds_what_was_given_and_is_replaced_as_a_whole(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    vectors = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)

    write_vectors(lake.filesystem, lake.root, PRINT, 7, ids(9), np.zeros((9, 3), np.float32))
    part = write_vectors(lake.filesystem, lake.root, PRINT, 7, ids(5), vectors)

    assert (part.path, part.rows) == ("vectors/part-00007.parquet", 5)
    table = pq.read_table(tmp_path / part.path)
    assert table.schema.equals(vectors_schema(3))
    assert table["image_id"].to_pylist() == hex_of_ids(ids(5))
    assert set(table["fingerprint"].to_pylist()) == {PRINT}
    assert np.array_equal(np.array(table["vector"].to_pylist(), np.float32), vectors)
    assert [path.name for path in (tmp_path / "vectors").iterdir()] == ["part-00007.parquet"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("in the way")

    with pytest.raises(LakeError, match="cannot be written"):
        write_vectors(
            Lake(str(tmp_path)).filesystem, str(tmp_path), PRINT, 0, ids(1), np.ones((1, 2), np.float32)
        )
    assert [path.name for path in tmp_path.iterdir()] == ["vectors"]
