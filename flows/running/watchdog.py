"""Ends a stage that gets no further: the night goes on, and the next one starts.

What counts as getting further is what a step says of itself (flows/progress.py). Crawls have a watchdog of their
own, over their process (flows/crawl/crawl_subprocess.py).
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flows.child_processes import end_everything
from flows.progress import moved, seconds_without_progress
from schemas.errors import StalledError

log = logging.getLogger("vitrine.watchdog")
SIGNAL = signal.SIGUSR2  # neither Prefect, Ray nor torch uses it
GRACE_S = 60.0


@contextmanager
def watchdog(what: str, limit_s: float) -> Iterator[None]:
    """Raise StalledError in the work within, once no step of this process has got further for `limit_s` seconds.

    The main thread is interrupted, also while it waits. Work that hears no signal, deep in a library, ends with the
    process a minute later, which Prefect then calls crashed. In any other thread nothing is watched.
    """
    main = threading.main_thread()
    if threading.current_thread() is not main:
        yield
        return
    over = threading.Event()
    why = f"no progress for {_time(limit_s)}, ended"

    def interrupt(signum: int, frame: FrameType | None) -> None:
        if not over.is_set():
            raise StalledError(what, why)

    def watch() -> None:
        while not over.wait(min(1.0, limit_s / 4)):
            if seconds_without_progress() > limit_s:
                log.error("%s: %s", what, why)
                signal.pthread_kill(main.ident or 0, SIGNAL)
                if not over.wait(GRACE_S):
                    log.error("%s: hears no signal, the whole process is ended", what)
                    end_everything()
                    os._exit(1)
                return

    moved()
    before = signal.signal(SIGNAL, interrupt)
    watcher = threading.Thread(target=watch, name="watchdog", daemon=True)
    watcher.start()
    try:
        try:
            yield
        finally:
            over.set()
    finally:
        over.set()  # also where the signal came between the work's last line and the one above
        watcher.join()
        signal.signal(SIGNAL, before or signal.SIG_DFL)


def _time(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} s"
