"""First weights from an earlier training, whose vocabulary may have been another one."""

import torch
from torch import Tensor

from schemas.errors import CheckpointError
from workers.contract import LabelSpace, Method, NamesWords
from workers.training.weights.checkpoint import Checkpoint


def warm_start(name: str, method: Method, labels: LabelSpace, parent: Checkpoint) -> None:
    """Give the method the parent's weights: words that it knew keep their rows, new ones stay as initialised.

    labels  the names that the method was built with
    Which tensors have a row per word the method says. Raises CheckpointError where the parent is another method, has
    other shapes, or learnt other categories, attributes or landmarks.
    """
    who = parent.sha256[:12]
    if parent.name != name:
        raise CheckpointError(who, f"was trained as {parent.name}, not {name}")
    for kind in ("categories", "attributes", "landmarks"):
        if getattr(parent.labels, kind) != getattr(labels, kind):
            raise CheckpointError(who, f"learnt other {kind} than this label run has")
    old, new = parent.module.state_dict(), method.state_dict()
    if old.keys() != new.keys():
        other = sorted(old.keys() ^ new.keys())[0]
        raise CheckpointError(who, f"holds another network: {other} is in one of them only")
    per_word = method.per_word if isinstance(method, NamesWords) else frozenset[str]()
    old_row = {word: row for row, word in enumerate(parent.words)}
    rows = [(row, old_row[word]) for row, word in enumerate(labels.words) if word in old_row]
    for key, fresh in new.items():
        first = int(key in per_word)  # the dimension from which shapes must agree
        if old[key].shape[first:] != fresh.shape[first:]:
            shapes = f"{tuple(old[key].shape)}, not {tuple(fresh.shape)}"
            raise CheckpointError(who, f"weights of another shape: {key} is {shapes}")
        _copy(fresh, old[key], rows if key in per_word else None)


@torch.no_grad()
def _copy(fresh: Tensor, old: Tensor, rows: list[tuple[int, int]] | None) -> None:
    """Copy all, or rows (here, there) only."""
    if rows is None:
        fresh.copy_(old)
    elif rows:
        here, there = (torch.tensor(places) for places in zip(*rows, strict=True))
        fresh[here] = old[there].to(fresh.device)
