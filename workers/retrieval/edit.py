"""Move vectors to where a photo would lie with another colour or pattern, by a method that has learnt to."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from schemas.errors import InputError
from workers.contract import Edits, Method, registry


def edited(
    name: str, method: Method, vectors: NDArray[np.float32], changes: Mapping[str, str]
) -> NDArray[np.float32]:
    """vectors (N, D) -> (N, D), L2 norm 1: each change made after the other.

    name     of the method, for the error
    changes  attribute -> value
    Raises InputError where the method edits nothing, naming those that do, and for an attribute or a value that it has
    not learnt, naming those that it has.
    """
    if not isinstance(method, Edits):
        able = ", ".join(other for other in registry.names() if _edits(other))
        raise InputError(name, f"changes no attribute of a photo; of the methods there are, {able} can")
    with torch.inference_mode():
        moved = torch.from_numpy(vectors).to(next(method.parameters()).device)
        for attribute, value in changes.items():
            moved = method.edit(moved, attribute, value)
        result: NDArray[np.float32] = moved.float().cpu().numpy()
    return result


def _edits(name: str) -> bool:
    made = registry.method_class(name)
    return isinstance(made.__new__(made), Edits)
