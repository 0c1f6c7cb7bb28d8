"""Ctrl-C and SIGTERM in a command's first second, before it has imported what it needs to answer them (endings.py).

Nothing of ours runs yet that would have to be ended or put in order, so the process says its words and is gone. Kept to
modules that Python has loaded by itself.
"""

import os
import signal
from types import FrameType
from typing import Any

INTERRUPTED = "interrupted; the same command again continues where that is possible"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_USUAL: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
_as_json = False


def answer(*, as_json: bool) -> None:
    """Answer both signals from now on with one line, with `as_json` an object on stdout, and exit status 130 or 143."""
    global _as_json
    _as_json = as_json
    for each in _SIGNALS:
        signal.signal(each, _leave)


def leave_alone() -> None:
    """Answer no signal any more: a command does so itself."""
    for each in _SIGNALS:
        signal.signal(each, usual(each, signal.getsignal(each)))


def usual(signum: int, handler: Any) -> Any:
    """Return a handler to put back, but Python's usual one instead of ours: the command has answered by then."""
    return _USUAL[signum] if handler in (_leave, None) else handler


def _leave(signum: int, frame: FrameType | None) -> None:
    if _as_json:
        os.write(1, f'{{"error": {{"type": "Interrupted", "message": "{INTERRUPTED}"}}}}\n'.encode())
    os.write(2, f"vitrine: {INTERRUPTED}\n".encode())
    os._exit(128 + signum)
