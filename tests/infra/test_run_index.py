"""The index of runs, in a folder and a store: what is asked is counted, and no kill or neighbour hides a run."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import pyarrow.fs as pafs
import pytest

from infra import folder_index, store_index
from infra.lake import Lake
from infra.removal import remove_run, replace_files
from infra.run_table import RunTable
from schemas.errors import LakeError
from schemas.ids import new_run_id
from tests.infra.planted_runs import ids_of, manifest, planted, put
from tests.infra.watched_files import watched

UNREAD = 8


class Killed(BaseException):
    """As SIGKILL: nothing of ours catches it."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index is written after a few runs already."""
    for index in (folder_index, store_index):
        monkeypatch.setattr(index, "UNREAD", UNREAD)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(request.getfixturevalue("uri") if request.param == "s3" else tmp_path / "lake")


def committed(lake: Lake, flow: str = "label", **result: object) -> str:
    return lake.commit(lake.begin("run", flow, "k"), result).run_id


def manifests(paths: list[str]) -> list[str]:
    return [path for path in paths if path.endswith("manifest.json")]


def tables(lake: Lake) -> list[RunTable]:
    """What lies in the index, whoever looks at it."""
    found = []
    for info in lake.filesystem.get_file_info(pafs.FileSelector(f"{lake.root}/index", allow_not_found=True)):
        if info.base_name.endswith(".parquet"):
            found.append(RunTable(lake.filesystem.open_input_file(info.path).read_buffer()))
    return found


def test_a_lake_older_than_its_index_is_read_once_and_then_only_what_is_new(place: str) -> None:
    old = planted(place, 3 * UNREAD)

    first, watch = watched(place)
    assert [run.run_id for run in first.runs()] == old and len(manifests(watch.reads)) == len(old)

    again, watch = watched(place)
    assert [run.run_id for run in again.runs()] == old
    assert (
        manifests(watch.reads) == [] and len(watch.lists) <= 1
    )  # of the index; a folder is not listed through Arrow

    new = [committed(Lake(place), "train") for _ in range(3)]
    later, watch = watched(place)
    assert later.newest("train").run_id == new[-1] and later.newest("label").result == {"n": len(old) - 1}
    assert len(manifests(watch.reads)) <= 2 * len(new) and len(watch.lists) <= 2
    assert ids_of(place) == old + new


def test_begun_runs_are_found_without_asking_every_run(place: str) -> None:
    planted(place, UNREAD)
    lake = Lake(place)
    list(lake.runs())
    left = lake.begin("run", "label", "the same request")
    lake.abandon(left)

    again, watch = watched(place)
    run = again.begin("run", "label", "the same request")

    assert (run.run_id, run.continued) == (left.run_id, True)
    assert len(watch.reads) < 10


def test_a_replaced_manifest_and_a_removed_run_are_seen_at_once(place: str) -> None:
    old = planted(place, UNREAD)
    lake, other = Lake(place), Lake(place)
    assert [run.run_id for run in other.runs()] == old

    replace_files(lake, lake.run(old[3]), {}, {"n": "new"})
    remove_run(lake, lake.run(old[5]))

    for look in (other, Lake(place)):
        found = {run.run_id: run for run in look.runs()}
        assert sorted(found) == [run_id for run_id in old if run_id != old[5]]
        assert found[old[3]].result == {"n": "new"} and found[old[3]].revision == 1


@pytest.mark.parametrize("dies_at", range(8))
def test_who_is_killed_while_the_index_is_written_hides_and_revives_nothing(place: str, dies_at: int) -> None:
    old = planted(place, UNREAD)
    assert ids_of(place) == old
    lake = Lake(place)
    remove_run(lake, lake.run(old[0]))
    replace_files(lake, lake.run(old[1]), {}, {"n": "new"})
    new = [committed(lake) for _ in range(3)]
    steps = iter(range(dies_at))

    def die(_: str, path: str) -> None:
        if next(steps, None) is None:
            raise Killed(path)

    dying, watch = watched(place, die)
    try:
        dying.renew_index()
    except Killed:
        assert len(watch.changes) > dies_at

    found = {run.run_id: run.result for run in Lake(place).runs()}
    assert list(found) == old[1:] + new and found[old[1]] == {"n": "new"}


@pytest.mark.parametrize("dies_at", range(6))
@pytest.mark.parametrize("what", ["replace", "remove"])
def test_who_is_killed_while_a_run_changes_leaves_its_manifest_the_truth(
    place: str, what: str, dies_at: int
) -> None:
    old = planted(place, UNREAD)
    assert ids_of(place) == old
    steps = iter(range(dies_at))

    def die(_: str, path: str) -> None:
        if next(steps, None) is None:
            raise Killed(path)

    dying, _ = watched(place, die)
    run = Lake(place).run(old[3])
    with suppress(Killed):
        replace_files(dying, run, {}, {"n": "new"}) if what == "replace" else remove_run(dying, run)

    for _ in range(2):  # before and after someone writes the index anew
        truth = Lake(place).text(f"run={old[3]}/manifest.json")
        told = [json.loads(truth)["result"]] if truth else []
        assert [run.result for run in Lake(place).runs() if run.run_id == old[3]] == told
        assert len(ids_of(place)) == len(old) - (truth is None)
        Lake(place).renew_index()


