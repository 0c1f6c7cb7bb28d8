"""Ctrl-C and SIGTERM, as a terminal and a service manager send them: one line, one JSON object, nothing left running.

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
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.flows.processes import ROOT, kill_group, wait_until
from tests.flows.tarpit import tarpit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
LIMIT_S = 10.0
LONG = ["--set", "backbone=resnet18", "--set", "weights=random", "--set", "image_size=64", "--set", "epochs=500",
        "--set", "batch=8"]  # fmt: skip


class Command:
    """A command of ours in a process group of its own, as a shell starts one, with a mark on all it starts."""

    def __init__(self, folder: Path, *words: str, **env: str) -> None:
        self.mark, self.said = uuid4().hex, folder / "said.txt"
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
        found = {}
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
        assert said.splitlines()[-1] == f"vitrine: {error['message']}" and "Traceback" not in said
        wait_until(lambda: not self.marked(), LIMIT_S)  # Ray's workers see a moment later that all is over
        return said


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    started: list[Command] = []

    def start(*words: str, **env: str) -> Command:
        started.append(Command(tmp_path, *words, **env))
        return started[-1]

    yield start
    for each in started:
        kill_group(each.process)
        for pid in each.marked():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def labelled(tmp_path: Path, command: Callable[..., Command]) -> str:
    """A lake with labels of a few imported photos."""
    random, rows = np.random.default_rng(0), []
    for n in range(24):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(file, "JPEG")
        colour, kind = ("red", "blue", "green")[n % 3], ("dress", "shirt")[n % 2]
        rows.append({"product_id": f"p{n}", "title": f"{colour} {kind}", "image": file.getvalue()})
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "shop.parquet")
    lake = str(tmp_path / "lake")
    for words in (("import", str(tmp_path / "shop.parquet"), "--shop", "s"), ("label",)):
        done = command(*words, "--lake", lake)
        done.process.communicate(timeout=200)
        assert done.process.returncode == 0, done.said.read_text()
    return lake


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_crawl_ends_at_once_with_all_it_started(
    signum: signal.Signals, code: int, command: Callable[..., Command], tmp_path: Path
) -> None:
    with tarpit() as hangs:
        crawl = command("crawl", f"one={hangs.url}", f"two={hangs.url}two/", "--lake", str(tmp_path / "lake"))
        wait_until(lambda: len(hangs.held) == 2, 120)  # both hang in the middle of what they ask
        assert sum("crawl_process" in line for line in crawl.marked().values()) == 2

        crawl.end(signum, code)


def test_ctrl_c_ends_a_crawl_that_waits_to_be_tried_again(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    """Prefect waits for the next attempt in a thread that hears nothing."""
    dead = "http://127.0.0.1:9/"
    crawl = command("crawl", f"dead={dead}", "--lake", str(tmp_path / "lake"), VITRINE_RETRY_DELAYS="300")
    wait_until(lambda: "tried again" in crawl.said.read_text(), 120)

    crawl.end(signal.SIGINT, 130)


def test_ctrl_c_while_prefect_starts(command: Callable[..., Command], tmp_path: Path) -> None:
    crawl = command("crawl", "dead=http://127.0.0.1:9/", "--lake", str(tmp_path / "lake"))
    wait_until(lambda: any("private_api" in line for line in crawl.marked().values()), 60)

    crawl.end(signal.SIGINT, 130)


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_training_ends_at_once_with_ray(
    signum: signal.Signals, code: int, command: Callable[..., Command], labelled: str
) -> None:
    train = command("train", "corbiere", *LONG, "--lake", labelled)
    events = "run=*/tensorboard/events.*"
    # A file begins with 88 bytes: one that is larger tells of an epoch that was learnt.
    wait_until(lambda: any(path.stat().st_size > 200 for path in Path(labelled).glob(events)), 300)

    train.end(signum, code)
