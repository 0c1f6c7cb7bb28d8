"""flows/progress.py: how far a step is, for whoever listens."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flows import progress
from flows.progress import Log, Stage, listen, stage, waiting


class Recorder(Log):
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, float, float | None, str]] = []
        self.ended: list[str] = []

    @contextmanager
    def watch(self, stage: Stage) -> Iterator[None]:
        stage.on_change = lambda step: self.events.append((step.name, step.done, step.total, step.note))
        try:
            yield
        finally:
            self.ended.append(stage.name)


@pytest.fixture
def listener() -> Iterator[Recorder]:
    recorder = Recorder()
    listen(recorder)
    yield recorder
    listen(Log())


def test_steps_forward_and_absolute_figures_come_to_the_same(listener: Recorder) -> None:
    with stage("embed", 10, "photos") as step:
        step.advance(3)
        step.reach(7, note="loss 1")
        step.advance(total=12)

    assert listener.events == [
        ("embed", 3, 10, ""), ("embed", 7, 10, "loss 1"), ("embed", 8, 12, "loss 1"),
    ]  # fmt: skip
    assert listener.ended == ["embed"]


def test_a_long_wait_is_logged_once_by_what_is_waited_for_and_a_short_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []
    said, handler = threading.Event(), logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: (lines.append(record.getMessage()), said.set()))
    monkeypatch.setattr(progress.log, "handlers", [handler])
    monkeypatch.setattr(progress.log, "level", logging.INFO)
    monkeypatch.setattr(progress.log, "propagate", False)
    with waiting("a kettle"):
        pass
    monkeypatch.setattr(progress, "QUIET_S", 0.0)

    with waiting("Ray starts"):
        assert said.wait(30)

    assert lines == ["waiting: Ray starts"]


def test_a_step_that_fails_ends_its_display(listener: Recorder) -> None:
    with pytest.raises(ZeroDivisionError), stage("embed"):
        raise ZeroDivisionError

    assert listener.ended == ["embed"]


def test_where_nobody_watches_a_line_is_logged_every_ten_seconds_and_at_the_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    with caplog.at_level(logging.INFO, "vitrine.progress"), stage("label", 4_000, "products") as step:
        step.started = clock[0]
        for _ in range(30):
            clock[0] += 1
            step.advance(100)

    assert [record.getMessage() for record in caplog.records] == [
        "label: 1,000 of 4,000 products, 100.0/s",
        "label: 2,000 of 4,000 products, 100.0/s",
        "label: 3,000 of 4,000 products, 100.0/s",
        "label: 3,000 of 4,000 products, 100.0/s, 30.0 s",
    ]


def test_a_rate_is_finite_from_the_first_moment() -> None:
    step = Stage("train", None, "images")

    assert step.rate == 0.0
    step.advance(5)
    assert 0 < step.rate < float("inf")
