from pathlib import Path
from typing import Any

import pytest

from crawlers.frontier import LISTING, PHOTO, PRODUCT, READ, Task, Validators
from crawlers.intake import Intake, Photo
from crawlers.rules import FULL, Rules
from crawlers.sink import FLOOR_FROM, refused
from crawlers.state import CrawlState
from schemas.errors import RejectedError
from tests.crawlers.listsink import SHOP, ListSink, ledger_row, photo_row, product

URL = f"{SHOP}/img/0.jpg"
A_LIFETIME = 4_000_000_000_000  # ms


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def opened(path: Path, sink: ListSink | None = None, **rules: Any) -> Intake:
    return Intake(CrawlState(path), sink or ListSink(), Rules(**rules))


def known(intake: Intake, url: str, **facts: Any) -> None:
    intake.state.memory.learn_ledger([ledger_row(url, "photo", **({"image_id": "aa"} | facts))])


def tasks(intake: Intake, kind: int = PHOTO) -> list[Task]:
    found = []
    while task := intake.state.frontier.next(kind):
        found.append(task)
    return found


def want(intake: Intake, *urls: str) -> list[Task]:
    intake.state.harvest.add(product(0, photos=urls))
    intake.want_photos()
    return tasks(intake)


def came(intake: Intake, task: Task, data: bytes) -> None:
    row = photo_row(data, task.url)
    intake.photo(Photo(task.url, row["image_id"], row, task, Validators('"1"')))


def failed(intake: Intake, task: Task, reason: str) -> None:
    refusal = refused("image", reason, task.url, task.product_id)
    intake.photo(Photo(task.url, task=task, refusal=refusal))


def ids(intake: Intake) -> tuple[str, ...]:
    ((_, found),) = intake.state.harvest.products()
    return found


def test_a_photo_is_stored_counted_and_answered(path: Path) -> None:
    sink = ListSink()
    intake = opened(path, sink)
    (task,) = want(intake, URL)

    came(intake, task, b"one")

    assert [row["bytes"] for row in sink.rows] == [b"one"]
    assert ids(intake) == (photo_row(b"one")["image_id"],)
    assert intake.state.frontier.counts(PHOTO) == {READ: 1}
    assert intake.counts()["image"].went_out == 1


def test_two_addresses_of_one_photo_store_it_once(path: Path) -> None:
    sink = ListSink()
    intake = opened(path, sink)

    for task in want(intake, URL, f"{SHOP}/img/1.jpg"):
        came(intake, task, b"one")

    assert len(sink.rows) == 1
    assert len(set(ids(intake))) == 1 and ids(intake)[0]
    assert intake.counts()["image"].went_out == 2


def test_photos_without_a_complete_part_outlive_a_kill_and_those_with_one_are_let_go(path: Path) -> None:
    intake = opened(path, ListSink(part=2))
    for number, task in enumerate(want(intake, *(f"{SHOP}/img/{n}.jpg" for n in range(3)))):
        came(intake, task, b"%d" % number)
    intake.settle(now=True)
    intake.state.close()

    after = ListSink()
    again = opened(path, after)
    again.go_on()

    assert [row["bytes"] for row in after.rows] == [b"2"]
    assert after.rows[0]["fetched_at"] == photo_row(b"2")["fetched_at"]
    assert tasks(again) == []
    again.land()
    assert (after.landed, list(again.state.held.rows())) == (1, [])


def test_counts_and_lies_outlive_a_kill(path: Path) -> None:
    intake = opened(path)
    intake.passed("page", 7)
    intake.refuse(refused("page", "http_4xx", "https://shop.example/x"))
    intake.lastmod_lies = True
    intake.bounds.led("https://shop.example/calendar/1", False)
    intake.settle(now=True)
    intake.state.close()

    again = opened(path)

    count = again.counts()["page"]
    assert (count.came_in, count.went_out, count.rejected) == (8, 7, {"http_4xx": 1})
    assert again.lastmod_lies
    assert again.bounds.state() == intake.bounds.state()


def test_what_failed_by_a_fault_of_the_moment_is_asked_once_more_and_nothing_else(path: Path) -> None:
    intake = opened(path)
    first, second, third = want(intake, *(f"{SHOP}/img/{n}.jpg" for n in range(3)))
    failed(intake, first, "timeout")
    failed(intake, second, "http_4xx")
    failed(intake, third, "connection")
    intake.settle(now=True)
    intake.state.close()

    again = opened(path)
    again.go_on()

    assert [task.url for task in tasks(again)] == [first.url, third.url]
    assert again.counts()["image"].rejected == {"http_4xx": 1}
    assert [row["reason"] for row in again.state.harvest.rejects()] == ["http_4xx"]


