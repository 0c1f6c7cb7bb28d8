"""Work that Ctrl-C ends at once, also where a library would take the signal or wait it out."""

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


def beside_main(work: Callable[[], R]) -> R:
    """Return what `work` does in a thread of its own, for which the calling thread waits.

    For libraries that replace the handler of SIGINT where they run in the main thread, as Ray Train does, and never
    give it back. An interrupt is raised here, in the waiting thread, and leaves the other one to the process's end.
    """
    done: list[R] = []
    failed: list[BaseException] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            done.append(context.run(work))
        except BaseException as error:  # handed to the thread that asked
            failed.append(error)

    thread = threading.Thread(target=run, name="beside main", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.2)  # with a limit, so that a signal is heard on every platform
    if failed:
        raise failed[0]
    return done[0]
