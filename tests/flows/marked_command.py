"""A command of ours in a process group of its own, interrupted as a terminal and a service manager do it.

A terminal sends Ctrl-C to the whole process group, so that is what is done here. What is left is looked for by pid
among all processes of this machine that bear the command's mark in their environment, in whatever session they are.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.flows.processes import ROOT, kill_group, wait_until

LIMIT_S = 10.0


class Command:
    """A command of ours in a process group of its own, as a shell starts one, with a mark on all it starts."""

    def __init__(self, folder: Path, *words: str, **env: str) -> None:
        self.mark = uuid4().hex
        self.said = folder / f"{self.mark}.txt"
        ours = ("PREFECT_API_URL", "VITRINE_PRIVATE_API", "VITRINE_RETRY_DELAYS")
        base = {name: value for name, value in os.environ.items() if name not in ours}
        base |= {"PYTHONPATH": str(ROOT), "PREFECT_HOME": str(folder / "prefect"), "TEST_MARK": self.mark}
        program = [sys.executable, "-c", "from flows.cli import main; main()", *words, "--json"]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                program, cwd=ROOT, env=base | env, stdout=subprocess.PIPE, stderr=said, start_new_session=True
            )

    def marked(self) -> dict[int, str]:
        """Every process that still runs and bears the mark, by pid: its command line."""
        found = orphans(self.process.pid)
        for place in Path("/proc").iterdir():
            if place.name.isdecimal():
                try:
                    if f"TEST_MARK={self.mark}".encode() in (place / "environ").read_bytes():
                        found[int(place.name)] = (
                            (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:150]
                        )
                except OSError:
                    continue
        return found

    def end(self, signum: signal.Signals, code: int) -> str:
        """Signal the group, check what is said and left; returns stderr."""
        assert self.process.poll() is None, self.said.read_text()
        before = len(self.marked())
        begun = time.monotonic()
        os.killpg(self.process.pid, signum)
        out = self.process.communicate(timeout=60)[0].decode()
        took = time.monotonic() - begun
        said = self.said.read_text()
        assert self.process.returncode == code, said
        assert before > 1 and took < LIMIT_S, (took, said)
        error = json.loads(out)["error"]  # one JSON object, and nothing else
        assert error["type"] == "Interrupted" and "continues" in error["message"]
        assert said.splitlines()[-1] == f"vitrine: {error['message']}" and "Traceback" not in said, said
        # Ray's workers see a moment later that all is over.
        wait_until(lambda: not self.marked(), LIMIT_S, left=self.marked)
        return said

    def done(self) -> None:
        """Wait for its end, which is to be a good one."""
        self.process.communicate(timeout=300)
        assert self.process.returncode == 0, self.said.read_text()

    def kill(self) -> None:
        """End it and all that it started, whatever is left of it."""
        kill_group(self.process)
        for pid in self.marked():
            os.kill(pid, signal.SIGKILL)


def orphans(session: int) -> dict[int, str]:
    """Processes of a session that belong to nobody, by pid: their names, which stand where their environment stood.

    Ray's agents name themselves so, and stay for a while when the raylet of another test was killed.
    """
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                name = (place / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace")
                orphaned = "\nPPid:\t1\n" in (place / "status").read_text()
                if name.startswith("ray::") and orphaned and os.getsid(int(place.name)) == session:
                    found[int(place.name)] = name
            except OSError:
                continue
    return found


def catalogue(folder: Path, products: int = 24) -> str:
    """Write a product file of a few words and two photos a product; returns its path."""
    random, rows = np.random.default_rng(0), []
    for photo in range(2 * products):
        file, n = io.BytesIO(), photo // 2
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(file, "JPEG")
        colour, kind = ("red", "blue", "green")[n % 3], ("dress", "shirt")[n % 2]
        rows.append({"product_id": f"p{n}", "title": f"{colour} {kind}", "image": file.getvalue()})
    pq.write_table(pa.Table.from_pylist(rows), folder / "shop.parquet")
    return str(folder / "shop.parquet")
