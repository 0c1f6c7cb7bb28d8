"""workers/training/resume.py: what lies on disk of a training, and what is refused."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from schemas.errors import CheckpointError
from tests.workers.gloo_workers import together
from tests.workers.training.tiny_training import CPU, SHORT, Run, StoppedError, tiny
from workers.training.resume import STATE, load, newest_whole, save
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import Progress, TrainLoop


def test_a_resumed_training_knows_its_stage_epoch_and_step(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        Run().run(tmp_path, 7)
    again = Run()
    progress = load(tmp_path, again.step)

    step = next(iter(again.train.batches(progress.epoch, progress.step)))
    from_the_start = list(Run().train.batches(2))[progress.step]

    assert (progress.stage, progress.epoch, progress.step) == (1, 2, 2)
    assert again.step.stage == 1
    assert step.photos.tolist() == from_the_start.photos.tolist()
    same, also = step.batch.tensors(), from_the_start.batch.tensors()
    assert all(torch.equal(same[name], also[name]) for name in same)


def test_a_damaged_checkpoint_is_passed_over_for_an_older_one(tmp_path: Path) -> None:
    run = Run()
    folders = [tmp_path / name for name in ("new", "old")]
    for folder in folders:
        folder.mkdir()
        with pytest.raises(StoppedError):
            Run().run(folder, 3)
    whole = (folders[0] / "state.pt").read_bytes()
    (folders[0] / "state.pt").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(CheckpointError, match="no training can go on"):
        load(folders[0], run.step)
    progress = newest_whole(folders, run.step)

    assert progress is not None and (progress.epoch, progress.step) == (1, 3)
    assert newest_whole([tmp_path / "nowhere"], run.step) is None


def test_a_state_of_another_network_is_refused(tmp_path: Path) -> None:
    run = Run()
    save(tmp_path, run.step, run.run(tmp_path))
    other = TrainStep(tiny(words=9), SHORT, CPU)

    with pytest.raises(CheckpointError, match="no training can go on"):
        load(tmp_path, other)


@pytest.mark.parametrize(("before", "stop_after", "now"), [(1, 2, 2), (1, 9, 2), (2, 1, 1), (2, 2, 1)])
def test_another_number_of_workers_goes_on(before: int, stop_after: int, now: int, tmp_path: Path) -> None:
    folder = tmp_path / "training"
    folder.mkdir()
    assert (
        together(before, tmp_path / "before", shared_training, folder, before, stop_after) == [None] * before
    )

    told = together(now, tmp_path / "now", shared_training, folder, now, 0)

    assert all(each == told[0] for each in told)  # the weights, too
    assert told[0]["epochs"] == [1, 2, 3]
    assert all(math.isfinite(loss) for loss in told[0]["losses"])


def shared_training(rank: int, folder: Path, world: int, stop_after: int) -> dict[str, Any] | None:
    """Train a shard from wherever the folder stands; what came of it, or None where it was stopped before."""
    run = Run(replace(SHORT, batch=SHORT.batch // world), photos=48 // world, held_out=8)
    run.step = TrainStep(run.method, SHORT, CPU, world=world, rank=rank)
    run.step.half = False
    loaders = [replace(loader, rank=rank) for loader in run.loaders]
    checkpoints = []

    def save_checkpoint(progress: Progress) -> None:
        checkpoints.append(progress.step)
        if rank == 0:
            save(folder, run.step, progress)
        if len(checkpoints) == stop_after:
            raise StoppedError

    progress = load(folder, run.step) if Path(folder, STATE).exists() else Progress()
    try:
        progress = TrainLoop(
            run.step, *loaders, run.pack, save_checkpoint, run.events.append, 0.0, progress
        ).run()
    except StoppedError:
        return None
    return {
        "epochs": [row["epoch"] for row in progress.history],
        "losses": [row["loss"] for row in progress.history],
        "weights": run.pack(),
    }