def test_a_table_written_from_an_older_look_brings_nothing_back(place: str) -> None:
    old = planted(place, UNREAD)
    assert ids_of(place) == old
    new = [committed(Lake(place)) for _ in range(2)]

    def meanwhile(name: str, path: str) -> None:
        """Another removes and replaces runs, and writes the index, before this one's table lands."""
        if name == "open_output_stream" and path.endswith(".parquet") and not done:
            done.append(path)
            lake = Lake(place)
            remove_run(lake, lake.run(old[0]))
            replace_files(lake, lake.run(old[1]), {}, {"n": "new"})
            new.append(committed(lake))
            lake.renew_index()

    done: list[str] = []
    late, _ = watched(place, meanwhile)
    if late.is_local:  # a local file lands by a rename, past this watch
        meanwhile("open_output_stream", "runs.parquet")
    late.renew_index()

    for _ in range(2):
        found = {run.run_id: run.result for run in Lake(place).runs()}
        assert done and list(found) == old[1:] + new and found[old[1]] == {"n": "new"}
        Lake(place).renew_index()


def test_a_run_that_an_earlier_version_was_writing_is_seen_when_it_commits(place: str) -> None:
    old, running = planted(place, UNREAD), new_run_id()
    put(Lake(place), f"run={running}/begun.json", "{}")
    assert ids_of(place) == old

    put(Lake(place), f"run={running}/manifest.json", manifest(running).to_json())

    assert ids_of(place) == [*old, running]


def test_what_was_done_by_hand_is_seen_in_a_folder_at_once_and_in_a_store_by_the_next_sweep(
    place: str,
) -> None:
    old, came = planted(place, UNREAD), new_run_id()
    assert ids_of(place) == old
    lake = Lake(place)
    lake.filesystem.delete_dir(f"{lake.root}/run={old[0]}")
    put(lake, f"run={came}/manifest.json", manifest(came).to_json())

    if not lake.is_local:
        Lake(place).sweep()

    assert ids_of(place) == [*old[1:], came]


def test_an_index_that_is_torn_is_written_anew(place: str) -> None:
    old = planted(place, UNREAD)
    assert ids_of(place) == old
    lake = Lake(place)
    (name,) = [name for name in lake.names("index") if name.endswith(".parquet")]
    put(lake, f"index/{name}", "PAR1 and then nothing")

    assert ids_of(place) == old
    again, watch = watched(place)
    assert len(list(again.runs())) == len(old) and manifests(watch.reads) == []


def test_a_lake_that_may_not_be_written_is_read_all_the_same(place: str) -> None:
    old = planted(place, UNREAD)

    def refuse(_: str, path: str) -> None:
        raise OSError(30, "Read-only file system", path)

    lake, _ = watched(place, refuse)
    if lake.is_local:
        (Path(lake.root) / "index").write_text("a file where the index would be")

    assert [run.run_id for run in lake.runs()] == old


def test_a_renewed_index_holds_no_word_of_what_is_gone(place: str) -> None:
    old = planted(place, UNREAD)
    assert ids_of(place) == old
    lake = Lake(place)
    replace_files(lake, lake.run(old[3]), {}, {"shop": "named before"})
    lake.renew_index()
    replace_files(lake, lake.run(old[3]), {}, {})
    remove_run(lake, lake.run(old[4]))

    lake.renew_index()

    (table,) = tables(lake)
    texts = [entry.manifest() for entry in table.entries]
    assert len([text for text in texts if text]) == len(old) - 1 and not any(
        "named before" in t for t in texts
    )
    assert [name for name in lake.names("index") if not name.endswith(".parquet")] == []  # no mark is left


def test_a_manifest_that_cannot_be_read_is_in_everyones_way_and_in_no_index(place: str) -> None:
    old = planted(place, UNREAD)
    put(Lake(place), f"run={old[7]}/manifest.json", "{")

    for _ in range(2):
        with pytest.raises(LakeError, match="not a manifest"):
            ids_of(place)
    put(Lake(place), f"run={old[7]}/manifest.json", manifest(old[7]).to_json())

    assert ids_of(place) == old


def test_a_small_lake_has_no_index(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    made = [committed(lake) for _ in range(5)]

    assert [run.run_id for run in lake.runs()] == made and not (tmp_path / "index").exists()
    lake.renew_index()
    assert not (tmp_path / "index").exists()


def test_an_index_of_another_lake_is_of_no_harm(tmp_path: Path) -> None:
    """As where someone copies a lake, or its index alone."""
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    planted(one, UNREAD)
    list(Lake(one).runs())
    theirs = planted(other, 3)
    shutil.copytree(tmp_path / "one/index", tmp_path / "other/index")
    shutil.copytree(one, tmp_path / "copy")

    assert ids_of(other) == theirs
    assert ids_of(str(tmp_path / "copy")) == ids_of(one)


def test_many_manifests_are_read_side_by_side_and_come_in_their_order(place: str) -> None:
    old = planted(place, UNREAD)
    lake = Lake(place)

    texts = lake.texts([*(f"run={run_id}/manifest.json" for run_id in old), "run=none/manifest.json"])

    assert [json.loads(text)["run_id"] for text in texts if text] == old and texts[-1] is None
