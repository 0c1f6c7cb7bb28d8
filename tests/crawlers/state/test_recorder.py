"""crawlers/state/recorder.py: what both stages count, refuse, report and commit."""

from pathlib import Path
from typing import Any

import pytest

from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import RecrawlPolicy
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import IMAGE, Kind, Task
from crawlers.state.tally import FLOOR_FROM
from schemas.errors import RejectedError
from schemas.reject import Reject
from tests.crawlers.liststore import SHOP, ListStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def opened(path: Path, **policy: Any) -> Recorder:
    return Recorder(CrawlState(path), ListStore(), RecrawlPolicy(**policy))


def tasks(recorder: Recorder, kind: Kind) -> list[Task]:
    waiting = []
    while task := recorder.state.frontier.next_task(kind):
        waiting.append(task)
    return waiting


def test_counts_and_traps_outlive_a_kill(path: Path) -> None:
    recorder = opened(path)
    recorder.count_out("page", 7)
    recorder.refuse(Reject("page", "http_4xx", "https://shop.example/x"))
    recorder.traps.led("https://shop.example/calendar/1", False)
    recorder.commit()
    recorder.state.close()

    again = opened(path)

    count = again.counts()["page"]
    assert (count.came_in, count.went_out, count.rejected) == (8, 7, {"http_4xx": 1})
    assert again.traps.state() == recorder.traps.state()


def test_what_is_not_committed_is_not_counted_after_a_kill(path: Path) -> None:
    recorder = opened(path)
    recorder.count_out("page", 7)
    recorder.commit()
    recorder.count_out("page")
    recorder.refuse(Reject("page", "http_4xx", "https://shop.example/x"))
    recorder.state.close()

    count = opened(path).counts()["page"]

    assert (count.came_in, count.went_out, count.rejected) == (7, 7, {})


def test_rows_that_come_once_more_are_counted_out_once(path: Path) -> None:
    recorder = opened(path)
    recorder.count_out("page", 3)

    recorder.take_back("page", 2)
    recorder.count_out("page", 2)

    assert recorder.counts()["page"].went_out == 3


def test_pages_are_not_asked_again_once_the_photos_are_under_way(path: Path) -> None:
    recorder = opened(path)
    for kind in (Kind.LISTING, Kind.PRODUCT):
        recorder.state.frontier.add(kind, "k", f"{SHOP}/k")
        (task,) = tasks(recorder, kind)
        recorder.state.frontier.finish(task, "http_5xx")

    recorder.state.write_note("stage", IMAGE)
    recorder.resume()
    assert (tasks(recorder, Kind.LISTING), tasks(recorder, Kind.PRODUCT)) == ([], [])

    recorder.state.write_note("stage", None)
    recorder.resume()
    assert len(tasks(recorder, Kind.LISTING)) == len(tasks(recorder, Kind.PRODUCT)) == 1


def test_a_stage_that_is_refused_too_much_stops_and_discovery_does_not(path: Path) -> None:
    recorder = opened(path)
    for n in range(2 * FLOOR_FROM):
        recorder.refuse(Reject("discover", "http_5xx", f"{SHOP}/{n}"))

    with pytest.raises(RejectedError, match="page stopped"):
        for n in range(2 * FLOOR_FROM):
            recorder.refuse(Reject("page", "http_5xx", f"{SHOP}/{n}"))
    assert recorder.counts()["page"].came_in == FLOOR_FROM


def test_a_lower_floor_of_the_policy_bears_more(path: Path) -> None:
    recorder = opened(path, floor=0.0)

    for n in range(2 * FLOOR_FROM):
        recorder.refuse(Reject("page", "http_5xx", f"{SHOP}/{n}"))

    assert recorder.counts()["page"].came_in == 2 * FLOOR_FROM


def test_progress_is_reported_with_what_is_known_of_the_whole(path: Path) -> None:
    store = ListStore()
    recorder = Recorder(CrawlState(path), store, report=store.report, traffic=lambda: (12, 3_400_000))
    for n in range(3):
        recorder.state.frontier.add(Kind.PRODUCT, str(n), f"{SHOP}/{n}")

    recorder.count_out("page", 2)
    recorder.count_out("discover")
    recorder.refuse(Reject("page", "http_4xx", f"{SHOP}/2"))
    recorder.report_progress("page", now=True)
    recorder.expect("import", 40)
    recorder.report_progress("import", now=True)

    assert [report[:3] for report in (store.reports[0], *store.reports[-2:])] == [
        ("page", 2, 3),
        ("page", 3, 3),
        ("import", 0, 40),
    ]
    assert "requests/s, 3.4 MB, 1 refused" in store.reports[-2][3]
    assert {report[0] for report in store.reports} == {"page", "import"}


def test_reports_are_throttled_but_for_the_end_of_a_stage(path: Path) -> None:
    store = ListStore()
    recorder = Recorder(CrawlState(path), store, report=store.report)

    for _ in range(50):
        recorder.count_out("page")
    throttled = len(store.reports)
    recorder.report_progress("page", now=True)

    assert throttled < 50
    assert store.reports[-1][1] == 50
