"""Prefect for one command: a private API where none is named, and the rule for retries.

A Prefect API in the process's own child takes most of its start-up importing itself, on another
core. So a command starts it first of all, before its own imports, and waits for it only when the
first flow runs: the cost is paid once per command and mostly hidden behind our own imports. With
PREFECT_API_URL set, or a profile that PREFECT_PROFILE names, nothing is started.

A profile that is merely active is the user's own business: its server is not used, and the private API shares
neither its database nor its settings, but has a home of its own below PREFECT_HOME.
"""

import atexit
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from flows.child_processes import children
from infra.storage_errors import is_transient
from schemas.errors import InputError, PipelineError

log = logging.getLogger("vitrine.retries")
PRIVATE = "VITRINE_PRIVATE_API"  # set where the API is this command's own: its address
_FOREIGN = (
    "PREFECT_API_",
    "PREFECT_SERVER_",
    "PREFECT_CLOUD_",
    "PREFECT_PROFILE",
    "PREFECT_CLIENT_CUSTOM_HEADERS",
)

_SERVER = [sys.executable, "-m", "flows.private_api"]
START_LIMIT_S = 180.0
_SERVICES_OFF = ("SCHEDULER", "LATE_RUNS", "TRIGGERS", "FOREMAN", "CANCELLATION_CLEANUP", "PAUSE_EXPIRATIONS")
_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
}


def worth_retrying(task: Any, run: Any, state: Any) -> bool:
    """Prefect's retry condition: only what passes by itself; what a user must mend, or we, fails at once."""
    try:
        state.result()
    except Exception as error:  # whatever a task raised: the question is only whether to try once more
        ours = our_error(error)
        again = ours.transient if ours else is_transient(error)
        if again:
            log.warning("%s; tried again", ours or error)
        return again
    return False


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
        self._temporary = ""
        if configured_api():
            os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
            return
        home = self._home()
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}/api"
        for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
            del os.environ[name]  # of a user's own server: its database, its password
        os.environ |= _QUIET | {
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": self.url,  # before prefect is imported and reads its settings
            "PREFECT_LOGGING_TO_API_ENABLED": "false",  # nobody will read them there
            PRIVATE: self.url,
        }
        # Who waits at a terminal reads the line and calls again; a night on a server has nobody.
        os.environ.setdefault("VITRINE_RETRY_DELAYS", "none")
        self._server = self._started(port, home)
        atexit.register(self.stop)

    def _started(self, port: int, home: Path) -> "subprocess.Popen[bytes]":
        services = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _SERVICES_OFF}
        with (home / "vitrine-api.log").open("wb") as said:
            return children().start(
                [*_SERVER, str(os.getpid()), "--host", "127.0.0.1", "--port", str(port)],
                env=os.environ
                | services
                | {"PREFECT_UI_ENABLED": "false", "PREFECT_SERVER_BLOCKS_REGISTER_ON_START": "false"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    def _home(self) -> Path:
        """Return a folder that can be written, below PREFECT_HOME where that can, else a temporary one."""
        home = prefect_home() / "vitrine"
        try:
            home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=home):
                return home
        except OSError:
            self._temporary = tempfile.mkdtemp(prefix="vitrine-prefect-")
            return Path(self._temporary)

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
                        "Prefect", "its API did not start; see vitrine-api.log in PREFECT_HOME/vitrine"
                    ) from None
                time.sleep(0.05)
        self.seconds_waited = time.monotonic() - begun

    def stop(self) -> None:
        """End the API's process; its database stays in its home, unless that is a temporary one."""
        if self._server is not None:
            children().end(self._server)  # SQLite survives a kill, and a polite stop takes eight seconds
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)


def configured_api() -> str:
    """The API that PREFECT_API_URL names, or the profile that PREFECT_PROFILE names; empty for none."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    if not (profile := os.environ.get("PREFECT_PROFILE")):
        return ""
    try:
        profiles = tomllib.loads((prefect_home() / "profiles.toml").read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return ""
    return str(profiles.get("profiles", {}).get(profile, {}).get("PREFECT_API_URL", ""))


def has_server() -> bool:
    """Whether an API is named that others use too: one of this command alone knows of no other run."""
    return bool(configured_api()) and os.environ.get(PRIVATE) != os.environ.get("PREFECT_API_URL")


def prefect_home() -> Path:
    """Where Prefect keeps its profiles and its database; a user without a home has none."""
    home = os.environ.get("PREFECT_HOME") or os.path.expanduser("~/.prefect")
    return Path(home) if os.path.isabs(home) else Path(os.devnull)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
