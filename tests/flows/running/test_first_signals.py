"""flows/running/first_signals.py: a command that is ended while Python still imports for it says so."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.flows.processes import ROOT

# Signals itself at the moment when the first module of weight is asked for.
PROGRAM = """
import os, sys
from flows.cli import main

class Signal:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {signum})

sys.meta_path.insert(0, Signal())
main()
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["typer", "rich", "flows.queries.runs"])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_signal_while_python_imports_is_answered(
    signum: signal.Signals, module: str, as_json: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module, signum=int(signum)), "runs"]
        + (["--json"] if as_json else []),
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 128 + signum
    (line,) = done.stderr.splitlines()
    assert line.startswith("vitrine: interrupted; ")
    said = {"error": {"type": "Interrupted", "message": line.removeprefix("vitrine: ")}}
    assert (json.loads(done.stdout) if as_json else done.stdout) == (said if as_json else "")
