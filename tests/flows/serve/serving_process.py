"""`vitrine serve` as a process of its own, at a port of its own."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.lake_commands import environment
from tests.flows.processes import ROOT, started

START_S = 120.0


@contextmanager
def serving(lake: Path, log: Path, *words: str, **more: str) -> Iterator[str]:
    """Start it on a lake; yields its address once it answers."""
    command = [sys.executable, "-c", "from flows.cli import main; main()", "serve", "--port", "0"]
    found = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    env = environment(lake, XDG_CACHE_HOME=str(log.parent), PYTHONPATH=found, **more)
    with started([*command, "--lake", str(lake), *words], env, log) as process:
        end = time.monotonic() + START_S
        while True:
            said = [line for line in log.read_text().splitlines() if line.startswith("{")]
            if said:
                break
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield str(json.loads(said[0])["url"])
