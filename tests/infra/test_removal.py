"""infra/removal.py: runs that go, and tables that lose rows, in a folder and over the S3 protocol."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from infra.lake import Lake
from infra.removal import (
    RowChange,
    folder_bytes,
    open_runs,
    remove_run,
    remove_unnamed,
    replace_files,
    rewritten,
    rows_touched,
)
from schemas.columns import column, table_schema
from schemas.errors import LakeError

WORDS = table_schema("words", 1, [column("word", pa.string(), "a word")])
WITHOUT_RED = RowChange(
    ("word",),
    lambda batch: np.array([word == "red" for word in batch["word"].to_pylist()]),
    lambda batch: batch.filter(pa.array([word != "red" for word in batch["word"].to_pylist()], pa.bool_())),
)


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    return Lake(request.getfixturevalue("uri") if request.param == "s3" else str(tmp_path / "lake"))


def written(lake: Lake, *parts: list[str]) -> str:
    run = lake.begin("run", "label", "k")
    writer = run.writer(WORDS)
    for words in parts:
        for word in words:
            writer.write({"word": word})
        writer.flush()
    run.add(WORDS, writer.close())
    return lake.commit(run, {"words": 1}).run_id


def words(lake: Lake, run_id: str) -> list[str]:
    read: list[str] = lake.table(lake.run(run_id), "words")["word"].to_pylist()
    return read


def test_parts_without_such_rows_stay_and_the_others_get_new_names(lake: Lake) -> None:
    run = lake.run(written(lake, ["red", "dress"], ["blue"], ["red"]))
    before = [part.path for part in run.files["words"]]

    assert rows_touched(lake, run, "words", WITHOUT_RED) == 2
    parts = rewritten(lake, run, "words", WITHOUT_RED)
    assert words(lake, run.run_id) == ["red", "dress", "blue", "red"]  # until the manifest is replaced
    changed = replace_files(lake, run, {"words": parts}, {"words": 2})

    assert words(lake, run.run_id) == ["dress", "blue"] and lake.run(run.run_id) == changed
    assert [part.rows for part in changed.files["words"]] == [1, 1, 0] and changed.files["words"][
        1
    ].path == before[1]
    assert not {before[0], before[2]} & {part.path for part in changed.files["words"]}
    assert rows_touched(lake, changed, "words", WITHOUT_RED) == 0
    with pytest.raises(LakeError, match="cannot be read"):
        lake.part(lake.part_paths(run, "words")[0])


def test_what_a_kill_left_beside_a_manifest_is_removed(lake: Lake) -> None:
    run = lake.run(written(lake, ["red"], ["blue"]))
    size = folder_bytes(lake, "run", run.run_id)
    rewritten(lake, run, "words", WITHOUT_RED)  # and then it was killed
    assert folder_bytes(lake, "run", run.run_id) > size

    remove_unnamed(lake, run)

    assert folder_bytes(lake, "run", run.run_id) == size and words(lake, run.run_id) == ["red", "blue"]


def test_a_run_is_gone_and_open_ones_say_what_they_read(lake: Lake) -> None:
    run_id = written(lake, ["red"])
    writing = lake.begin("run", "train", "k", parents=[run_id])
    [(name, note)] = open_runs(lake)
    assert (name, note["flow"], note["parents"]) == (writing.run_id, "train", [run_id])

    remove_run(lake, lake.run(run_id))

    assert list(lake.runs()) == [] and not folder_bytes(lake, "run", run_id)
    lake.commit(writing, {})
    assert list(open_runs(lake)) == []
