"""SIGKILL in the middle of a training, its worker's or its driver's: the same checkpoint as undisturbed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from tests.flows.lake_commands import command, environment, vitrine
from tests.flows.processes import kill_group, started

# One core: as many torch threads in every run, or sums are rounded in another order.
ONE_CORE = {"VITRINE_CPUS": "1"}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(3000),
    pytest.mark.usefixtures("prefect_api"),
]
# 190 photos in batches of 16: 12 steps an epoch. A checkpoint after every step, so that each can be the one resumed.
TRAIN = ["train", "corbiere", "--gpus", "0", "--checkpoint-minutes", "0"]
for value in (
    "backbone=resnet18", "weights=random", "image_size=48", "frozen_epochs=1", "epochs=3", "batch=16",
    "optimiser=adamw", "learning_rate=0.001", "ema=0.9", "negatives=40",
):  # fmt: skip
    TRAIN += ["--set", value]


def wait_for(there: Callable[[], Any], process: subprocess.Popen[bytes], log: Path) -> Any:
    """What `there()` returns once it is true, while the process lives."""
    deadline = time.monotonic() + 900
    while not (found := there()):
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, "never under way"
        time.sleep(0.01)
    return found


def resumable(lake: Path, at_least: int) -> Callable[[], bool]:
    """True once a training has gone on for some checkpoints: Ray keeps the newest alone, so names are counted."""
    seen: set[str] = set()

    def there() -> bool:
        seen.update(path.name for path in lake.glob("run=*/training/checkpoint_*"))
        return len(seen) >= at_least

    return there


def train_worker_below(pid: int) -> int:
    """The process of Ray's train worker among the descendants of a process; 0 where there is none."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    for child in parents:
        ancestor = child
        while ancestor in parents and ancestor != pid:
            ancestor = parents[ancestor]
        if ancestor == pid:
            try:
                words = Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if words.startswith("ray::") and "TrainWorker" in words:
                return child
    return 0


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three lakes with the same photos and labels."""
    first = tmp_path_factory.mktemp("calm") / "lake"
    with Mall(MallSpec(products=60, seed=9, shops=("shopify",), size=(160, 200))) as running:
        vitrine(first, "crawl", f"atelier={running.urls[0]}", **ONE_CORE)
    vitrine(first, "label", **ONE_CORE)
    found = {"calm": first}
    for name in ("worker", "driver"):
        found[name] = tmp_path_factory.mktemp(name) / "lake"
        subprocess.run(["cp", "-r", str(first), str(found[name])], check=True)
    return found


@pytest.fixture(scope="module")
def calm(lakes: dict[str, Path]) -> dict[str, Any]:
    return vitrine(lakes["calm"], *TRAIN, **ONE_CORE)


def test_a_killed_worker_is_started_again_and_ends_in_the_same_checkpoint(
    lakes: dict[str, Path], calm: dict[str, Any]
) -> None:
    lake = lakes["worker"]
    log = lake.parent / "log"

    with started(command(lake, *TRAIN), environment(lake, **ONE_CORE), log) as process:
        wait_for(resumable(lake, 15), process, log)
        victim = wait_for(lambda: train_worker_below(process.pid), process, log)
        os.kill(victim, signal.SIGKILL)
        assert process.wait(1200) == 0, log.read_text()[-3000:]

    (trained,) = (run for run in Lake(str(lake)).runs("run") if run.flow == "train")
    assert trained.result["checkpoint"] == calm["checkpoint"]
    assert trained.result["images"] == calm["images"]
    assert 0 < trained.result["resumed_at"] < calm["images"]


def test_a_killed_driver_asked_the_same_again_goes_on_and_ends_in_the_same_checkpoint(
    lakes: dict[str, Path], calm: dict[str, Any]
) -> None:
    lake = lakes["driver"]
    log = lake.parent / "log"
    with started(command(lake, *TRAIN), environment(lake, **ONE_CORE), log) as process:
        wait_for(resumable(lake, 15), process, log)
        kill_group(process)
    (begun,) = lake.glob("run=*/training")

    again = vitrine(lake, *TRAIN, **ONE_CORE)

    assert again["run_id"] in begun.parent.name  # continued, not begun anew
    assert again["checkpoint"] == calm["checkpoint"]
    assert 0 < again["resumed_at"] < calm["images"]
    assert not begun.exists()
