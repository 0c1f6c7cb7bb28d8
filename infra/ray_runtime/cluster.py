"""Ray for this process: started inside it on a laptop, or joined where an address says so.

Started at the first use and kept until the process ends, so that the second use costs nothing.
Nothing of Ray's is printed: its log files lie in the session folder, and errors come as exceptions.
"""

import atexit
import contextlib
import logging
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from infra.machine import ROOT
from infra.ray_runtime.orphans import SETUP_HOOK
from infra.ray_runtime.sessions import remove_old_sessions, session_folder, temporary_folder
from infra.settings import load_settings
from schemas.errors import InputError

# Read by Ray when it is imported or started, here and in its workers.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_DATA_LOG_LEVEL": "ERROR",
    "RAY_DEDUP_LOGS": "1",
    # A worker that reports waits until it is asked how it is: of two seconds, an epoch of a small shop is half that.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.25",
    # Threads that spin while they wait halve torch's speed as soon as another process wants a core.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Memory in pages of 2 MB where the kernel gives them to who asks: each layer's maps are taken from the system and
    # given back, and touching them page by page of 4 KB costs a CPU a third of its time (docs/MEASURED.md).
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
# Of a Ray of this process alone.
_HERE = {
    # Its core prints errors of its own past Python into this terminal, each embedding one about how Ray Data gives
    # actors what they are built from. What concerns us comes as an exception.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    # Ray's 15 leaves a worker three hundredths of a core that another process wants, and a training waits for the
    # slowest of its workers: whoever wants it polite starts the command with `nice`.
    "RAY_worker_niceness": "0",
}
_EXCLUDED = [".git", ".venv", "lake", "tests", "*.db", ".mypy_cache", ".ruff_cache", ".pytest_cache"]
LEAST_CPUS = 4  # logical: on two, Ray Data's readers and writers starve its actors, in silence (STACK.md 4)
MOST_OBJECT_STORE = 2 << 30
OBJECT_STORE_SHARE = 0.2
CONNECT_S = 5.0
TRIES = 4  # to start Ray here: it gives its own servers 30 s
_LATE = "timed out during startup"  # as Ray words that
START_S = 180.0  # a start takes ten seconds, on a busy machine forty
_lock = threading.Lock()
_running: "Cluster | None" = None


@dataclass(frozen=True)
class Cluster:
    """Ray as this process sees it.

    address  what was joined; empty for a Ray of this process
    cores    cores there are to compute with, not the logical CPUs that Ray hands out
    gpus     GPUs there are
    started  seconds that starting or joining took
    cpus_per_gpu  CPUs that each GPU has to itself, on the machine where that is fewest; 0: there is no GPU
    """

    address: str
    cores: int
    gpus: int
    started: float
    cpus_per_gpu: int = 0

    @property
    def remote(self) -> bool:
        """Whether workers may run on other machines, which see no local file of ours."""
        return bool(self.address)

    @property
    def where(self) -> str:
        """What a user calls it."""
        return f"the cluster at {self.address}" if self.remote else "this machine"


@contextmanager
def ray_cluster(address: str | None = None, cpus: int | None = None) -> Iterator[Cluster]:
    """Ray, started or joined at the first call in this process and reused by later ones; leaving keeps it.

    address  "" for a Ray of this process, else a cluster's; by default what the settings say
    cpus     cores to compute with; by default what the settings say, else all of this machine

    Raises InputError where no cluster answers at the address, or another one is in use by this process.
    """
    yield start(address, cpus)


def address() -> str:
    """Address of the cluster that this process has joined or would join; empty for a Ray of its own."""
    return _running.address if _running is not None else load_settings().ray_address


def start(address: str | None = None, cpus: int | None = None) -> Cluster:
    """Start or join Ray unless that is done already; see `ray_cluster`."""
    global _running
    with _lock:
        if _running is None:
            if address is None or cpus is None:
                settings = load_settings()
                address = settings.ray_address if address is None else address
                cpus = settings.cpus if cpus is None else cpus
            _running = _join(address, cpus) if address else _start_here(cpus)
            _take_signals_back()
        elif address is not None and address != _running.address:
            raise InputError(
                address or "Ray", f"this process uses {_running.address or 'a Ray of its own'} already"
            )
        return _running


def stop() -> None:
    """End or leave Ray; without one, nothing."""
    global _running
    with _lock:
        if _running is not None:
            import ray

            session = "" if _running.address else session_folder()
            ray.shutdown()
            _running = None
            if session:
                shutil.rmtree(session, ignore_errors=True)


