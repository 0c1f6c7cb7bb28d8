from pathlib import Path
from typing import Any

import pytest

from crawlers.fetch.validators import Validators
from crawlers.state.crawl_state import CrawlState
from crawlers.state.frontier import LISTING, PHOTO, PRODUCT, READ, Task
from crawlers.state.recorder import Photo, Recorder
from crawlers.state.recrawl_policy import FULL, Rules
from crawlers.state.sink import FLOOR_FROM
from schemas.errors import RejectedError
from schemas.reject import Reject
from tests.crawlers.listsink import SHOP, ListSink, ledger_row, photo_row, product

URL = f"{SHOP}/img/0.jpg"
A_LIFETIME = 4_000_000_000_000  # ms


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def opened(path: Path, sink: ListSink | None = None, **rules: Any) -> Recorder:
    return Recorder(CrawlState(path), sink or ListSink(), Rules(**rules))


def known(recorder: Recorder, url: str, **facts: Any) -> None:
    recorder.state.previous.learn_ledger([ledger_row(url, "photo", **({"image_id": "aa"} | facts))])


def tasks(recorder: Recorder, kind: int = PHOTO) -> list[Task]:
    found = []
    while task := recorder.state.frontier.next(kind):
        found.append(task)
    return found


def want(recorder: Recorder, *urls: str) -> list[Task]:
    recorder.state.collected.add(product(0, photos=urls))
    recorder.want_photos()
    return tasks(recorder)


def came(recorder: Recorder, task: Task, data: bytes) -> None:
    row = photo_row(data, task.url)
    recorder.photo(Photo(task.url, row["image_id"], row, task, Validators('"1"')))


def failed(recorder: Recorder, task: Task, reason: str) -> None:
    refusal = Reject("image", reason, task.url, task.product_id)
    recorder.photo(Photo(task.url, task=task, refusal=refusal))


def ids(recorder: Recorder) -> tuple[str, ...]:
    ((_, found),) = recorder.state.collected.products()
    return found


def test_a_photo_is_stored_counted_and_answered(path: Path) -> None:
    sink = ListSink()
    recorder = opened(path, sink)
    (task,) = want(recorder, URL)

    came(recorder, task, b"one")

    assert [row["bytes"] for row in sink.rows] == [b"one"]
    assert ids(recorder) == (photo_row(b"one")["image_id"],)
    assert recorder.state.frontier.counts(PHOTO) == {READ: 1}
    assert recorder.counts()["image"].went_out == 1


def test_two_addresses_of_one_photo_store_it_once(path: Path) -> None:
    sink = ListSink()
    recorder = opened(path, sink)

    for task in want(recorder, URL, f"{SHOP}/img/1.jpg"):
        came(recorder, task, b"one")

    assert len(sink.rows) == 1
    assert len(set(ids(recorder))) == 1 and ids(recorder)[0]
    assert recorder.counts()["image"].went_out == 2


def test_photos_without_a_complete_part_outlive_a_kill_and_those_with_one_are_let_go(path: Path) -> None:
    recorder = opened(path, ListSink(part=2))
    for number, task in enumerate(want(recorder, *(f"{SHOP}/img/{n}.jpg" for n in range(3)))):
        came(recorder, task, b"%d" % number)
    recorder.settle(now=True)
    recorder.state.close()

    after = ListSink()
    again = opened(path, after)
    again.go_on()

    assert [row["bytes"] for row in after.rows] == [b"2"]
    assert after.rows[0]["fetched_at"] == photo_row(b"2")["fetched_at"]
    assert tasks(again) == []
    again.land()
    assert (after.landed, list(again.state.spool.rows())) == (1, [])


def test_counts_and_lies_outlive_a_kill(path: Path) -> None:
    recorder = opened(path)
    recorder.passed("page", 7)
    recorder.refuse(Reject("page", "http_4xx", "https://shop.example/x"))
    recorder.lastmod_lies = True
    recorder.bounds.led("https://shop.example/calendar/1", False)
    recorder.settle(now=True)
    recorder.state.close()

    again = opened(path)

    count = again.counts()["page"]
    assert (count.came_in, count.went_out, count.rejected) == (8, 7, {"http_4xx": 1})
    assert again.lastmod_lies
    assert again.bounds.state() == recorder.bounds.state()


def test_what_failed_by_a_fault_of_the_moment_is_asked_once_more_and_nothing_else(path: Path) -> None:
    recorder = opened(path)
    first, second, third = want(recorder, *(f"{SHOP}/img/{n}.jpg" for n in range(3)))
    failed(recorder, first, "timeout")
    failed(recorder, second, "http_4xx")
    failed(recorder, third, "connection")
    recorder.settle(now=True)
    recorder.state.close()

    again = opened(path)
    again.go_on()

    assert [task.url for task in tasks(again)] == [first.url, third.url]
    assert again.counts()["image"].rejected == {"http_4xx": 1}
    assert [row["reason"] for row in again.state.collected.rejects()] == ["http_4xx"]


