"""Prefect for one command: a private API where none is configured, and the rule for retries.

A Prefect API in the process's own child takes most of its start-up importing itself, on another
core. So a command starts it first of all, before its own imports, and waits for it only when the
first flow runs: the cost is paid once per command and mostly hidden behind our own imports. With
PREFECT_API_URL set, or a Prefect profile that names one, nothing is started.
"""

import atexit
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from schemas.errors import InputError, PipelineError

_SERVER = (
    f"{sys.executable} -m uvicorn --log-level error --factory prefect.server.api.server:create_app".split()
)
START_LIMIT_S = 180.0
_SERVICES_OFF = ("SCHEDULER", "LATE_RUNS", "TRIGGERS", "FOREMAN", "CANCELLATION_CLEANUP", "PAUSE_EXPIRATIONS")
_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
}


def worth_retrying(task: Any, run: Any, state: Any) -> bool:
    """Prefect's retry condition: what a user must mend fails at once, everything else is tried again."""
    try:
        state.result()
    except Exception as error:  # whatever a task raised: the question is only whether to try once more
        return our_error(error) is None
    return True


def our_error(error: BaseException) -> PipelineError | None:
    """The PipelineError behind an error of Prefect or Ray, or None: Ray wraps what a worker raised."""
    queue, seen = [error], set[int]()
    while queue:
        inner = queue.pop(0)
        if isinstance(inner, PipelineError):
            return inner
        if id(inner) in seen:
            continue
        seen.add(id(inner))
        wrapped = [inner.__cause__, inner.__context__, getattr(inner, "cause", None)]
        failures = getattr(inner, "worker_failures", None)
        wrapped += list(failures.values()) if isinstance(failures, dict) else []
        queue += [each for each in wrapped if isinstance(each, BaseException)]
    return None


class PrivateApi:
    """A Prefect API on loopback that lives as long as this process.

    `seconds_waited` is what the command paid for it: the wait between needing it and having it.
    """

    def __init__(self) -> None:
        self.seconds_waited = 0.0
        self._server: subprocess.Popen[bytes] | None = None
        os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
        if configured_api():
            return
        home = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))
        home.mkdir(parents=True, exist_ok=True)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}/api"
        services = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _SERVICES_OFF}
        self._server = subprocess.Popen(
            [*_SERVER, "--host", "127.0.0.1", "--port", str(port)],
            env=os.environ
            | services
            | {"PREFECT_UI_ENABLED": "false", "PREFECT_SERVER_BLOCKS_REGISTER_ON_START": "false"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(home / "vitrine-api.log").open("wb"),
            preexec_fn=die_with_parent,
        )
        os.environ["PREFECT_API_URL"] = self.url  # before prefect is imported and reads its settings
        atexit.register(self.stop)

    def wait(self) -> None:
        """Return when the API answers. Raises InputError where it does not come up."""
        if self._server is None:
            return
        begun = time.monotonic()
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                if self._server.poll() is not None or time.monotonic() - begun > START_LIMIT_S:
                    raise InputError(
                        "Prefect", "its API did not start; see vitrine-api.log in PREFECT_HOME"
                    ) from None
                time.sleep(0.05)
        self.seconds_waited = time.monotonic() - begun

    def stop(self) -> None:
        """End the API's process; its database stays in PREFECT_HOME."""
        if self._server is not None and self._server.poll() is None:
            self._server.kill()  # SQLite survives it, and a polite stop takes eight seconds
            self._server.wait()


def configured_api() -> str:
    """The API that the environment or the active Prefect profile names; empty for none."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    home = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))
    try:
        profiles = tomllib.loads((home / "profiles.toml").read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return ""
    active = os.environ.get("PREFECT_PROFILE", profiles.get("active", ""))
    return str(profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL", ""))


def die_with_parent() -> None:
    """For `preexec_fn`: the child gets SIGKILL when its parent ends, however that ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