def _start_here(cpus: int | None) -> Cluster:
    begun = time.monotonic()
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    cores = cpus or len(usable)
    folder = temporary_folder()
    remove_old_sessions(folder)
    options = {
        "address": "local",
        "num_cpus": max(LEAST_CPUS, cores),
        "object_store_memory": int(min(MOST_OBJECT_STORE, OBJECT_STORE_SHARE * _memory())),
        "_temp_dir": str(folder),
        "include_dashboard": False,
        "runtime_env": {"worker_process_setup_hook": SETUP_HOOK},
    }
    with _environment_of_workers():
        for tries_left in reversed(range(TRIES)):
            try:
                _in_lasting_thread(options)
                break
            except Exception as error:
                if _LATE not in str(error):
                    raise
                if not tries_left:
                    why = f"did not start in {TRIES} times 30 s; something else has this machine's cores"
                    raise InputError("Ray", why) from error
    return _seen("", begun, cores)


def _take_signals_back() -> None:
    """Let Python hear SIGTERM again, for which Ray's core prints a stack and aborts the process."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM) or signal.SIG_DFL)


def _join(address: str, cpus: int | None) -> Cluster:
    begun = time.monotonic()
    _check_answers(address)
    env: dict[str, Any] = {"env_vars": _QUIET}
    if (
        ROOT / "pyproject.toml"
    ).exists():  # a checkout goes along; where vitrine is installed, nodes have it, too
        env |= {"working_dir": str(ROOT), "excludes": _EXCLUDED}
    try:
        _in_lasting_thread({"address": address, "runtime_env": env})
    except (ConnectionError, RuntimeError, ValueError) as error:
        why = f"no Ray cluster can be joined there ({str(error).splitlines()[0]})"
        raise InputError(address, why) from error
    return _seen(address, begun, cpus)


def _seen(address: str, begun: float, cores: int | None) -> Cluster:
    import ray

    atexit.register(stop)
    there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    return Cluster(
        address=address,
        cores=cores or max(1, int(there.get("CPU", 1))),
        gpus=int(there.get("GPU", 0)),
        started=round(time.monotonic() - begun, 2),
        cpus_per_gpu=min((_cpus_per_gpu(each) for each in machines if each.get("GPU")), default=0),
    )


def _cpus_per_gpu(machine: dict[str, float]) -> int:
    return int(machine.get("CPU", 0) // machine["GPU"])


def _in_lasting_thread(options: dict[str, Any]) -> None:
    """ray.init in a thread that lives as long as the process.

    Ray's servers ask the kernel to die with their parent, and for Linux that is the thread that started them:
    begun in a task's thread they would end with the task, and Ray would end this process a minute later.
    """
    done = threading.Event()
    failed: list[Exception] = []

    def begin() -> None:
        try:
            _quiet_init(options)
        except Exception as error:  # handed to the thread that asked
            failed.append(error)
        done.set()
        if not failed:
            threading.Event().wait()

    threading.Thread(target=begin, name="ray", daemon=True).start()
    if not done.wait(START_S):
        raise InputError(str(options["address"]), f"no Ray there after {START_S:.0f} s")
    if failed:
        raise failed[0]


def _quiet_init(options: dict[str, Any]) -> None:
    for name, value in (_QUIET | _HERE).items():
        os.environ.setdefault(name, value)
    import ray

    with _nothing_printed():  # Ray's core prints that it is to print less
        ray.init(
            **options,
            log_to_driver=False,  # Ray would print what workers say on our stdout
            logging_level=logging.ERROR,
            namespace="vitrine",
        )
    for name in ("ray", "ray.data", "ray.train", "ray.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def _nothing_printed() -> Iterator[None]:
    """Lose what is written to file descriptor 2; what a command says goes another way (flows/terminal.py)."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


@contextmanager
def _environment_of_workers() -> Iterator[None]:
    """Workers inherit the environment as it is now, and must find our `workers` before any other."""
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{before}" if before else str(ROOT)
    try:
        yield
    finally:
        os.environ["PYTHONPATH"] = before
        if not before:
            del os.environ["PYTHONPATH"]


def _check_answers(address: str) -> None:
    """Refuse quickly what Ray would try for a minute."""
    place = urlparse(address if "//" in address else f"//{address}")
    if address == "auto":
        return
    try:
        if place.hostname is None or place.port is None:
            raise ValueError("neither host:port, ray://host:port nor auto")
        with socket.create_connection((place.hostname, place.port), timeout=CONNECT_S):
            pass
    except (OSError, ValueError) as error:
        raise InputError(address, f"no Ray cluster answers there ({error})") from error


def _memory() -> int:
    """Bytes this process may use: the machine's, or its control group's."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory
