"""flows/running/stage_task.py on a real Prefect API: how often a task is tried, and what it leaves for the next try."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.lake import Lake
from schemas.errors import InputError, LakeError, VectorStoreError


@pytest.fixture
def served(prefect_api: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VITRINE_RETRY_DELAYS", "0,0.1,0.1")
    with temporary_settings(
        {PREFECT_API_URL: prefect_api["PREFECT_API_URL"], PREFECT_LOGGING_TO_API_ENABLED: False}
    ):
        yield


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (LakeError("s3://lake", "cannot be read", transient=True), 4),
        (VectorStoreError("index.db", "is held", transient=True), 4),
        (ConnectionResetError(), 4),
        (LakeError("lake", "is empty"), 1),
        (InputError("--labels", "no such run"), 1),
        (KeyError("width"), 1),
    ],
    ids=repr,
)
def test_a_task_is_tried_again_three_times_where_its_error_passes(
    error: Exception, tries: int, served: None
) -> None:
    calls = []

    @stage_task(run_name="press {what}")
    def press(what: str) -> None:
        calls.append(what)
        raise error

    @flow
    def presses() -> None:
        press("flowers")

    with pytest.raises(type(error)):
        presses()

    assert len(calls) == tries
    assert press.task_run_name == "press {what}" and press.name == "press"


def test_without_delays_nothing_is_tried_again_and_by_default_three_times_in_twelve_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VITRINE_RETRY_DELAYS", raising=False)
    usual = stage_task()(lambda: None)
    monkeypatch.setenv("VITRINE_RETRY_DELAYS", "none")
    never = stage_task()(lambda: None)

    assert (usual.retries, usual.retry_delay_seconds) == (3, [30.0, 120.0, 600.0])
    assert never.retries == 0


def test_the_next_try_goes_on_with_the_run_that_the_last_one_began(served: None, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    runs: list[Any] = []

    @stage_task()
    def press() -> None:
        runs.append(begin(lake, "run", "label", "k"))
        if len(runs) < 3:
            raise LakeError("s3://lake", "cannot be read", transient=True)

    @flow
    def presses() -> None:
        press()

    presses()

    assert [run.run_id for run in runs] == [runs[0].run_id] * 3
    assert [run.continued for run in runs] == [False, True, True]


def test_outside_of_a_flow_run_nothing_was_done_before_and_nobody_is_named(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    run = begin(lake, "run", "label", "k", parameters={"rarest": 2})
    lake.commit(run, {})

    assert run.parameters == {"rarest": 2}
    assert done_before(lake, "label", key="k") is None
