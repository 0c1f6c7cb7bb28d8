"""Processes of ours that end with us: each in a group of its own, ended as a whole group, whatever ends us.

A terminal sends Ctrl-C to every process of its group. In groups of their own the children hear nothing of it:
who started them decides when they end, and in which order.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

_living: set["subprocess.Popen[Any]"] = set()  # of this process, whoever started them
_ending = threading.RLock()  # a signal may come to a thread that holds it


class ChildProcesses:
    """Processes that end together; after `end_all` it starts none any more."""

    def __init__(self) -> None:
        self._ours: set[subprocess.Popen[Any]] = set()
        self._lock = threading.RLock()
        self._over = False

    def start(self, command: Sequence[str], **options: Any) -> "subprocess.Popen[Any]":
        """Start a command as `subprocess.Popen` does, in a session of its own. Raises KeyboardInterrupt after the end.

        A child that calls `end_with_parent(os.getpid() of us)` ends with us even if we are killed.
        """
        with self._lock:
            if self._over:
                raise KeyboardInterrupt
            process = subprocess.Popen(command, start_new_session=True, **options)
            self._ours.add(process)
            _living.add(process)
        return process

    def end(self, process: "subprocess.Popen[Any]") -> None:
        """Kill what is left of a process and of all it started, and wait for it; nothing happens the second time."""
        with self._lock:
            end_group(process)
            self._ours.discard(process)

    def end_all(self) -> None:
        """End every process, and start none from now on."""
        with self._lock:
            self._over = True
            for process in self._ours:
                end_group(process)
            self._ours.clear()


_together: ContextVar[ChildProcesses] = ContextVar("together", default=ChildProcesses())  # noqa: B039  # one for all


def children() -> ChildProcesses:
    """Return the processes that what runs here and now starts and ends."""
    return _together.get()


@contextmanager
def ending_together() -> Iterator[None]:
    """End what is started in here, in threads too that are handed this context, as soon as an error leaves it."""
    ours = ChildProcesses()
    token = _together.set(ours)
    try:
        yield
    except BaseException:
        ours.end_all()
        raise
    finally:
        _together.reset(token)


def end_group(process: "subprocess.Popen[Any]") -> None:
    """SIGKILL to a process's whole group, unless that has been done; then wait for the process itself.

    A process that has ended is reaped last of all: until then nobody else can get its number, which is its group's.
    """
    with _ending:
        if process in _living:
            _living.discard(process)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_unreaped(process: "subprocess.Popen[Any]") -> None:
    """Return when a process has ended, and leave it for `end` to reap."""
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def end_everything() -> None:
    """End every process of ours that still lives, for a process that is about to end itself."""
    for process in list(_living):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def end_with_parent(parent: int) -> None:
    """Ask that this process be killed when its parent ends, however that ends (Linux); at once if it has already.

    Called by the child itself: code between fork and exec is not safe in a process with threads.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
