"""infra/open_run.py: the parts of a run that is written, and of one that goes on after a kill."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.columns import column, table_schema
from schemas.manifest import Part

WORDS = table_schema("words", 3, [column("word", pa.string(), "a word")])
OTHERS = table_schema("others", 1, [column("word", pa.string(), "a word")])


def begun(lake: Lake) -> OpenRun:
    return lake.begin("run", "label", "the same question")


def write(run: OpenRun, *words: str) -> list[Part]:
    writer = run.writer(WORDS)
    for word in words:
        writer.write({"word": word})
    return writer.close()


def words_of(lake: Lake, run: OpenRun) -> list[str]:
    manifest = lake.commit(run, {})
    return [str(word) for word in lake.table(manifest, "words")["word"].to_pylist()]


def test_parts_are_entered_once_with_the_version_of_their_table(tmp_path: Path) -> None:
    run = begun(Lake(str(tmp_path)))
    parts = write(run, "red", "blue")

    run.add(WORDS, parts)
    run.add(WORDS, parts)

    assert run.files == {"words": parts}
    assert run.schemas == {"words": 3}
    data = (tmp_path / f"run={run.run_id}" / parts[0].path).read_bytes()
    assert (parts[0].rows, parts[0].bytes) == (2, len(data))
    assert parts[0].sha256 == hashlib.sha256(data).hexdigest()


def test_a_second_writer_numbers_on_after_the_parts_that_are_entered(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    run = begun(lake)
    run.add(WORDS, write(run, "red"))

    run.add(WORDS, write(run, "blue"))

    assert [part.path for part in run.files["words"]] == [
        "words/part-00000.parquet",
        "words/part-00001.parquet",
    ]
    assert words_of(lake, run) == ["red", "blue"]


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    return Lake(str(tmp_path) if request.param == "folder" else request.getfixturevalue("uri"))


def test_what_an_interrupted_run_completed_counts_when_it_goes_on(lake: Lake) -> None:
    first = begun(lake)
    write(first, "red")
    lake.abandon(first)

    run = begun(lake)
    parts = run.left_behind(WORDS)
    run.add(WORDS, write(run, "blue"))

    assert (run.run_id, run.continued) == (first.run_id, True)
    assert [(part.path, part.rows) for part in parts] == [("words/part-00000.parquet", 1)]
    assert words_of(lake, run) == ["red", "blue"]


def test_a_table_that_is_dropped_is_written_anew(lake: Lake) -> None:
    first = begun(lake)
    write(first, "red")
    lake.abandon(first)

    run = begun(lake)
    run.drop(WORDS)
    run.drop(OTHERS)  # nothing was ever written of it
    run.add(WORDS, write(run, "green"))

    assert words_of(lake, run) == ["green"]


def test_a_run_that_is_new_has_nothing_left_behind(tmp_path: Path) -> None:
    run = begun(Lake(str(tmp_path)))

    assert run.left_behind(WORDS) == []
    assert run.continued is False


def test_a_continued_run_takes_no_number_that_a_worker_of_the_killed_attempt_may_still_land(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path))
    first = begun(lake)
    assert first.unused_number(WORDS) == 0
    first.add(WORDS, write(first, "red"))
    assert first.unused_number(WORDS) == 1
    lake.abandon(first)

    second = begun(lake)
    second.started_at -= timedelta(seconds=7)
    second.left_behind(WORDS)

    assert second.continued and second.run_id == first.run_id
    assert 7_000 <= second.unused_number(WORDS) < 600_000


def test_what_killed_workers_have_left_goes_and_parts_stay(tmp_path: Path) -> None:
    run = begun(Lake(str(tmp_path)))
    run.add(WORDS, write(run, "red"))
    folder = tmp_path / f"run={run.run_id}" / "words"
    for name in ("part-00007.parquet", "part-00008.parquet.4711-1.tmp"):
        (folder / name).write_bytes(b"half")

    run.tidy(WORDS)
    run.tidy(OTHERS)

    assert [path.name for path in folder.iterdir()] == ["part-00000.parquet"]
