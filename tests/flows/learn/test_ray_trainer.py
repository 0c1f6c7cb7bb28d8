"""flows/learn/ray_trainer.py: what is said while workers say nothing."""

from threading import Event, Thread

import pytest
from ray.util.queue import Queue

from flows.learn import ray_trainer
from infra.ray_runtime.cluster import Cluster
from infra.ray_runtime.placement import Placement
from tests.flows.processes import wait_until


@pytest.mark.parametrize(("workers", "times"), [(64, 2), (1, 0)])
def test_a_training_without_room_says_what_it_waits_for_once_each_time_it_falls_silent(
    workers: int, times: int, ray_here: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(ray_trainer, "SILENT_S", 0.0)
    monkeypatch.setattr(ray_trainer, "say", said.append)
    line, done, heard = Queue(), Event(), list[dict[str, int]]()
    places = Placement(workers=workers, on_gpu=False, threads=1)
    listening = Thread(target=lambda: heard.extend(ray_trainer._events(line, done, places)))
    listening.start()
    if times:
        wait_until(lambda: len(said) == 1)
    line.put({"images": 1})
    if times:
        wait_until(lambda: len(said) == 2)
    done.set()
    listening.join(60)
    line.shutdown()

    assert heard == [{"images": 1}] and len(said) == times
    assert all(
        "64 workers want 64 CPUs, and the cluster has " in each and "last checkpoint" in each for each in said
    )
