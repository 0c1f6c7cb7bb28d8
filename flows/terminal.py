"""The command line's manners: the result goes to stdout, for people or as JSON; all else to stderr, errors in one."""

import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from flows import printable
from flows.progress import Log, Stage, listen
from flows.running.endings import interruptible
from flows.running.first_signals import INTERRUPTED
from schemas.errors import MethodError, PipelineError, UsageError

NOT_BETTER = 3  # exit status
people = Console(stderr=True, highlight=False, width=None if sys.stderr and sys.stderr.isatty() else 140)
# A line a row where it is no terminal, for grep.
results = Console(highlight=False, width=None if sys.stdout and sys.stdout.isatty() else 400)


def command(
    as_json: bool, work: Callable[[], dict[str, Any]], show: Callable[[dict[str, Any]], None]
) -> None:
    """Run one command: `work` gives its result, `show` prints it for people to `results` unless `as_json`.

    Exits with 1 after one line on stderr where something of the user's is at fault, with 2 where it is how the command
    was called; with --json the same sentence is the one JSON object on stdout. Ctrl-C and SIGTERM end it the same way,
    with 130 and 143.
    A result that names shops which `failed` is shown as it is, and exits with 1 after a line that names them; one in
    which a candidate was not good enough to be published, with 3; one that counts `faults`, with 1.
    """
    result_stream = results.file = _claim_stdout()
    _claim_stderr()
    _quiet_libraries()
    listen(Bars() if people.is_terminal else Lines())

    def interrupted() -> None:
        _say(INTERRUPTED, as_json, result_stream)

    with interruptible(interrupted) as endings:
        try:
            result = work()
            endings.finish()
            with _written(result_stream):
                if as_json:
                    print(json.dumps(result, ensure_ascii=False, default=str), file=result_stream, flush=True)
                else:
                    show(result)
                    result_stream.flush()
        except KeyboardInterrupt:
            endings.say()
            sys.exit(endings.code)  # the timer of the signal runs on: what ends with us may hang, too
        except Exception as error:
            from flows.orchestration import our_error

            ours = our_error(error)
            if ours is None:
                raise
            _say(str(ours), as_json, result_stream, type(ours).__name__)
            sys.exit(exit_status(ours))
    if failed := result.get("failed"):
        named = "; ".join(f"{shop} ({why})" for shop, why in failed.items())
        _say(f"not crawled, the others are: {named}", False, result_stream)
        sys.exit(1)
    if result.get("faults"):
        sys.exit(1)
    judged = result.get("publish", result)
    if judged.get("published") is False and not (judged["dry_run"] and judged["would_publish"]):
        _say(f"not published: {judged['why']}", False, result_stream)
        sys.exit(NOT_BETTER)


@contextmanager
def _written(stream: Any) -> Iterator[None]:
    """End the command with one line where its result cannot be written, as on a full disk; it is in the lake."""
    try:
        yield
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # what Python tries once more at its end
        if not isinstance(error, BrokenPipeError):  # else who reads has enough
            _say(f"the result cannot be written to stdout ({error.strerror})", False, stream)
        sys.exit(1)


def exit_status(error: PipelineError) -> int:
    """Return the exit status of a command after an error: 2 where it was called as it cannot be, else 1."""
    return 2 if isinstance(error, UsageError | MethodError) else 1


def refuse_usage(sentence: str, as_json: bool) -> None:
    """Say that the command line names no command, option or value that there is."""
    _say(sentence, as_json, sys.stdout, UsageError.__name__)


