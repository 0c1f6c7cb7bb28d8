"""The command line as a user starts it: a process of its own, from the sources of this tree."""

import os
import subprocess
import sys

from tests.flows.processes import ROOT


def vitrine(*words: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in a terminal 140 columns wide."""
    return _python("from flows.cli import main; main()", *words)


def imported_by(*words: str) -> set[str]:
    """Top-level modules in memory when one command has ended, refused or not."""
    ask = "import atexit, sys; atexit.register(lambda: print('MODULES', *sys.modules, file=sys.stderr)); "
    done = _python(ask + "from flows.cli import main; main()", *words)
    return {name.partition(".")[0] for name in done.stderr.rpartition("MODULES")[2].split()}


def _python(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "140"}
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
    )
