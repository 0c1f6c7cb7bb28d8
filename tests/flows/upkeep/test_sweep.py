"""flows/upkeep/sweep.py on real lakes and Milvus Lite: what is needed stays and works, the rest goes."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.parameters.publish import RollbackParameters
from flows.parameters.retrieval import SearchParameters
from flows.parameters.upkeep import SweepParameters
from flows.queries.changes import changes
from flows.queries.live import live
from flows.queries.report import write_report
from flows.queries.search import search
from flows.retrieval.publishing.rollback import roll_back
from flows.upkeep.scheduled_sweep import sweep_runs
from flows.upkeep.sweep import keep_of, sweep
from infra.lake import Lake
from infra.milvus.store import VectorStore
from infra.photo_locations import locate
from schemas.errors import InputError, LakeError, UsageError
from schemas.ids import image_id
from schemas.image_ids import ids_of_hex
from tests.flows.crawled_lake import crawled, labelled
from tests.flows.lake_commands import killed, vitrine
from tests.flows.retrieval.judged_lake import JudgedLake
from tests.workers.report.small_lake import SmallLake

Catalogue = dict[str, tuple[str, list[str]]]


def night(first: int, last: int) -> Catalogue:
    return {f"p{n}": (f"The red dress no{n}", [f"a{n}", f"b{n}"]) for n in range(first, last)}


def photos_of(*catalogues: Catalogue) -> list[str]:
    return [photo for catalogue in catalogues for _, photos in catalogue.values() for photo in photos]


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and "locks" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def ids(lake: Lake) -> set[str]:
    return {run.run_id for run in lake.runs()}


def as_if_long_ago(lake: Lake, run_id: str) -> None:
    [path] = Path(lake.root).glob(f"*={run_id}/manifest.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"committed_at": "2016-11-23T10:15:00+00:00"}))


def test_old_crawls_keep_the_photos_that_are_still_shown_and_nothing_else(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    first, second, third = night(0, 4), night(2, 6), night(6, 8)
    one = crawled(lake, "s", first)
    two = crawled(lake, "s", second, known=photos_of(first))
    other = crawled(lake, "t", third)
    gone = crawled(lake, "t", third | night(8, 9), known=photos_of(third))
    newest = crawled(lake, "t", third, known=photos_of(third))
    old_labels = labelled(lake, [one, other], rarest=1)["run_id"]
    labels = labelled(lake, rarest=1)["run_id"]
    before = {name: len(data) for name, data in tree(Path(lake.root)).items()}

    told = sweep(lake.uri, "0d")

    assert ids(lake) == {one, two, other, newest, labels}
    assert {run["id"] for run in told["runs"]} == {gone, old_labels}
    assert {run["id"]: run["parts"] for run in told["thinned"]} == {one: 2, other: 2}  # products, rejects
    after = {name: len(data) for name, data in tree(Path(lake.root)).items()}
    manifests = sum(size for name, size in before.items() if name.endswith("manifest.json") and name in after)
    freed = sum(before.values()) - sum(after.values())
    assert told["bytes"] == pytest.approx(freed, abs=manifests) and told["kept"] == 5
    assert not lake.run(one).rows("products")
    wanted = ids_of_hex([image_id(photo.encode()) for photo in photos_of(second, third)])
    assert sum(map(len, locate(lake, wanted))) == len(wanted)  # else it raises
    with pytest.raises(LakeError, match="no committed run"):
        lake.run(gone)
    assert [shop["crawls"] for shop in changes(lake.uri, "2020-01-01")["shops"]] == [1, 1]
    assert labelled(lake, rarest=1)["products"] == 6

    again = sweep(lake.uri, "0d")
    assert (len(again["runs"]), again["thinned"]) == (1, [])  # the label run that was the newest until now


def test_what_is_young_is_kept_with_what_it_reads(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    old = crawled(lake, "s", night(0, 2))
    unread = crawled(lake, "s", night(0, 3), known=photos_of(night(0, 2)))
    young = labelled(lake, [old], rarest=1)["run_id"]
    crawled(lake, "s", night(0, 3), known=photos_of(night(0, 3)))
    labelled(lake, rarest=1)
    as_if_long_ago(lake, old)
    as_if_long_ago(lake, unread)

    told = sweep(lake.uri, "30d", dry_run=True)
    assert [run["id"] for run in told["runs"]] == [] and [run["id"] for run in told["thinned"]] == [unread]
    assert {old, unread, young} <= ids(lake) and lake.run(unread).rows("products") == 3

    sweep(lake.uri, "30d")
    assert lake.run(old).rows("products") == 2 and not lake.run(unread).rows("products")


def test_what_a_run_that_is_being_written_began_from_stays(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    crawled(lake, "s", night(0, 3))
    asked = labelled(lake, rarest=1)["run_id"]
    newer = labelled(lake, rarest=1, vocabulary=100)["run_id"]
    writing = lake.begin("run", "train", "k", parents=[asked])

    assert sweep(lake.uri, "0d")["runs"] == [] and {asked, newer} <= ids(lake)
    lake.abandon(writing)
    told = sweep(lake.uri, "0d")
    assert told["unfinished"] == [writing.run_id] and not Path(writing.folder).exists()
    assert [run["id"] for run in sweep(lake.uri, "0d")["runs"]] == [asked]


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[JudgedLake]:
    yield JudgedLake(SmallLake(tmp_path / "lake", products=24))


def test_the_live_index_and_the_one_before_it_work_when_all_else_is_gone(judged: JudgedLake) -> None:
    collections = [judged.first()["collection"]]
    for _ in range(2):
        judged.indexed(judged.small.embeds["corbiere"])
        collections.append(judged.published()["collection"])
    lake = judged.lake

    planned = sweep(lake.uri, "0d", dry_run=True)
    with VectorStore(f"{lake.root}/milvus.db") as store:
        assert store.collections() == sorted(collections)
    told = sweep(lake.uri, "0d")

    assert told | {"dry_run": True} == planned
    assert told["collections"] == collections[:1] and told["bytes"] > 0
    newest = {run.run_id for run in (lake.newest(flow) for flow in ("index", "evaluate", "publish", "label"))}
    assert not newest & {run["id"] for run in told["runs"]}
    found = search(SearchParameters(lake=lake.uri, words="dress", k=3))
    assert found["collection"] == collections[2] and len(found["hits"]) == 3
    assert Path(write_report(lake.uri)["report"]).exists()
    assert roll_back.fn(RollbackParameters(lake=lake.uri))["collection"] == collections[1]
    assert live(lake).now.collection == collections[1]


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_api")
def test_a_sweep_that_was_killed_is_given_again(tmp_path: Path) -> None:
    calm, struck = tmp_path / "calm" / "lake", tmp_path / "struck" / "lake"
    place = Lake(str(calm))
    for _ in range(150):
        crawled(place, "s", night(0, 2), known=photos_of(night(0, 2)))
    first = crawled(place, "t", night(2, 4))
    crawled(place, "t", night(2, 4), known=photos_of(night(2, 4)))
    shutil.copytree(calm, struck)

    whole = vitrine(calm, "sweep", "--keep", "0d")
    killed(struck, lambda: len(ids(Lake(str(struck)))) < 150, "sweep", "--keep", "0d")
    half = len(ids(Lake(str(struck))))
    again = vitrine(struck, "sweep", "--keep", "0d")

    assert 3 < half < 150 and half - len(again["runs"]) == whole["kept"] == 3
    manifests = [
        sorted(str(path.relative_to(lake)) for path in lake.rglob("*.json")) for lake in (calm, struck)
    ]
    assert manifests[0] == manifests[1]
    assert not Lake(str(struck)).run(first).rows("products")


def test_a_time_that_is_none_is_refused() -> None:
    assert keep_of("4w").days == 28 and keep_of("12h").total_seconds() == 12 * 3600
    with pytest.raises(UsageError, match="is no time such as 30d"):
        keep_of("a month")


def test_a_schedule_sweeps_as_the_command_does(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    old, new = (lake.commit(lake.begin("crawl", "crawl", "k"), {"shop": "s"}).run_id for _ in range(2))

    planned = sweep_runs.fn(SweepParameters(lake=lake.uri, keep="0h", dry_run=True))
    kept = sweep_runs.fn(SweepParameters(lake=lake.uri))
    gone = sweep_runs.fn(SweepParameters(lake=lake.uri, keep="0h"))

    assert [run["id"] for run in planned["runs"]] == [run["id"] for run in gone["runs"]] == [old]
    assert kept["runs"] == [] and kept["keep"] == "30d" and [run.run_id for run in lake.runs()] == [new]
    with pytest.raises(InputError, match="keep"):
        SweepParameters.read({"keep": "soon"})
