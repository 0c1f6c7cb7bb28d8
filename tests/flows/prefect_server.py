"""A Prefect server asked by a test, as a person asks it: through its command line and its API."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.flows.processes import ROOT, free_port, started, wait_until

LIMIT_S = 1200


@contextmanager
def serving(folder: Path, **more: str) -> Iterator[dict[str, str]]:
    """A Prefect server whose home and log lie in a folder, told `more`; yields the environment that finds it."""
    port = free_port()
    # Of this process, where it has an API of its own.
    private = ("VITRINE_PRIVATE_API", "VITRINE_RETRY_DELAYS")
    env = {name: value for name, value in os.environ.items() if name not in private} | {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_LOGGING_TO_API_ENABLED": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "VITRINE_HOME": str(ROOT),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--host", "127.0.0.1"]
    command += ["--port", str(port)]
    with started(command, env | more, folder / "server.log") as process:
        deadline = time.monotonic() + 180
        while True:
            said = folder / "server.log"
            assert process.poll() is None and time.monotonic() < deadline, said.read_text()
            try:
                urllib.request.urlopen(f"{env['PREFECT_API_URL']}/health", timeout=5).read()
                break
            except OSError:
                time.sleep(0.2)
        yield env


def prefect(env: Mapping[str, str], *words: str) -> str:
    """Run one command of Prefect's to its end; what it printed."""
    return _ran(env, [sys.executable, "-m", "prefect", *words])


def vitrine(env: Mapping[str, str], *words: str) -> dict[str, Any]:
    """Run one command of ours to its end; its JSON."""
    command = [sys.executable, "-c", "from flows.cli import main; main()", *words, "--json"]
    result: dict[str, Any] = json.loads(_ran(env, command))
    return result


def ask(env: Mapping[str, str], path: str, body: Mapping[str, Any] | None = None) -> Any:
    """POST to the server's API; its answer. A server whose SQLite is busy says 503, and is asked again."""
    request = urllib.request.Request(
        f"{env['PREFECT_API_URL']}/{path}",
        json.dumps(body or {}).encode(),
        {"Content-Type": "application/json"},
    )
    answers: list[Any] = []

    def answered() -> bool:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answers.append(json.loads(answer.read() or "null"))
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
        return bool(answers)

    wait_until(answered, 120)
    return answers[0]


def _ran(env: Mapping[str, str], command: list[str]) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=dict(env), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