def test_pages_are_not_asked_again_once_the_photos_are_under_way(path: Path) -> None:
    intake = opened(path)
    for kind in (LISTING, PRODUCT):
        intake.state.frontier.add(kind, "k", f"{SHOP}/k")
        (task,) = tasks(intake, kind)
        intake.state.frontier.done(task, "http_5xx")

    intake.state.remember("stage", "image")
    intake.go_on()
    assert (tasks(intake, LISTING), tasks(intake, PRODUCT)) == ([], [])

    intake.state.remember("stage", None)
    intake.go_on()
    assert len(tasks(intake, LISTING)) == len(tasks(intake, PRODUCT)) == 1


def test_a_fault_takes_no_photo_away_and_a_refusal_does(path: Path) -> None:
    intake = opened(path)
    gone = f"{SHOP}/img/gone.jpg"
    for url in (URL, gone):
        known(intake, url)
    fault, refusal = want(intake, URL, gone)

    failed(intake, fault, "http_5xx")
    failed(intake, refusal, "http_4xx")

    assert ids(intake) == ("aa", "")


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
    intake = opened(path)
    until = facts.get("fresh_until")
    known(intake, url, **facts | {"fresh_until": None})
    if until:
        intake.state.db.execute("update photo_before set fresh_until = ?", (until,))

    found = want(intake, url)

    assert len(found) == asked
    assert ids(intake) == ("" if asked else "aa",)


def test_a_lifetime_is_no_answer_when_the_product_s_own_page_was_read_anew(path: Path) -> None:
    intake = opened(path)
    known(intake, URL)
    intake.state.db.execute("update photo_before set fresh_until = ?", (A_LIFETIME,))
    intake.state.frontier.add(PRODUCT, f"{SHOP}/product/0", f"{SHOP}/product/0")
    (task,) = tasks(intake, PRODUCT)
    intake.state.frontier.done(task, READ)
    intake.state.harvest.add(product(0, photos=(URL,)), task.key)

    intake.want_photos()

    assert [task.url for task in tasks(intake)] == [URL]


def test_a_full_crawl_asks_every_photo_but_only_whether_it_changed(path: Path) -> None:
    intake = opened(path, revisit=FULL)
    known(intake, f"{URL}?v=3", etag='"7"')

    (task,) = want(intake, f"{URL}?v=3")

    assert intake.conditions(task) == Validators('"7"')


def test_a_photo_that_never_came_is_asked_without_conditions(path: Path) -> None:
    intake = opened(path)
    known(intake, URL, image_id="", etag='"7"', outcome="not_an_image")

    (task,) = want(intake, URL)

    assert intake.conditions(task) == Validators()


def test_an_address_that_is_none_is_refused_once_and_not_asked(path: Path) -> None:
    intake = opened(path)
    for n in (0, 1):
        intake.state.harvest.add(product(n, photos=("ftp://shop.example/x.jpg", "http://[broken")))

    intake.want_photos()

    assert tasks(intake) == []
    assert [row["reason"] for row in intake.state.harvest.rejects()] == ["address"] * 2
    assert intake.counts()["image"].rejected == {"address": 2}


def test_a_stage_that_is_refused_too_much_stops_and_discovery_does_not(path: Path) -> None:
    intake = opened(path)
    for n in range(2 * FLOOR_FROM):
        intake.refuse(refused("discover", "http_5xx", f"{SHOP}/{n}"))

    with pytest.raises(RejectedError, match="page stopped"):
        for n in range(2 * FLOOR_FROM):
            intake.refuse(refused("page", "http_5xx", f"{SHOP}/{n}"))
    assert intake.counts()["page"].came_in == FLOOR_FROM


def test_progress_is_told_with_what_is_known_of_the_whole(path: Path) -> None:
    sink = ListSink()
    intake = opened(path, sink)
    for task in want(intake, URL, f"{SHOP}/img/1.jpg"):
        came(intake, task, task.url.encode())
    intake.tell("image", now=True)
    intake.passed("discover")

    stage, done, total, note = sink.told[-1]
    assert (stage, done, total) == ("image", 2, 2)
    assert "requests/s" in note
    assert {told[0] for told in sink.told} == {"image"}
