"""Weights on disk: one safetensors file, named by its hash, that says what it is.

safetensors holds names, shapes and numbers and no code; its header also carries the method, its
Config and the vocabulary, so that a checkpoint needs no other file to be used.
"""

import hashlib
import json
import struct
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

import pyarrow.fs as pafs
import torch
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import nn

from schemas.errors import CheckpointError
from workers import method as methods


@dataclass(frozen=True)
class Checkpoint:
    """A trained method, ready to use.

    sha256   identity of the weights file
    module   the method itself, in eval mode
    name     file name of the method
    words    its vocabulary, index = row of the word layer
    config   its Config
    origin   where the first weights came from: random | torchvision:... | file:<sha256>
    """

    sha256: str
    module: nn.Module
    name: str
    words: tuple[str, ...]
    config: Any
    origin: str


def pack(name: str, module: nn.Module, config: Any, words: tuple[str, ...], origin: str) -> bytes:
    """The file's bytes. Equal weights, config and vocabulary give equal bytes."""
    about = {"method": name, "config": asdict(config), "words": list(words), "origin": origin}
    state = {key: value.detach().cpu().contiguous() for key, value in sorted(module.state_dict().items())}
    return bytes(write_tensors(state, {"vitrine": json.dumps(about, sort_keys=True, ensure_ascii=False)}))


def unpack(data: bytes, what: str, expected: str = "") -> Checkpoint:
    """The checkpoint in these bytes, on the CPU.

    what      how the user called it, for the error's words
    expected  SHA-256 it must have, empty for any
    Raises CheckpointError where the bytes are no checkpoint of ours, another one, or of another shape.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if expected and sha256 != expected:
        raise CheckpointError(what, f"its bytes hash to {sha256[:12]}, not {expected[:12]}")
    try:
        header = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
        about = json.loads(header["__metadata__"]["vitrine"])
        state = read_tensors(data)
    except Exception as error:
        raise CheckpointError(what, f"is no vitrine checkpoint ({type(error).__name__})") from error
    config = methods.config_of(
        about["method"], about["config"] | ({"weights": "random"} if "weights" in about["config"] else {})
    )
    module = methods.build(about["method"], config, len(about["words"]))
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(
            what, f"weights of another shape: {str(error).splitlines()[-1].strip()}"
        ) from error
    return Checkpoint(sha256, module.eval(), about["method"], tuple(about["words"]), config, about["origin"])


def untrained(name: str, changes: dict[str, object] | None = None, words: tuple[str, ...] = ()) -> Checkpoint:
    """A method as its Config initialises it; for methods without weights, all there is."""
    config = methods.config_of(name, changes)
    module = methods.build(name, config, len(words))
    origin = getattr(getattr(module, "trunk", None), "origin", "no weights")
    if not module.state_dict():
        return Checkpoint("none", module.eval(), name, words, config, origin)
    data = pack(name, module, config, words, origin)
    return Checkpoint(hashlib.sha256(data).hexdigest(), module.eval(), name, words, config, origin)


def on_device(module: nn.Module, device: str | torch.device) -> nn.Module:
    """The module where it will run, in the memory layout that convolutions like."""
    placed: nn.Module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed.to(torch.device(device))


def load(filesystem: pafs.FileSystem, path: str) -> Checkpoint:
    """The checkpoint at `path`; its file name is its hash, and is checked."""
    with filesystem.open_input_stream(path) as stream:
        return unpack(stream.read(), path, PurePosixPath(path).stem)
