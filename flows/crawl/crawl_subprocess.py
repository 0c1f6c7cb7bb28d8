"""The other side of flows.crawl.crawl_process: starts it, asks one thing, shows how far it is, returns its answer.

A process that gets no further is ended, with all it started; what it had read so far stays for the next attempt.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from flows.child_processes import children, end_group, wait_unreaped
from flows.progress import Stage, stage
from infra.settings import load_settings
from schemas import errors

_SHOWN = {"page": "products", "image": "photos", "import": "rows"}
_ROOT = Path(__file__).resolve().parents[2]

# One process per shop, side by side, for hours: memory that was used once goes back.
FRUGAL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}


class _Patience:
    """How long a process may go without progress, and whether it took longer."""

    def __init__(self, process: "subprocess.Popen[str]", limit_s: float) -> None:
        self.process, self.limit_s = process, limit_s
        self.lost = False
        self._moved = time.monotonic()
        self._over = threading.Event()

    def moved(self) -> None:
        """The process got further just now."""
        self._moved = time.monotonic()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """End the process once it is without progress for too long: its output then ends, and who reads it wakes."""
        watcher = threading.Thread(target=self._watch, name="patience", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self._over.set()
            watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(min(1.0, self.limit_s / 4)):
            if time.monotonic() - self._moved > self.limit_s:
                self.lost = True
                end_group(self.process)
                return


def converse(request: Mapping[str, Any], shop: str) -> dict[str, Any]:
    """Run the process to its end and show how far it is.

    Raises the PipelineError that it reports, StalledError where it got no further for the settings'
    `crawl_stall_minutes`, or RuntimeError with its last words where it broke.
    """
    limit_s = 60 * load_settings().crawl_stall_minutes
    with tempfile.TemporaryFile() as said:
        process = children().start(
            [sys.executable, "-m", "flows.crawl.crawl_process", str(os.getpid())],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
            env=os.environ | FRUGAL,
        )
        assert process.stdin is not None and process.stdout is not None
        patience = _Patience(process, limit_s)
        try:
            with patience.watching():
                with suppress(BrokenPipeError), process.stdin as stdin:  # it ended before it was asked
                    stdin.write(json.dumps(request, default=str) + "\n")
                last = _follow(process.stdout, shop, patience)
                wait_unreaped(process)
        finally:
            children().end(process)  # also when the flow is cancelled, and whatever it left running
            process.stdout.close()
        if "done" in last:
            return dict(last["done"])
        if "error" in last:
            raise _error(last["error"])
        if patience.lost:
            raise errors.StalledError(shop, f"no progress for {limit_s / 60:g} minutes, its crawl was ended")
        said.seek(0)
        words = said.read().decode(errors="replace").strip().splitlines()
        raise RuntimeError(
            f"the crawl of {shop} broke with code {process.returncode}: " + "\n".join(words[-20:])
        )


def _error(told: Mapping[str, Any]) -> errors.PipelineError:
    """The error that the process told of, with what it said of it."""
    error: errors.PipelineError = getattr(errors, told["type"])(*told["args"])
    error.transient = told["transient"]
    return error


def _follow(lines: Iterable[str], shop: str, patience: _Patience) -> dict[str, Any]:
    """Show progress lines as stages; returns the last line, which is no progress where all went well."""
    message: dict[str, Any] = {}
    with ExitStack() as shown:
        step: Stage | None = None
        reached: tuple[Any, ...] = ()
        for line in lines:
            message = _message(line)
            if (news := message.get("progress")) is None:
                continue
            if reached[:1] != (news["stage"],):
                name = news["stage"]
                shown.close()
                unit = _SHOWN.get(name, name)
                step = shown.enter_context(stage(f"{shop}: {unit}", news["total"], unit))
            if reached != (reached := (news["stage"], news["done"], news["total"])):
                patience.moved()  # the note holds rates, which change while nothing does
            assert step is not None
            step.reach(news["done"], total=news["total"], note=news["note"])
    return message


def _message(line: str) -> dict[str, Any]:
    """One line of the process; half a line, of a process that was killed as it wrote, says nothing."""
    try:
        return dict(json.loads(line))
    except ValueError:
        return {}
