"""A Prefect server with nothing on it, for tests of what runs on one."""

import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.processes import ROOT, free_port, started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Prefect server; yields the environment that finds it."""
    port = free_port()
    private = (
        "VITRINE_PRIVATE_API",
        "VITRINE_RETRY_DELAYS",
    )  # of this process, where it has an API of its own
    env = {name: value for name, value in os.environ.items() if name not in private} | {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_LOGGING_TO_API_ENABLED": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "VITRINE_HOME": str(ROOT),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--host", "127.0.0.1"]
    command += ["--port", str(port)]
    with started(command, env, tmp_path / "server.log") as process:
        deadline = time.monotonic() + 180
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (
                tmp_path / "server.log"
            ).read_text()
            try:
                urllib.request.urlopen(f"{env['PREFECT_API_URL']}/health", timeout=5).read()
                break
            except OSError:
                time.sleep(0.2)
        yield env
