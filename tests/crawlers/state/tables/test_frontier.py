import sqlite3
from pathlib import Path

import pytest

from crawlers.fetch.validators import Validators
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import READ, Frontier, Kind, Task


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


def filled(frontier: Frontier, count: int, host: str = "shop.example", kind: Kind = Kind.PRODUCT) -> None:
    for n in range(count):
        assert frontier.add(kind, f"{host}/{n}", f"https://{host}/{n}")


def drained(frontier: Frontier, kind: Kind = Kind.PRODUCT, busy: frozenset[str] = frozenset()) -> list[Task]:
    tasks = []
    while task := frontier.next_task(kind, busy):
        tasks.append(task)
    return tasks


def test_addresses_come_once_in_the_order_they_were_found(state: CrawlState) -> None:
    filled(state.frontier, 200)
    assert not state.frontier.add(Kind.PRODUCT, "shop.example/7", "https://shop.example/7?utm_source=x")

    urls = [task.url for task in drained(state.frontier)]

    assert urls == [f"https://shop.example/{n}" for n in range(200)]
    assert not state.frontier.has_waiting(Kind.PRODUCT)


def test_an_address_found_while_others_are_handed_out_comes_after_them(state: CrawlState) -> None:
    filled(state.frontier, 2)
    assert len(drained(state.frontier)) == 2

    state.frontier.add(Kind.PRODUCT, "late", "https://shop.example/late")

    assert state.frontier.has_waiting(Kind.PRODUCT)
    assert [task.key for task in drained(state.frontier)] == ["late"]


def test_hosts_take_turns_and_a_busy_one_is_passed_over(state: CrawlState) -> None:
    for host in ("a.example", "b.example"):
        filled(state.frontier, 3, host, Kind.PHOTO)

    turns = [state.frontier.next_task(Kind.PHOTO).host for _ in range(4)]  # type: ignore[union-attr]
    rest = [task.host for task in drained(state.frontier, Kind.PHOTO, frozenset(["a.example"]))]

    assert turns == ["a.example", "b.example"] * 2
    assert rest == ["b.example"]
    assert state.frontier.has_waiting(Kind.PHOTO)


def test_what_was_in_flight_at_a_kill_is_handed_out_again_and_nothing_else(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "state.db")
    filled(state.frontier, 5)
    tasks = drained(state.frontier)
    state.frontier.finish(tasks[1], READ, Validators('"1"'))
    state.frontier.finish(tasks[3], "http_4xx")
    state.commit()
    state.frontier.finish(tasks[4], READ)  # never committed

    state.close()
    again = CrawlState(tmp_path / "state.db")

    assert not again.fresh
    assert [task.key for task in drained(again.frontier)] == [f"shop.example/{n}" for n in (0, 2, 4)]
    assert again.frontier.outcome_counts(Kind.PRODUCT) == {"": 3, READ: 1, "http_4xx": 1}


def test_reopening_leaves_out_what_is_in_flight(state: CrawlState) -> None:
    filled(state.frontier, 4)
    tasks = drained(state.frontier)
    state.frontier.finish(tasks[0], "timeout")
    state.frontier.finish(tasks[1], "http_4xx")

    reopened = state.frontier.reopen(Kind.PRODUCT, ("timeout",))

    assert reopened == [(tasks[0].key, tasks[0].url, False)]
    assert drained(state.frontier) == [tasks[0]]


def test_kinds_do_not_mix(state: CrawlState) -> None:
    assert state.frontier.add(Kind.LISTING, "k", "https://shop.example/k")
    assert state.frontier.add(Kind.PRODUCT, "k", "https://shop.example/k")

    assert state.frontier.next_task(Kind.PHOTO) is None
    assert [state.frontier.total(kind) for kind in (Kind.LISTING, Kind.PRODUCT, Kind.PHOTO)] == [1, 1, 0]


def test_what_is_handed_out_is_in_flight_until_it_has_an_outcome(state: CrawlState) -> None:
    filled(state.frontier, 3)
    filled(state.frontier, 1, kind=Kind.PHOTO)
    first, second = state.frontier.next_task(Kind.PRODUCT), state.frontier.next_task(Kind.PRODUCT)
    assert first is not None and second is not None

    state.frontier.finish(first, READ)

    assert [state.frontier.in_flight(kind) for kind in Kind] == [0, 1, 0]


def test_a_kind_is_a_number_in_the_state_a_word_in_the_ledger_and_a_stage_in_the_counts() -> None:
    assert [(int(kind), kind.word, kind.stage) for kind in Kind] == [
        (0, "listing", "discover"),
        (1, "product", "page"),
        (2, "photo", "image"),
    ]
    assert [Kind.of(kind.word) for kind in Kind] == list(Kind)
    with pytest.raises(ValueError):
        Kind.of("page")


def test_a_host_that_is_done_costs_nothing_however_many_there_are() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    frontier = Frontier(db)
    for n in range(2_000):
        frontier.add(Kind.PHOTO, f"{n}", f"https://photos{n}.example/1.jpg")
    for n in range(500):
        frontier.add(Kind.PHOTO, f"last {n}", f"https://photos.example/{n}.jpg")
    queries: list[str] = []
    db.set_trace_callback(lambda query: queries.append(query) if query.startswith("select") else None)
    per_task, hosts = [], set()

    while task := frontier.next_task(Kind.PHOTO):
        per_task.append(len(queries))
        hosts.add(task.host)
        queries.clear()
        assert frontier.has_waiting(Kind.PHOTO) == (len(per_task) < 2_500)

    assert len(per_task) == 2_500 and len(hosts) == 2_001
    assert max(per_task) <= 2
    assert sum(per_task) <= 2_001 + 500 / 64 + 2


def test_a_host_that_was_done_takes_its_turn_again_when_an_address_of_it_comes() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    frontier = Frontier(db)

    for n in range(3):
        assert not frontier.has_waiting(Kind.PRODUCT)
        frontier.add(Kind.PRODUCT, f"{n}", f"https://shop.example/{n}")
        assert frontier.has_waiting(Kind.PRODUCT)
        task = frontier.next_task(Kind.PRODUCT)
        assert task is not None and task.key == f"{n}"
        assert frontier.next_task(Kind.PRODUCT) is None
        frontier.finish(task, "timeout")

    frontier.reopen(Kind.PRODUCT, ("timeout",))
    again = [task.key for _ in range(3) if (task := frontier.next_task(Kind.PRODUCT))]
    assert again == ["0", "1", "2"]
