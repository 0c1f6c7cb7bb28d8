"""How far a long step is, for whoever watches: a person at a terminal, or a log.

A flow says `with stage("embed", total, "images") as step: ... step.advance(64)` and does not know who
listens. The command line puts a `rich` display behind it (flows/terminal.py); elsewhere, a log line
every ten seconds.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field

log = logging.getLogger("vitrine.progress")
EVERY_S = 10.0
QUIET_S = 1.0  # of a wait of which nothing is said in a log
_MINUTE, _HOUR = 60.0, 3600.0
_moved = time.monotonic()


def moved() -> None:
    """Note that something got further just now; see `seconds_without_progress`."""
    global _moved
    _moved = time.monotonic()


def seconds_without_progress() -> float:
    """How long no step of this process has begun, ended, or counted further."""
    return time.monotonic() - _moved


@dataclass
class Stage:
    """One step of known or unknown length. `note` is a few words beside the bar, such as a loss."""

    name: str
    total: float | None
    unit: str
    done: float = 0
    note: str = ""
    started: float = field(default_factory=time.monotonic)
    on_change: Callable[["Stage"], None] = lambda stage: None

    def advance(self, amount: float = 1, *, total: float | None = None, note: str | None = None) -> None:
        """Count `amount` more; a total or a note that became known is shown from now on."""
        if amount or (total is not None and total != self.total):
            moved()  # a note alone is none: rates change while nothing does
        self.done += amount
        self.total = total if total is not None else self.total
        self.note = note if note is not None else self.note
        self.on_change(self)

    def reach(self, done: float, *, total: float | None = None, note: str | None = None) -> None:
        """Count up to `done` in all; for steps that hear absolute figures."""
        self.advance(done - self.done, total=total, note=note)

    @property
    def seconds(self) -> float:
        """Wall time since the step began."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Units per second so far."""
        return self.done / max(self.seconds, 1e-9)


class Log:
    """The listener where nobody watches: one line every ten seconds and one at the end."""

    @contextmanager
    def watch(self, stage: Stage) -> Iterator[None]:
        """Log `stage` while it runs."""
        last = time.monotonic()

        def log_sometimes(changed: Stage) -> None:
            nonlocal last
            if time.monotonic() - last >= EVERY_S:
                last = time.monotonic()
                log.info("%s", _line(changed))

        stage.on_change = log_sometimes
        yield
        log.info("%s, %.1f s", _line(stage), stage.seconds)

    @contextmanager
    def wait(self, what: str) -> Iterator[None]:
        """Log what is waited for, once the wait is long enough to wonder."""
        said = threading.Timer(QUIET_S, copy_context().run, (log.info, "waiting: %s", what))
        said.daemon = True
        said.start()
        try:
            yield
        finally:
            said.cancel()

    def say(self, what: str) -> None:
        """Log one line."""
        log.info("%s", what)


_listener: Log = Log()


def listen(listener: Log) -> None:
    """Send progress to `listener` from now on, in this process."""
    global _listener
    _listener = listener


@contextmanager
def stage(name: str, total: float | None = None, unit: str = "rows") -> Iterator[Stage]:
    """Open a step that can say how far it is, and end its display also when the step fails."""
    step = Stage(name, total, unit)
    moved()
    with _listener.watch(step):
        yield step
    moved()


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show that something is waited for that cannot say how far it is; `what` names it and says how long it takes."""
    with _listener.wait(what):
        yield
    moved()


def say(what: str) -> None:
    """Say one thing about what comes, such as how long it will take."""
    _listener.say(what)


def _line(step: Stage) -> str:
    of = f" of {step.total:,.0f}" if step.total else ""
    note = f", {step.note}" if step.note else ""
    return f"{step.name}: {step.done:,.0f}{of} {step.unit}, {step.rate:,.1f}/s{note}"


def duration(seconds: float) -> str:
    """A time that is not known better than this: about 40 s, about 9 min, about 3.2 h."""
    if seconds < 1.5 * _MINUTE:
        return f"about {max(1.0, seconds):.0f} s"
    if seconds < 1.5 * _HOUR:
        return f"about {seconds / _MINUTE:.0f} min"
    return f"about {seconds / _HOUR:,.1f} h"
