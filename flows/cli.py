"""The console script: signals are answered before anything heavy is imported, then a command is called."""

import os
import sys
from pathlib import Path

from flows.running import first_signals


def main() -> None:
    """Entry point of the console script."""
    first_signals.answer(as_json="--json" in sys.argv)
    _root_first()
    _wait_passively()
    from flows.command_files import run  # typer and rich: half of a second

    sys.exit(run(sys.argv[1:]))


def _wait_passively() -> None:
    """Let torch's threads sleep while they wait for each other, unless the environment says otherwise.

    By default they spin (libgomp reads this once, when torch is imported): as soon as another process wants a core,
    the one that computes waits for the one that spins, and training takes five times as long. Ray's workers get it
    from infra/ray_runtime/cluster.py.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _root_first() -> None:
    """Put the repository before site-packages, so that no installed package can shadow ours."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
