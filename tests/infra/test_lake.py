import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from infra.lake import Lake
from infra.machine import ROOT
from schemas.columns import column, table_schema
from schemas.errors import CountError, LakeError
from schemas.ids import new_run_id
from schemas.manifest import LAKE_VERSION, Count

WORDS = table_schema("words", 1, [column("word", pa.string(), "a word")])
WRITER = """
import sys, time
import pyarrow as pa
from infra.lake import Lake
from schemas.columns import column, table_schema
WORDS = table_schema("words", 1, [column("word", pa.string(), "a word")])
run = Lake(sys.argv[1]).begin("run", "label", "the same request")
run.left_behind(WORDS)
writer = run.writer(WORDS, part_rows=10)
for number in range(25):
    writer.write_table(pa.table({"word": [f"word {number}"]}))
print(run.run_id, flush=True)
time.sleep(600)
"""


def left_writing(lake: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that wrote two parts of a run, holds five rows more in memory, and stays; the run's id."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(lake)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def written(lake: Lake, *words: str, flow: str = "label", key: str = "k") -> str:
    """One committed run of these words."""
    run = lake.begin("run", flow, key)
    writer = run.writer(WORDS)
    for word in words:
        writer.write({"word": word})
    run.add(WORDS, writer.close())
    return lake.commit(run, {"words": len(words)}).run_id


def test_readers_see_committed_runs_only(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    committed = written(lake, "red", "dress")
    open_run = lake.begin("run", "label", "other")
    open_run.writer(WORDS).close()

    assert [manifest.run_id for manifest in lake.runs()] == [committed]
    assert lake.table(lake.newest("label"), "words")["word"].to_pylist() == ["red", "dress"]
    with pytest.raises(LakeError, match="no committed run"):
        lake.run(open_run.run_id)


def test_a_killed_run_is_invisible_and_the_same_request_continues_it(tmp_path: Path) -> None:
    process, run_id = left_writing(tmp_path)
    killed(process)
    lake = Lake(str(tmp_path))
    assert list(lake.runs()) == []

    other = lake.begin("run", "label", "another request")
    run = lake.begin("run", "label", "the same request")
    left = run.left_behind(WORDS)
    writer = run.writer(WORDS)
    for number in range(20, 25):
        writer.write({"word": f"word {number}"})
    run.add(WORDS, writer.close())
    manifest = lake.commit(run, {})

    assert not other.continued and other.run_id != run_id
    assert run.continued and run.run_id == run_id
    assert [part.rows for part in left] == [10, 10]
    assert lake.table(manifest, "words")["word"].to_pylist() == [f"word {number}" for number in range(25)]
    assert list(tmp_path.rglob("*.tmp")) == []


def test_only_one_of_two_requests_continues_a_killed_run(tmp_path: Path) -> None:
    process, run_id = left_writing(tmp_path)
    killed(process)
    lake = Lake(str(tmp_path))
    seen_before = json.loads((tmp_path / f"run={run_id}/begun.json").read_text())

    first = lake.begin("run", "label", "the same request")
    second = lake.begin("run", "label", "the same request")

    assert first.run_id == run_id != second.run_id
    assert not lake._claim(run_id, seen_before)  # who read the old note a moment ago comes too late
    assert json.loads((tmp_path / f"run={run_id}/begun.json").read_text())["pid"] == os.getpid()


def test_sweep_removes_what_the_dead_left_and_nothing_of_the_living(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    committed = written(lake, "red")
    process, run_id = left_writing(tmp_path)
    try:
        assert lake.sweep() == []
        assert (tmp_path / f"run={run_id}/words/part-00001.parquet").exists()
    finally:
        killed(process)

    assert lake.sweep() == [run_id]
    assert not (tmp_path / f"run={run_id}").exists()
    assert [manifest.run_id for manifest in lake.runs()] == [committed]


def test_sweep_removes_the_remains_of_a_sweep_that_was_killed_a_day_later(tmp_path: Path) -> None:
    fresh, old = new_run_id(), "20260101T000000Z-a1b2"
    for run_id in (fresh, old):
        (tmp_path / f"run={run_id}/words").mkdir(parents=True)
    (tmp_path / "run=mine").mkdir()

    assert Lake(str(tmp_path)).sweep() == [old]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"run={fresh}", "run=mine"])


def test_a_kill_right_after_the_commit_takes_nothing_back(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    run_id = written(lake, "red")
    dead = {"kind": "run", "flow": "label", "key": "k", "started_at": "2026-01-01T00:00:00+00:00"}
    dead |= {
        "host": os.uname().nodename,
        "boot": "",
        "pid": 1,
        "pid_started": 1,
        "at": "2026-01-01T00:00:00+00:00",
    }
    (tmp_path / f"run={run_id}/begun.json").write_text(json.dumps(dead))

    assert lake.begin("run", "label", "k").run_id != run_id
    assert run_id not in lake.sweep()
    assert [manifest.run_id for manifest in lake.runs()] == [run_id]


def test_a_run_is_committed_once(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    run = lake.begin("run", "label", "k")
    lake.commit(run, {})

    with pytest.raises(LakeError, match="is there already"):
        lake.commit(run, {})


def test_a_stage_that_lost_rows_commits_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    run = lake.begin("run", "label", "k")
    run.counts["label"] = Count(3, 2)

    with pytest.raises(CountError):
        lake.commit(run, {})

    assert list(lake.runs()) == []


def test_the_newest_run_is_found_by_flow_parameters_and_result(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for number in range(3):
        run = lake.begin("run", "embed", f"{number}", parameters={"method": f"m{number % 2}"})
        lake.commit(run, {"fingerprint": f"f{number}"})

    assert lake.newest("embed", method="m1").result == {"fingerprint": "f1"}
    assert lake.newest("embed", fingerprint="f0").parameters == {"method": "m0"}
    with pytest.raises(LakeError, match="no committed embed with method m7"):
        lake.newest("embed", method="m7")


def test_a_table_streams_in_bounded_batches(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    run = lake.begin("run", "label", "k")
    writer = run.writer(WORDS, part_rows=400)
    writer.write_table(pa.table({"word": [str(number) for number in range(1_000)]}))
    run.add(WORDS, writer.close())
    manifest = lake.commit(run, {})

    batches = list(lake.batches(manifest, "words", rows=150))

    assert max(batch.num_rows for batch in batches) <= 150
    assert [word for batch in batches for word in batch["word"].to_pylist()] == [str(n) for n in range(1_000)]


def test_a_lake_made_by_a_newer_version_is_refused_at_the_door(tmp_path: Path) -> None:
    (tmp_path / "vitrine.json").write_text(json.dumps({"lake_version": LAKE_VERSION + 1}))

    with pytest.raises(LakeError, match="newer vitrine"):
        Lake(str(tmp_path))


@pytest.mark.parametrize("uri", ["ftp://x/y", "s3://b?nonsense=1"])
def test_what_is_no_lake_is_refused(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(LakeError):
        Lake(uri)


def test_a_path_out_of_the_lake_is_no_run_id(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))

    with pytest.raises(LakeError, match="no committed run"):
        lake.run("../../etc")


def test_a_torn_note_of_an_open_run_is_named(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    run = lake.begin("run", "label", "k")
    (tmp_path / f"run={run.run_id}/begun.json").write_text("{")

    with pytest.raises(LakeError, match=r"begun\.json"):
        lake.sweep()


def test_spaces_and_accents_in_the_folder_are_no_matter(tmp_path: Path) -> None:
    folder = tmp_path / "my läke %41"

    run_id = written(Lake(str(folder)), "red")

    assert (folder / f"run={run_id}/manifest.json").exists()
    assert Lake(folder.as_uri()).run(run_id).rows("words") == 1


def test_runs_commit_while_others_look_for_what_was_left_behind(tmp_path: Path) -> None:
    """Who sees a manifest and begun.json beside it takes that for a kill's remains and removes it."""
    lake = Lake(str(tmp_path))
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            list(lake.left_behind())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        committed = [written(lake, "red", key=str(n)) for n in range(150)]
    finally:
        done.set()
        watcher.join()

    assert [manifest.run_id for manifest in lake.runs()] == committed
