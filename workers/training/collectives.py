"""Numbers and arrays of all workers, on every worker; with one worker they are its own."""

from typing import Any

import torch


def all_reduced(value: float, world: int, device: torch.device, maximum: bool = False) -> float:
    """Sum, or maximum, of a number over all workers."""
    if world == 1:
        return value
    tensor = torch.tensor(value, device=device, dtype=torch.float64)
    how = torch.distributed.ReduceOp.MAX if maximum else torch.distributed.ReduceOp.SUM
    torch.distributed.all_reduce(tensor, how)
    return float(tensor)


def all_gathered(arrays: tuple[Any, ...], world: int) -> list[tuple[Any, ...]]:
    """What every worker has, by rank."""
    if world == 1:
        return [arrays]
    gathered: list[Any] = [None] * world
    torch.distributed.all_gather_object(gathered, arrays)
    return gathered