class Bars(Log):
    """Progress bars with rate and time left, for a terminal; steps that run side by side share one display."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bars: Progress | None = None
        self._users = 0

    @contextmanager
    def watch(self, stage: Stage) -> Iterator[None]:
        """One bar per step; it stays when the step is done."""
        with self._shown() as bars:
            yield from self._watched_bar(bars, stage)

    @contextmanager
    def wait(self, what: str) -> Iterator[None]:
        """Show a spinner with the seconds so far, which goes when the wait is over."""
        with self._shown() as bars:
            bar = bars.add_task(printable.plain(what), total=None, unit="", rate="", note="", waits=True)
            try:
                yield
            finally:
                bars.remove_task(bar)

    def say(self, what: str) -> None:
        """Print one line, above what is shown."""
        people.print(printable.plain(what), soft_wrap=True)

    @contextmanager
    def _shown(self) -> Iterator[Progress]:
        """Share one display, for as long as anyone has something on it."""
        with self._lock:
            if self._bars is None:
                self._bars = _bars()
                self._bars.start()
            self._users += 1
            bars = self._bars
        try:
            yield bars
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    bars.stop()
                    self._bars = None

    def _watched_bar(self, bars: Progress, stage: Stage) -> Iterator[None]:
        bar = bars.add_task(stage.name, total=stage.total, unit=stage.unit, rate="", note="")

        def draw(changed: Stage) -> None:
            rate, note = f"{changed.rate:,.0f}/s", printable.plain(changed.note)
            bars.update(bar, completed=changed.done, total=changed.total, rate=rate, note=note)

        stage.on_change = draw
        yield
        end = max(stage.done, 1)  # all there was, also where less came than was announced
        bars.update(bar, total=end, completed=end)


class _Counted(MofNCompleteColumn):
    """How many of how many; nothing of a wait, which counts nothing."""

    def render(self, task: Task) -> Text:
        return Text() if task.fields.get("waits") else super().render(task)


def _bars() -> Progress:
    return Progress(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description:<9}"),
        BarColumn(bar_width=28),
        _Counted(),
        TextColumn("{task.fields[unit]}  {task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(elapsed_when_finished=False),
        TextColumn("[dim]{task.fields[note]}"),
        console=people,
        transient=False,
    )


class Lines(Log):
    """One line per finished step and one every ten seconds, for logs and pipes."""

    def __init__(self) -> None:
        logging.getLogger("vitrine").setLevel(logging.INFO)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_OneLine("%(message)s"))
        logging.getLogger("vitrine").handlers = [handler]
        logging.getLogger("vitrine").propagate = False


class _OneLine(logging.Formatter):
    """A record is one line, whatever words of a shop it carries; a traceback of ours follows as it is."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return printable.harmless(super().formatMessage(record))


def fields_table(title: str, result: dict[str, Any]) -> None:
    """Show a result's plain values as two columns."""
    table = Table(title=title, show_header=False, title_justify="left", box=None, padding=(0, 2))
    for name, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            continue
        table.add_row(f"[dim]{name}", printable.plain(value))
    results.print(table)


def rows_table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Show a small table; numbers stand at the right."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, padding=(0, 2))
    numeric = [
        all(isinstance(row[n], int | float) for row in rows) if rows else False for n in range(len(columns))
    ]
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(printable.plain(value) for value in row))
    results.print(table)


def _claim_stdout() -> Any:
    """Return stdout for the result alone: whatever else writes to file descriptor 1 lands on stderr."""
    if sys.stdout is None:  # closed, as by `>&-`: nobody wants the result
        return Path(os.devnull).open("w")
    sys.stdout.flush()
    kept = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return kept


def _claim_stderr() -> None:
    """Write what we say to a copy of file descriptor 2, which is shut at times to what libraries print past Python."""
    if (ours := sys.__stderr__) is not None and sys.stderr is ours:
        ours.flush()
        copy = os.dup(2)
        sys.stderr = os.fdopen(copy, "w", buffering=1, encoding=ours.encoding, errors="backslashreplace")


def _quiet_libraries() -> None:
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
    warnings.simplefilter("ignore")
    # It tells of a home that cannot be written, and then does without.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)


def _say(sentence: str, as_json: bool, stream: Any, kind: str = "Interrupted") -> None:
    line = " ".join(printable.harmless(sentence).split())
    if as_json:
        print(
            json.dumps({"error": {"type": kind, "message": line}}, ensure_ascii=False),
            file=stream,
            flush=True,
        )
    print(f"vitrine: {line}", file=sys.stderr, flush=True)
