"""An index that another has taken the place of is given up: its thread ends, its network goes."""

import threading

import pytest

from flows.serve.indexes import served_index
from flows.serve.indexes.served_index import Serving
from schemas.manifest import Manifest
from tests.flows.processes import wait_until
from tests.flows.serve.served_lake import ServedLake


def encoders() -> int:
    return sum(thread.name == "encoding" for thread in threading.enumerate())


def test_an_index_that_is_live_no_more_is_given_up(
    served: ServedLake, second: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_index, "ANSWERED_S", 0.1)
    before = encoders()
    serving = Serving(served.lake)
    first = serving.now().indexed.run_id
    for wanted in (second.run_id, first, second.run_id):
        serving._chosen = wanted
        serving._reading.acquire()  # as `now` does, and _follow gives back
        serving._follow()
        assert serving.now().indexed.run_id == wanted

    wait_until(lambda: encoders() == before + 1)
    serving.now().close()
    wait_until(lambda: encoders() == before)
