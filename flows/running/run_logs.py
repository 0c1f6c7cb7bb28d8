"""Our log lines in the Prefect UI: what `vitrine.*` says while a flow runs is sent to its API."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.logging.handlers import APILogHandler

OURS = logging.getLogger("vitrine")
_lock = threading.Lock()
_flows = 0
_handler = APILogHandler(logging.INFO)


@contextmanager
def shown_in_prefect() -> Iterator[None]:
    """Send what our loggers say from INFO on to the flow run, or the task run, in whose context it is said.

    Prefect's own way, PREFECT_LOGGING_EXTRA_LOGGERS, is one that every worker's environment would have to name.
    """
    global _flows
    with _lock:
        _flows += 1
        _enable()
        if OURS.getEffectiveLevel() > logging.INFO:
            OURS.setLevel(logging.INFO)
        OURS.addHandler(_handler)  # a logger has each handler once
    try:
        yield
    finally:
        with _lock:
            _flows -= 1
            if not _flows:
                OURS.removeHandler(_handler)


def _enable() -> None:
    """Switch our loggers on again: whoever configures logging after our import switches off what he does not name."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == OURS.name:
            logging.getLogger(name).disabled = False
