"""A real Ray cluster of several machines, as far as Ray can tell: a raylet each, all on loopback, any of which may go.

Started as on machines, by `ray start`: the head with the cluster's servers and no CPU, so that all work is elsewhere,
and nodes that join it with the token that Ray asks for.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.machine import ROOT
from tests.flows.processes import free_port, wait_until

_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
_RAY = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--object-store-memory", "200000000"]


class Raylets:
    """The nodes of a cluster. `environment` is what a driver is told to join it.

    jobs  the port of loopback where the head takes jobs, 0: it takes none
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], jobs: int = 0) -> None:
        self._folder, self._port = folder, free_port()
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
        self._inside = {**os.environ, **_QUIET, **token, **environment}
        self._inside.pop("RAY_ADDRESS", None)
        self.address = f"127.0.0.1:{self._port}"
        self.environment = {"RAY_ADDRESS": self.address, **token, **environment}
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}
        client = str(free_port())
        head = ["--head", "--port", str(self._port), "--num-cpus", "0"]
        head += ["--include-dashboard", str(bool(jobs)), "--dashboard-host", "127.0.0.1"]
        head += ["--dashboard-port", str(jobs)] if jobs else []
        self._start("head", *head, "--ray-client-server-port", client, "--temp-dir", str(folder))

    def add(self, number: int, cpus: int = 1) -> None:
        """Join one more node, of an address of its own, and wait until the cluster counts it."""
        place = ["--address", self.address, "--node-ip-address", f"127.0.1.{number}"]
        self._start(f"127.0.1.{number}", *place, "--num-cpus", str(cpus))

    def kill(self, number: int) -> None:
        """SIGKILL to all that runs on a node, as where its machine lost power."""
        self._end(self._nodes.pop(f"127.0.1.{number}"))

    def runs(self, number: int, title: str) -> bool:
        """Whether a worker of this title, as Ray gives it, runs on a node."""
        leader = self._nodes[f"127.0.1.{number}"].pid
        return any(title in command for command in _session(leader).values())

    def stop(self) -> None:
        """End every node."""
        for process in self._nodes.values():
            self._end(process)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        for pid in _session(process.pid):  # workers have groups of their own
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(30)

    def _start(self, name: str, *words: str) -> None:
        ports = ["--min-worker-port", "0", "--max-worker-port", "0"]
        log = self._folder / f"{name}.log"
        with log.open("wb") as said:
            self._nodes[name] = process = subprocess.Popen(
                [*_RAY, *ports, *words],
                cwd=ROOT,
                env=self._inside,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        wait_until(
            lambda: process.poll() is not None or b"Ray runtime started" in log.read_bytes(),
            120,
            log.read_text,
        )
        assert process.poll() is None, log.read_text()[-2000:]


def _session(leader: int) -> dict[int, str]:
    """Commands of the processes that a leader of a session has started, and theirs, by pid (Linux)."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            if int((place / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                found[int(place.name)] = (place / "cmdline").read_text(errors="replace").replace("\0", " ")
    return found


@contextmanager
def raylets(nodes: int, environment: Mapping[str, str], jobs: int = 0) -> Iterator[Raylets]:
    """A head and so many nodes of a CPU each, numbered from 1; all their processes have `environment`, too."""
    folder = Path(
        tempfile.mkdtemp(prefix="raylets-", dir="/tmp")
    )  # sockets lie in it: its name has to be short
    cluster = Raylets(folder, environment, jobs)
    try:
        for number in range(1, nodes + 1):
            cluster.add(number)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
