"""First weights from an earlier training, whose vocabulary may have been another one."""

from typing import Any

import torch
from torch import Tensor, nn

from schemas.errors import CheckpointError
from workers import method as methods
from workers.training.checkpoint import Checkpoint


def inherit(name: str, module: nn.Module, config: Any, words: tuple[str, ...], parent: Checkpoint) -> None:
    """Give `module` the parent's weights: words known before keep their rows, new ones stay as initialised.

    Which tensors have a row per word is asked of the method: they grow when it is built with a word more.
    Raises CheckpointError where the parent is another method or has other shapes.
    """
    if parent.name != name:
        raise CheckpointError(parent.sha256[:12], f"was trained as {parent.name}, not {name}")
    changes = {"weights": "random"} if hasattr(config, "weights") else {}
    larger = methods.build(name, methods.config_of(name, vars(config) | changes), len(words) + 1).state_dict()
    before, now = parent.module.state_dict(), module.state_dict()
    if before.keys() != now.keys():
        other = sorted(before.keys() ^ now.keys())[0]
        raise CheckpointError(parent.sha256[:12], f"holds another network: {other} is in one of them only")
    number = {word: row for row, word in enumerate(parent.words)}
    kept = [(row, number[word]) for row, word in enumerate(words) if word in number]
    for key, fresh in now.items():
        grows = larger[key].shape != fresh.shape
        if (before[key].shape[1:] if grows else before[key].shape) != (
            fresh.shape[1:] if grows else fresh.shape
        ):
            shapes = f"{tuple(before[key].shape)}, not {tuple(fresh.shape)}"
            raise CheckpointError(parent.sha256[:12], f"weights of another shape: {key} is {shapes}")
        _copy(fresh, before[key], kept if grows else None)


@torch.no_grad()
def _copy(fresh: Tensor, old: Tensor, kept: list[tuple[int, int]] | None) -> None:
    if kept is None:
        fresh.copy_(old)
    elif kept:
        here, there = (torch.tensor(rows) for rows in zip(*kept, strict=True))
        fresh[here] = old[there].to(fresh.device)
