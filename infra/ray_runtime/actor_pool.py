"""A pool of Ray actors that lives through the end of any of their processes, and finds out which call ends them.

Ray Data's pool calls a dead actor's tasks again and for ever: right where somebody else killed the process, endless
where a task itself does. So calls that were on their way in a process that ended are made again one by one, each
alone in an actor, and one that ends that, too, comes back to the caller, who may cut it in pieces.

A fresh actor gets nothing before it has started: where a whole machine went, there may be no room for it any more, and
the actors that are left do its share.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from schemas.errors import StalledError

MOST_ENDED = (
    50  # processes one after the other without an answer between: more than any search for a culprit takes
)
LATE_S = 30.0  # that the first actor waits for the others
_A_WHILE = 3600.0
Task = TypeVar("Task")


@dataclass(frozen=True)
class Ended:
    """A task that ended the process of an actor in which it was alone. `why` is what Ray says of it."""

    why: str


@dataclass(eq=False)
class _Actor:
    handle: Any
    calls: int = 0
    ready: bool = False
    alone: bool = False  # has a suspect, and gets nothing else
    worn: bool = False  # gets nothing more, and is replaced once it is done


class ActorPool(Generic[Task]):
    """Actors of one class; leaving the context ends them.

    made     makes an actor: what `ray.remote(...)(Class).options(...).remote` is called as
    call     calls it with a task: returns Ray's reference
    ready    calls it with nothing, to hear that it has started
    actors   how many there are
    calls    on their way in each at a time
    is_worn  whether an actor has to make room for a fresh one after this answer
    """

    def __init__(
        self,
        made: Callable[[], Any],
        call: Callable[[Any, Task], Any],
        ready: Callable[[Any], Any],
        actors: int,
        calls: int = 1,
        is_worn: Callable[[Any], bool] = lambda answer: False,
    ) -> None:
        self._made, self._call, self._ready = made, call, ready
        self._at_once, self._is_worn = calls, is_worn
        self._pending: dict[Any, tuple[_Actor, Task]] = {}
        self._starting: dict[Any, _Actor] = {}
        self._actors = [self._started() for _ in range(actors)]
        self._suspects: deque[Task] = deque()
        self._all_taken = False
        self._ended = 0  # since the last answer

    def __enter__(self) -> "ActorPool[Task]":
        return self

    def __exit__(self, *_: object) -> None:
        import ray

        for actor in self._actors:
            ray.kill(actor.handle)

    def wait(self) -> None:
        """Return when every actor has started, or LATE_S after the first has: there may be no room for all.

        One that ends before it has started is replaced.
        """
        import ray

        first = math.inf
        while self._starting:
            late = min(first + LATE_S - time.monotonic(), _A_WHILE)
            started, _ = ray.wait(list(self._starting), num_returns=1, timeout=max(0.0, late))
            for reference in started:
                self._note_start(reference)
            if any(actor.ready for actor in self._actors):
                first = min(first, time.monotonic())
            if time.monotonic() >= first + LATE_S:
                break
        self._ended = 0

    def suspect(self, tasks: Iterable[Task]) -> None:
        """Have these done too, each alone in its actor."""
        self._suspects.extend(tasks)

    def answers(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Any]]:
        """Each task with its answer, or with Ended, as they come; tasks are taken when an actor has room.

        Raises what a call raised, and StalledError where nothing is answered any more.
        """
        while True:
            self._fill(tasks)
            if not self._pending and not self._suspects and self._all_taken:
                return
            yield from self._next()

    def _fill(self, tasks: Iterator[Task]) -> None:
        for actor in self._actors:
            if self._suspects and actor.ready and not actor.calls:
                actor.alone = True
                self._give(actor, self._suspects.popleft())
        for calls in range(self._at_once):  # nobody gets a second one before all have a first
            for actor in self._actors:
                if actor.ready and actor.calls == calls and not actor.alone and not actor.worn:
                    if (task := next(tasks, None)) is None:
                        self._all_taken = True
                        return
                    self._give(actor, task)

    def _give(self, actor: _Actor, task: Task) -> None:
        self._pending[self._call(actor.handle, task)] = (actor, task)
        actor.calls += 1

    def _next(self) -> Iterator[tuple[Task, Any]]:
        import ray

        [reference], _ = ray.wait([*self._pending, *self._starting], num_returns=1)
        if reference in self._starting:
            self._note_start(reference)
            return
        actor, task = self._pending.pop(reference)
        alone, actor.alone = actor.alone, False
        actor.calls -= 1
        try:
            answer = ray.get(reference)
        except _deaths() as error:
            self._replace(actor, error)
            if alone:
                yield task, Ended(str(error).strip().splitlines()[-1])
            else:
                self._suspects.append(task)
            return
        self._ended = 0
        actor.worn = actor.worn or self._is_worn(answer)
        if actor.worn and not actor.calls:
            ray.kill(actor.handle)
            self._replace(actor)
        yield task, answer

    def _replace(self, actor: _Actor, error: Exception | None = None) -> _Actor:
        """Put a fresh actor in the place of one, unless that has been done when its first call failed."""
        if actor not in self._actors:
            return actor
        if error is not None:
            self._ended += 1
            if getattr(error, "actor_init_failed", False):
                raise error
            if self._ended > MOST_ENDED:
                raise StalledError("Ray", f"{MOST_ENDED} workers ended one after the other ({error})")
        fresh = self._started()
        self._actors[self._actors.index(actor)] = fresh
        return fresh

    def _started(self) -> _Actor:
        """Make an actor that gets tasks once it answers."""
        actor = _Actor(self._made())
        self._starting[self._ready(actor.handle)] = actor
        return actor

    def _note_start(self, reference: Any) -> None:
        import ray

        actor = self._starting.pop(reference)
        try:
            ray.get(reference)
            actor.ready = True
        except _deaths() as error:
            self._replace(actor, error)


def _deaths() -> tuple[type[Exception], ...]:
    """What Ray raises of a call whose process is gone."""
    from ray import exceptions

    return (
        exceptions.RayActorError,
        exceptions.WorkerCrashedError,
        exceptions.OutOfMemoryError,
        exceptions.ObjectLostError,
    )
