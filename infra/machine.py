"""What this machine is, what code runs on it, and which process owns an open run."""

import os
import platform
import resource
import shutil
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_LIBRARIES = (
    "ray",
    "torch",
    "torchvision",
    "pyarrow",
    "pillow",
    "scrapy",
    "prefect",
    "pymilvus",
    "milvus-lite",
)


def state_folder() -> Path:
    """Where this machine keeps what must survive a kill but belongs to no lake (XDG base directories)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "vitrine"


@dataclass(frozen=True)
class Owner:
    """A process, told apart from a later one that got the same pid by its start time."""

    host: str
    boot: str
    pid: int
    pid_started: int
    at: str

    @classmethod
    def here(cls) -> "Owner":
        """This process."""
        pid = os.getpid()
        return cls(platform.node(), _boot(), pid, _pid_started(pid) or 0, datetime.now(UTC).isoformat())

    @classmethod
    def of(cls, note: dict[str, Any]) -> "Owner":
        """The owner written into a run's `begun.json`."""
        return cls(note["host"], note["boot"], int(note["pid"]), int(note["pid_started"]), note["at"])

    def as_dict(self) -> dict[str, Any]:
        """JSON values of all fields."""
        return asdict(self)

    def is_alive(self) -> bool | None:
        """Whether the process still runs; None where this machine cannot know."""
        if (self.host, self.boot) != (platform.node(), _boot()):
            return None
        if self.pid_started:
            return _pid_started(self.pid) == self.pid_started
        return _answers(self.pid)  # no /proc here: a later process with this pid would pass for it


def describe_machine() -> dict[str, Any]:
    """Host, cores, memory and library versions, for the manifest."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "gpus": gpus(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }


@cache
def gpus() -> list[str]:
    """Names of the NVIDIA GPUs of this machine, without importing torch; empty where there are none."""
    if not shutil.which("nvidia-smi"):
        return []
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return (
        [line.strip() for line in answer.stdout.splitlines() if line.strip()]
        if answer.returncode == 0
        else []
    )


@cache
def code_version() -> dict[str, str]:
    """Version of vitrine, and the git commit where the code runs from a checkout."""
    versions = {"vitrine": _version("vitrine")}
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        if answer.returncode == 0:
            versions["commit"] = answer.stdout.strip()
    return versions


def cpu_seconds() -> float:
    """CPU seconds that this process has taken, and those that it started and that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _boot() -> str:
    """This boot and pid namespace: containers that share a host name do not see each other's processes."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _pid_started(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot; None when it is gone (or a zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])
