"""flows/queries/runs.py: every committed run with what it came of; what was left behind, and its removal."""

from pathlib import Path

from flows.queries.runs import list_runs
from infra.lake import Lake
from tests.flows.command_line import vitrine
from tests.flows.crawled_lake import catalogue, crawled, labelled


def test_runs_are_listed_newest_first_with_parents_and_what_they_made(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawl = crawled(lake, "s", catalogue(20))
    labels = labelled(lake)

    found = list_runs(lake.uri)

    assert [run["id"] for run in found["runs"]] == sorted([crawl, labels["run_id"]], reverse=True)
    by_flow = {run["flow"]: run for run in found["runs"]}
    assert by_flow["label"]["parents"] == [crawl]
    assert by_flow["label"]["summary"] == f"20 products, {labels['words_kept']} words"
    assert by_flow["label"]["seconds"] == round(sum(lake.run(labels["run_id"]).seconds.values()), 1)
    assert (found["lake"], found["unfinished"], found["swept"]) == (lake.uri, 0, [])


def test_a_run_that_was_left_behind_is_counted_until_it_is_swept(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    left = lake.begin("run", "label", "key")
    lake.abandon(left)

    found = list_runs(lake.uri)
    assert (found["unfinished"], [run["command"] for run in found["left"]]) == (1, ["vitrine label"])
    swept = list_runs(lake.uri, sweep=True)

    assert (swept["swept"], swept["unfinished"], swept["runs"]) == ([left.run_id], 0, [])
    assert not Path(left.folder).exists()


def test_each_run_that_was_left_behind_is_named_with_how_it_goes_on(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    shop = {"shop": "acme", "url": "https://acme.example/", "source": "shop"}
    crawl = lake.begin("crawl", "crawl", "a", parameters=shop)
    lake.abandon(crawl)

    alone = vitrine("runs", "--lake", lake.uri)
    imported = lake.begin(
        "crawl", "crawl", "b", parameters={"shop": "b", "path": "t.csv", "source": "import"}
    )
    lake.abandon(imported)
    both = vitrine("runs", "--lake", lake.uri)

    assert alone.stderr.splitlines()[0].startswith("1 run is unfinished; ")
    assert both.stderr.splitlines()[0].startswith("2 runs are unfinished; ")
    goes_on = f"{crawl.run_id}  crawl of acme  goes on with: vitrine crawl acme=https://acme.example/ ..."
    assert goes_on in both.stderr and goes_on in alone.stderr
    assert f"{imported.run_id}  import of b  does not go on; " in both.stderr


def test_a_flow_that_nobody_knows_and_a_run_that_counted_less_are_listed_without_a_summary(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path))
    lake.commit(lake.begin("run", "press", "key"), {})
    lake.commit(lake.begin("run", "embed", "key"), {"method": "corbiere", "embedded": None, "reused": 3})

    runs = list_runs(lake.uri)["runs"]

    assert {(run["flow"], run["summary"]) for run in runs} == {("press", ""), ("embed", "")}
