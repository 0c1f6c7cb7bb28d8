"""workers/training/resume.py: what lies on disk of a training, and what is refused."""

from pathlib import Path

import pytest
import torch

from schemas.errors import CheckpointError
from tests.workers.training.tiny_training import CPU, SHORT, Run, StoppedError, tiny
from workers.training.resume import load, newest_whole, save
from workers.training.train_step import TrainStep


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
