"""One command of a drill, as a user gives it: timed, or killed at a moment of its work.

When a command's work begins and ends is what its lake says: the run's note of having begun, and its manifest. An
embedding is as far as its parts have landed: on few photos, most of its time is Ray's start. Stages that work in the
command's own process are as far as it has computed: the wall's clock goes on while others have the cores.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from flows.child_processes import children, wait_unreaped
from flows.drill.moments import Moment
from flows.drill.points import POINTS
from infra.machine import ROOT
from schemas.errors import InputError

_POLL_S = 0.002
_COMPUTES_ITSELF = ("index", "publish")
_TICKS = os.sysconf("SC_CLK_TCK")
_ACTOR = b"ray::Embed"  # how Ray calls the process of workers.retrieval.embed.Embed


@dataclass(frozen=True)
class Work:
    """What a stage takes undisturbed, begin to commit: seconds, those its command computes, parts of vectors."""

    seconds: float
    computed: float
    parts: int


class Struck(NamedTuple):
    """Whether a command, or a worker of it, was killed before it ended, and whether its run was in the lake then."""

    in_time: bool
    committed: bool


@dataclass(frozen=True)
class StageCommand:
    """A stage on a lake: `words` without the lake."""

    stage: str
    lake: Path
    words: tuple[str, ...]

    def run(self) -> Work:
        """Run it to its end; returns what work it was. Raises InputError with its last line where it fails."""
        before, parts = self._manifests(), self._parts()
        process = self._started()
        begun = self._until(process, self._has_begun)
        computed = _computed(process.pid)
        committed = self._until(process, lambda: self._manifests() > before)
        computed = _computed(process.pid) - computed
        self._ended(process)
        return Work(max(0.0, committed - begun), max(0.0, computed), self._parts() - parts)

    def strike(self, moment: Moment, work: Work) -> Struck:
        """Run it and kill it, or one of its workers, at a moment of its work; a command without a worker goes on.

        Raises InputError where it fails before that moment, and where it never comes to a point that has a name.
        """
        before, landed = self._manifests(), self._parts() + moment.share * work.parts
        process = self._started(moment)
        if moment.point:
            wait_unreaped(process)
            children().end(process)
            if process.returncode != -signal.SIGKILL:
                self._ended(process)
                raise InputError(str(moment), "is a point that this command never came to")
        else:
            begun = self._until(process, self._has_begun)
            computed = _computed(process.pid)
            if work.parts:
                self._until(process, lambda: self._parts() >= landed)
            elif self.stage in _COMPUTES_ITSELF:
                until = computed + moment.share * work.computed
                self._until(process, lambda: _computed(process.pid) >= until)
            else:
                self._until(process, lambda: time.monotonic() >= begun + moment.share * work.seconds)
        if moment.actor:
            return Struck(self._without_an_actor(process), committed=False)
        in_time = process.poll() in (None, -signal.SIGKILL)
        if not in_time:
            self._ended(process)
        children().end(process)
        return Struck(in_time, self._manifests() > before)

    def _without_an_actor(self, process: "subprocess.Popen[Any]") -> bool:
        """Kill an actor of a command, and let it go on to its end; returns whether there was one."""
        actors: list[int] = []

        def there() -> bool:
            actors.extend(embedding_actors(process.pid))
            return bool(actors)

        self._until(process, there)
        if actors:
            with suppress(ProcessLookupError):
                os.kill(actors[0], signal.SIGKILL)
        self._ended(process)
        return bool(actors)

    def _started(self, moment: Moment | None = None) -> "subprocess.Popen[Any]":
        """Start it, with its end planned where the moment is a point that has a name."""
        # One home for a whole drill: to make Prefect's database anew takes as long as a command.
        ours = {"PREFECT_HOME": str(self.lake.parent.parent / "prefect"), "PYTHONPATH": str(ROOT)}
        env = {name: value for name, value in os.environ.items() if name != "VITRINE_MILVUS_URI"} | ours
        code = "from flows.cli import main; main()"
        if moment and moment.point:
            point = POINTS[moment.stage][moment.point]
            code = f"from flows.drill.points import end_at; end_at({point!r}); {code}"
        command = [sys.executable, "-c", code, *self.words, "--lake", str(self.lake), "--json"]
        with self._log.open("wb") as log:
            return children().start(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def _log(self) -> Path:
        return self.lake.parent / f"{self.stage}.log"

    def _until(self, process: "subprocess.Popen[Any]", holds: Callable[[], bool]) -> float:
        """When a condition came to hold, or the process ended."""
        while process.poll() is None and not holds():
            time.sleep(_POLL_S)
        return time.monotonic()

    def _ended(self, process: "subprocess.Popen[Any]") -> None:
        code = process.wait()
        children().end(process)
        if code:
            said = self._log.read_text(errors="replace").strip().splitlines()
            raise InputError(f"vitrine {' '.join(self.words)}", said[-1] if said else f"exit status {code}")

    def _has_begun(self) -> bool:
        return any(note.get("flow") == self.stage for note in self._notes())

    def _notes(self) -> Iterator[dict[str, Any]]:
        for path in self.lake.glob("*/begun.json"):
            with suppress(OSError, ValueError):
                yield json.loads(path.read_text())

    def _parts(self) -> int:
        return sum(1 for _ in self.lake.glob("run=*/vectors/part-*.parquet"))

    def _manifests(self) -> int:
        return sum(1 for _ in self.lake.glob("*/manifest.json"))


def _computed(pid: int) -> float:
    """CPU seconds of a process, 0 for one that has gone (Linux)."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


def embedding_actors(root: int) -> list[int]:
    """Return the processes of actors that embed, among all that a process has started (Linux)."""
    parents: dict[int, int] = {}
    actors: list[int] = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            pid = int(place.name)
            parents[pid] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if (place / "cmdline").read_bytes().startswith(_ACTOR):
                actors.append(pid)
    return [pid for pid in actors if root in _ancestors(pid, parents)]


def _ancestors(pid: int, parents: dict[int, int]) -> set[int]:
    found: set[int] = set()
    while pid in parents and pid not in found:
        found.add(pid)
        pid = parents[pid]
    return found
