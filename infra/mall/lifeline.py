"""Ending with the process that started us, however that one ended."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux for SIGTERM when our parent dies; does nothing elsewhere."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), signal.SIGTERM)


class Ending:
    """Hears SIGTERM and SIGINT from when it is made on, in the main thread.

    Through a pipe: threading.Event has a lock that its waiting thread may hold just then, and a handler, which runs in
    the same thread, would wait for it for ever.
    """

    def __init__(self) -> None:
        self._heard, tell = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os.write(tell, b"."))

    def wait(self) -> None:
        """Return once one was heard."""
        os.read(self._heard, 1)
