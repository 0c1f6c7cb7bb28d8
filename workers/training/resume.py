"""A training on disk: what a killed run needs to go on as if nothing had happened.

A folder with `state.pt` (method, optimisers, averaged weights, schedule, position, history, random states;
read without running code) and, once there is a best, `checkpoint.safetensors` with the best weights so far.
"""

import random
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from schemas.errors import CheckpointError
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import Progress

STATE, BEST = "state.pt", "checkpoint.safetensors"


def save(folder: str | Path, train_step: TrainStep | None, progress: Progress) -> None:
    """Write both files; train_step is None for a method that takes no steps."""
    state: dict[str, Any] = {"progress": progress.state_dict()}
    if train_step:
        state |= {"train_step": train_step.state_dict(), "random": _random_states(train_step.device)}
    torch.save(state, Path(folder, STATE))
    if progress.best:
        Path(folder, BEST).write_bytes(progress.best)


def load(folder: str | Path, train_step: TrainStep | None) -> Progress:
    """Put the train step where it was, and return how far it had come: the next stage, epoch and step.

    Raises CheckpointError where the files are damaged or of another network.
    """
    try:
        state = torch.load(Path(folder, STATE), map_location="cpu", weights_only=True)
        if train_step:
            train_step.load_state_dict(state["train_step"])
        best = Path(folder, BEST)
        progress = Progress(**state["progress"], best=best.read_bytes() if best.exists() else b"")
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise CheckpointError(
            str(folder), f"no training can go on from it ({str(error).splitlines()[0]})"
        ) from error
    if train_step:
        _set_random_states(state["random"], train_step.device)
    return progress


def newest_whole(folders: Iterable[str | Path], train_step: TrainStep | None) -> Progress | None:
    """Go on from the first of these that is whole; None where none is."""
    for folder in folders:
        try:
            return load(folder, train_step)
        except CheckpointError:
            continue
    return None


def _random_states(device: torch.device) -> dict[str, Any]:
    """Steps seed torch themselves; kept for whatever a method draws outside of them."""
    states: dict[str, Any] = {"torch": torch.get_rng_state(), "python": random.getstate()}
    return states | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def _set_random_states(states: dict[str, Any], device: torch.device) -> None:
    torch.set_rng_state(states["torch"])
    random.setstate(states["python"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
