"""Seconds of one `vitrine search` in a shell that has just been opened: a process of its own, on Milvus Lite."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.flows.processes import ROOT
from tests.flows.published_lake import publish_small
from tests.workers.report.small_lake import SmallLake

VITRINE = [sys.executable, "-c", "from flows.cli import main; main()"]


def options(parser: argparse.ArgumentParser) -> None:
    """Add this part's options."""
    parser.add_argument(
        "--lake", help="a lake with a published index; without one a small one is made, for words alone"
    )
    parser.add_argument("--photo", help="a photo to search with; needs --lake")


def measure(given: argparse.Namespace) -> None:
    """Print the seconds of the clock and of the processor, of three searches each."""
    with tempfile.TemporaryDirectory() as folder:
        lake = given.lake
        if not lake:
            small = SmallLake(Path(folder, "lake"))
            publish_small(small)
            lake = small.lake.uri
        _tell("by words", ["search", "--words", "red dress", "--lake", lake])
        if given.photo:
            _tell("by photo", ["search", given.photo, "--lake", lake])


def _tell(name: str, words: list[str]) -> None:
    for _ in range(3):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [*VITRINE, *words], cwd=ROOT, env=dict(os.environ), check=True, stdout=subprocess.DEVNULL
        )
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{name}: {wall:.1f} s, of the processor {busy:.1f} s", flush=True)
