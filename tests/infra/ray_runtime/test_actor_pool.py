"""actor_pool.py on real Ray: whatever ends actors, every task is answered once, and what ends them comes back."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import ray

from infra.ray_runtime import actor_pool
from infra.ray_runtime.actor_pool import ActorPool, Ended
from infra.ray_runtime.cluster import Cluster
from schemas.errors import InputError


class Adder:
    """Adds up what it is told, and dies of what is deadly."""

    def ready(self) -> int:
        return os.getpid()

    def add(self, numbers: tuple[int, ...], deadly: int) -> tuple[int, int]:
        if deadly in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        if -1 in numbers:
            raise InputError("-1", "is no number of things")
        return sum(numbers), os.getpid()


def pool(actors: int = 2, deadly: int = 13, **options: Any) -> ActorPool[tuple[int, ...]]:
    adder: Any = ray.remote(Adder)
    made = adder.options(max_concurrency=3, max_restarts=0, max_task_retries=0, num_cpus=0).remote
    return ActorPool(made, lambda actor, task: actor.add.remote(task, deadly), ready, actors, 3, **options)


def ready(actor: Any) -> Any:
    return actor.ready.remote()


def test_every_task_is_answered_once_and_the_deadly_one_is_found_by_cutting(ray_here: Cluster) -> None:
    tasks = [tuple(range(first, first + 4)) for first in range(0, 40, 4)]
    sums: dict[tuple[int, ...], int] = {}
    ended: list[tuple[int, ...]] = []
    with pool() as adders:
        for task, answer in adders.answers(iter(tasks)):
            if isinstance(answer, Ended):
                ended.append(task)
                assert answer.why
                adders.suspect([(number,) for number in task] if len(task) > 1 else [])
            else:
                assert task not in sums
                sums[task] = answer[0]

    assert ended == [(12, 13, 14, 15), (13,)]
    assert sums == {task: sum(task) for task in [*tasks[:3], *tasks[4:], (12,), (14,), (15,)]}


def test_an_actor_that_somebody_else_ends_costs_nothing_but_time(ray_here: Cluster) -> None:
    with pool(actors=1) as adders:
        adders.wait()
        pids = [ray.get(ready(actor.handle)) for actor in adders._actors]

        def tasks() -> Iterator[tuple[int, ...]]:
            for number in range(6):
                if number == 4:
                    os.kill(pids[0], signal.SIGKILL)
                yield (number, 0)

        found = {task: answer[0] for task, answer in adders.answers(tasks())}

    assert found == {(number, 0): number for number in range(6)}


def test_what_a_call_raises_is_raised_here(ray_here: Cluster) -> None:
    with pool() as adders, pytest.raises(InputError, match="is no number of things"):
        list(adders.answers(iter([(1,), (-1,)])))


def test_a_worn_actor_makes_room_for_a_fresh_one(ray_here: Cluster) -> None:
    found: list[tuple[int, int]] = []

    def tasks() -> Iterator[tuple[int, ...]]:
        """Goes on until the fresh one has answered: of calls made at once any may be answered first."""
        yield from [(1,), (2,)]
        for number in range(10_000):
            if len({pid for _, pid in found}) == 2:
                return
            yield (5, number)

    with pool(actors=1, is_worn=lambda answer: answer[0] == 2) as adders:
        for _, answer in adders.answers(tasks()):
            found.append(answer)

    assert sorted(total for total, _ in found) == [1, 2, *[5 + number for number in range(len(found) - 2)]]
    assert len({pid for _, pid in found}) == 2


class Weakling(Adder):
    """Dies while it is made, the first time."""

    def __init__(self, mark: str) -> None:
        if not Path(mark).exists():
            Path(mark).write_text("was here")
            os.kill(os.getpid(), signal.SIGKILL)


def test_an_actor_that_is_killed_while_it_starts_is_made_anew(ray_here: Cluster, tmp_path: Path) -> None:
    weak: Any = ray.remote(Weakling)
    made = partial(weak.options(max_restarts=0, num_cpus=0).remote, str(tmp_path / "mark"))

    with ActorPool[tuple[int, ...]](made, lambda actor, task: actor.add.remote(task, 13), ready, 1) as pool:
        pool.wait()

        assert [answer[0] for _, answer in pool.answers(iter([(1, 2)]))] == [3]


def test_actors_for_which_there_is_no_room_are_done_without(
    ray_here: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a machine went: what would take its place waits for one, and the rest is done by those that are left."""
    monkeypatch.setattr(actor_pool, "LATE_S", 0.0)
    adder: Any = ray.remote(Adder)
    room = iter([0, 0, *[10_000] * 9])  # CPUs that each needs: two start, the rest find none

    def made() -> Any:
        return adder.options(max_restarts=0, max_task_retries=0, num_cpus=next(room)).remote()

    with ActorPool[tuple[int, ...]](made, lambda actor, task: actor.add.remote(task, 13), ready, 3) as pool:
        pool.wait()
        victim = ray.get(ready(pool._actors[0].handle))

        def tasks() -> Iterator[tuple[int, ...]]:
            for number in range(6):
                if number == 3:
                    os.kill(victim, signal.SIGKILL)
                yield (number,)

        found = {task: answer[0] for task, answer in pool.answers(tasks())}

    assert found == {(number,): number for number in range(6)}
