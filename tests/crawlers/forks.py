"""Processes of their own for what may run once per process, like a reactor, or is to be killed.

Each is a fork of one process that has imported the crawler: two seconds of imports are paid once, not per test.
"""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from schemas.errors import PipelineError

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["crawlers.doctor.examination", "flows.crawl.crawl_shops"])


def result_of(call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call returns in a process of its own, or raise the PipelineError that it raises.

    Raises AssertionError where it broke otherwise; the traceback is on stderr.
    """
    here, there = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_send, args=(there, call, arguments))
    process.start()
    there.close()
    with here:
        assert here.poll(120), f"{call.__name__} has not ended"
        with suppress(EOFError):
            result, error = here.recv()
    process.join()
    assert process.exitcode == 0, f"{call.__name__} ended with {process.exitcode}"
    if error is not None:
        raise error
    return result


def _send(pipe: Connection, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        pipe.send((call(*arguments), None))
    except PipelineError as error:
        pipe.send((None, error))
