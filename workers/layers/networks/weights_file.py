"""A state dict on disk, read without running code."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from schemas.errors import CheckpointError

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


def read(path: str, expected: str = "") -> tuple[Mapping[str, Any], str]:
    """The state dict of a file that torch wrote, on the CPU, and its SHA-256.

    expected  SHA-256 that it must have; empty: any
    Raises CheckpointError where there is no such file, it has another hash, or holds anything else.
    """
    try:
        sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        why = "no such weights file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise CheckpointError(path, why) from None
    if expected and sha256 != expected:
        raise CheckpointError(path, f"its bytes hash to {sha256[:12]}, not {expected[:12]}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise CheckpointError(path, f"is no state dict ({type(error).__name__})") from error
    if not isinstance(state, Mapping):
        raise CheckpointError(path, f"is no state dict ({type(state).__name__})")
    return state, sha256
