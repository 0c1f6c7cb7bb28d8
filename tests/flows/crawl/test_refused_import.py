"""flows/crawl/refused_import.py: what is left of an import that came to nothing."""

from pathlib import Path

from flows.crawl.refused_import import give_up
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.errors import InputError, PipelineError, RejectedError
from schemas.reject import REJECTS, Reject


def begun(lake: Lake) -> OpenRun:
    run = lake.begin("crawl", "crawl", "key")
    writer = run.writer(REJECTS)
    for number in range(3):
        writer.write(
            Reject("import", "file_missing", f"t.csv line {number + 2}", detail=f"{number}.jpg").row()
        )
    writer.close()
    return run


def test_refusals_are_kept_in_a_run_that_the_error_names(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    error: PipelineError = RejectedError("import", 3, 3, "file_missing", "0.jpg")

    error = give_up(lake, begun(lake), {"shop": "s"}, error)

    (kept,) = lake.runs()
    assert (kept.flow, kept.kind, kept.rows("rejects")) == ("refused", "run", 3)
    assert kept.counts["import"].came_in == 3
    assert f"(all of them: vitrine rejects {kept.run_id})" in str(error)
    assert lake.unfinished() == 0 and not list(tmp_path.glob("crawl=*"))


def test_another_error_leaves_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    error = InputError("t.csv", "breaks off")

    assert give_up(lake, begun(lake), {"shop": "s"}, error) is error
    assert list(lake.runs()) == [] and lake.unfinished() == 0
