"""Commands on a lake of their own, as a user gives them, with Prefect's home beside the lake."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.flows.processes import ROOT, kill_group, wait_until


def command(lake: Path, *words: str) -> list[str]:
    """The words of a process that runs one command."""
    return [sys.executable, "-c", "from flows.cli import main; main()", *words, "--lake", str(lake), "--json"]


def environment(lake: Path, **more: str) -> dict[str, str]:
    """What such a process needs to be told, and `more`."""
    ours = {"PREFECT_HOME": str(lake.parent / "prefect"), "PYTHONPATH": str(ROOT)}
    return os.environ | ours | more


def vitrine(lake: Path, *words: str, **more: str) -> dict[str, Any]:
    """One command to its end; its JSON. `more` is added to its environment."""
    done = subprocess.run(
        command(lake, *words),
        cwd=ROOT,
        env=environment(lake, **more),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def killed(lake: Path, under_way: Callable[[], bool], *words: str) -> None:
    """One command, SIGKILLed with all it started as soon as `under_way()`."""
    said = lake.parent / "killed.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            command(lake, *words),
            cwd=ROOT,
            env=environment(lake),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def is_time() -> bool:
        assert process.poll() is None, said.read_text()[-3000:]
        return under_way()

    try:
        wait_until(is_time, 300)
    finally:
        kill_group(process)
