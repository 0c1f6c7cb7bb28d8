"""How a command ends early: Ctrl-C and SIGTERM end it within seconds, with all that it started.

The first signal raises KeyboardInterrupt in the main thread, so that everything is left in order. Whatever still
holds the process some seconds later, a library's thread or a server that does not answer, is not waited for.
"""

import atexit
import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from flows.child_processes import end_everything
from flows.running.first_signals import usual

GRACE_S = 6.0
DYING_S = 3.0  # within which what was killed is gone
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_current: "Endings | None" = None


class Endings:
    """What a command does about signals; `code` is its exit status after one (128 and the signal's number)."""

    def __init__(self, last_words: Callable[[], None]) -> None:
        self.signal: signal.Signals | None = None
        self._last_words = last_words
        self._said = False
        self._ending = threading.Lock()

    @property
    def code(self) -> int:
        """The exit status that a shell expects."""
        return 128 + (self.signal or signal.SIGINT)

    def say(self) -> None:
        """Say the last words, once, whoever comes first."""
        with self._ending:
            if not self._said:
                self._said = True
                self._last_words()
                logging.disable()  # Prefect warns of events that it has not sent: these are the last words

    def finish(self) -> None:
        """The work is done: an interrupt has nothing to say any more."""
        self._said = True

    def hear(self, signum: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, as the handler of a signal; end the process GRACE_S later if it is still there."""
        self.signal = signal.Signals(signum)
        timer = threading.Timer(GRACE_S, self._give_up)
        timer.daemon = True
        timer.start()
        raise KeyboardInterrupt

    def leave(self) -> None:
        """After a signal, end the process without taking apart what was imported: for torch that takes seconds."""
        if self.signal is not None:
            sys.stderr.flush()
            self._end()

    def _give_up(self) -> None:
        self.say()
        self._end()

    def _end(self) -> NoReturn:
        """End with all that was started: what Ray's servers had begun to start, too, when they were stopped."""
        end_everything()
        last = time.monotonic() + DYING_S
        while (living := _descendants(os.getpid())) and time.monotonic() < last:
            for child in living:
                with suppress(OSError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.01)  # a killed parent leaves its children to us only once it is dead
        os._exit(self.code)


@contextmanager
def interruptible(last_words: Callable[[], None]) -> Iterator[Endings]:
    """Handle signals for a command, in the main thread; `last_words` is said before the process is given up."""
    global _current
    _current = Endings(last_words)
    _adopt_orphans()  # before any signal: where the whole group gets it, a parent may be dead when we hear of it
    atexit.register(_current.leave)  # the first to be registered is called last of all
    before = {each: signal.signal(each, _current.hear) for each in _SIGNALS}
    try:
        yield _current
    finally:
        _current = None
        for each, handler in before.items():
            signal.signal(each, usual(each, handler))


@contextmanager
def heard_here() -> Iterator[None]:
    """Let a command hear its signals itself within; Prefect takes SIGTERM for as long as a flow runs."""
    if _current is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, _current.hear) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler or signal.SIG_DFL)


def _adopt_orphans() -> None:
    """Have processes whose parent ends become our children, not init's (Linux): so they are found and ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _descendants(pid: int) -> list[int]:
    """Every process still alive that a process has started, and those have, as far as this system says (Linux).

    Of all processes, since the kernel's list of one process's children misses some while others of them end.
    """
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = place.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state not in "ZX":
                children.setdefault(int(parent), []).append(int(place.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found[1:]
