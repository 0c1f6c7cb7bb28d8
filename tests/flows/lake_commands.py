"""Commands on a lake of their own, as a user gives them; Prefect is the tests', where the environment names it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.flows.processes import ROOT, kill_group, wait_until


@dataclass(frozen=True)
class StoredLake:
    """A lake in an object store; what its commands need on this machine lies in `parent`, as beside a folder."""

    uri: str
    parent: Path

    def __str__(self) -> str:
        return self.uri

    @property
    def milvus(self) -> Path:
        """Its Milvus Lite directory."""
        return self.parent / "milvus.db"

    @property
    def told(self) -> dict[str, str]:
        """What the environment of its commands says of it."""
        return {"VITRINE_MILVUS_URI": str(self.milvus), "XDG_STATE_HOME": str(self.parent / "state")}


AnyLake = Path | StoredLake


def command(lake: AnyLake, *words: str) -> list[str]:
    """The words of a process that runs one command."""
    return [sys.executable, "-c", "from flows.cli import main; main()", *words, "--lake", str(lake), "--json"]


def environment(lake: AnyLake, **more: str) -> dict[str, str]:
    """What such a process needs to be told, and `more`."""
    ours = {"PYTHONPATH": str(ROOT)}
    if "PREFECT_API_URL" not in os.environ:
        ours["PREFECT_HOME"] = str(lake.parent / "prefect")
    stored = lake.told if isinstance(lake, StoredLake) else {}
    return os.environ | ours | stored | more


def vitrine(lake: AnyLake, *words: str, **more: str) -> dict[str, Any]:
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


def killed(lake: AnyLake, under_way: Callable[[], bool], *words: str) -> None:
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
        wait_until(is_time, 900)
    finally:
        kill_group(process)
