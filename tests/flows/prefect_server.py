"""A Prefect server asked by a test, as a person asks it: through its command line and its API."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from tests.flows.processes import ROOT, wait_until

LIMIT_S = 1200


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