def test_pages_are_not_asked_again_once_the_photos_are_under_way(path: Path) -> None:
    recorder = opened(path)
    for kind in (LISTING, PRODUCT):
        recorder.state.frontier.add(kind, "k", f"{SHOP}/k")
        (task,) = tasks(recorder, kind)
        recorder.state.frontier.done(task, "http_5xx")

    recorder.state.remember("stage", "image")
    recorder.go_on()
    assert (tasks(recorder, LISTING), tasks(recorder, PRODUCT)) == ([], [])

    recorder.state.remember("stage", None)
    recorder.go_on()
    assert len(tasks(recorder, LISTING)) == len(tasks(recorder, PRODUCT)) == 1


def test_a_fault_takes_no_photo_away_and_a_refusal_does(path: Path) -> None:
    recorder = opened(path)
    gone = f"{SHOP}/img/gone.jpg"
    for url in (URL, gone):
        known(recorder, url)
    fault, refusal = want(recorder, URL, gone)

    failed(recorder, fault, "http_5xx")
    failed(recorder, refusal, "http_4xx")

    assert ids(recorder) == ("aa", "")


@pytest.mark.parametrize(
    ("url", "facts", "asked"),
    [
        (URL, {}, True),
        (f"{URL}?v=3", {}, False),
        (URL, {"fresh_until": A_LIFETIME}, False),
        (f"{URL}?v=3", {"image_id": "", "outcome": "http_5xx"}, True),
    ],
)
def test_a_photo_that_is_known_is_asked_only_where_it_may_have_changed(
    url: str, facts: dict[str, Any], asked: bool, path: Path
) -> None:
    recorder = opened(path)
    until = facts.get("fresh_until")
    known(recorder, url, **facts | {"fresh_until": None})
    if until:
        recorder.state.db.execute("update photo_before set fresh_until = ?", (until,))

    found = want(recorder, url)

    assert len(found) == asked
    assert ids(recorder) == ("" if asked else "aa",)


def test_a_lifetime_is_no_answer_when_the_product_s_own_page_was_read_anew(path: Path) -> None:
    recorder = opened(path)
    known(recorder, URL)
    recorder.state.db.execute("update photo_before set fresh_until = ?", (A_LIFETIME,))
    recorder.state.frontier.add(PRODUCT, f"{SHOP}/product/0", f"{SHOP}/product/0")
    (task,) = tasks(recorder, PRODUCT)
    recorder.state.frontier.done(task, READ)
    recorder.state.collected.add(product(0, photos=(URL,)), task.key)

    recorder.want_photos()

    assert [task.url for task in tasks(recorder)] == [URL]


def test_a_full_crawl_asks_every_photo_but_only_whether_it_changed(path: Path) -> None:
    recorder = opened(path, revisit=FULL)
    known(recorder, f"{URL}?v=3", etag='"7"')

    (task,) = want(recorder, f"{URL}?v=3")

    assert recorder.conditions(task) == Validators('"7"')


def test_a_photo_that_never_came_is_asked_without_conditions(path: Path) -> None:
    recorder = opened(path)
    known(recorder, URL, image_id="", etag='"7"', outcome="not_an_image")

    (task,) = want(recorder, URL)

    assert recorder.conditions(task) == Validators()


def test_an_address_that_is_none_is_refused_once_and_not_asked(path: Path) -> None:
    recorder = opened(path)
    for n in (0, 1):
        recorder.state.collected.add(product(n, photos=("ftp://shop.example/x.jpg", "http://[broken")))

    recorder.want_photos()

    assert tasks(recorder) == []
    assert [row["reason"] for row in recorder.state.collected.rejects()] == ["address"] * 2
    assert recorder.counts()["image"].rejected == {"address": 2}


def test_a_stage_that_is_refused_too_much_stops_and_discovery_does_not(path: Path) -> None:
    recorder = opened(path)
    for n in range(2 * FLOOR_FROM):
        recorder.refuse(Reject("discover", "http_5xx", f"{SHOP}/{n}"))

    with pytest.raises(RejectedError, match="page stopped"):
        for n in range(2 * FLOOR_FROM):
            recorder.refuse(Reject("page", "http_5xx", f"{SHOP}/{n}"))
    assert recorder.counts()["page"].came_in == FLOOR_FROM


def test_progress_is_told_with_what_is_known_of_the_whole(path: Path) -> None:
    sink = ListSink()
    recorder = opened(path, sink)
    for task in want(recorder, URL, f"{SHOP}/img/1.jpg"):
        came(recorder, task, task.url.encode())
    recorder.tell("image", now=True)
    recorder.passed("discover")

    stage, done, total, note = sink.told[-1]
    assert (stage, done, total) == ("image", 2, 2)
    assert "requests/s" in note
    assert {told[0] for told in sink.told} == {"image"}
