"""Weights on disk: one safetensors file, named by its hash, that says what it is.

safetensors holds names, shapes and numbers and no code; its header also carries the method, its
settings and the names it learnt, so that a checkpoint needs no other file to be used.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pyarrow.fs as pafs
import torch
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors

from schemas.errors import CheckpointError
from workers.contract import NO_LABELS, LabelSpace, Method, registry


@dataclass(frozen=True)
class Checkpoint:
    """A trained method, ready to use.

    sha256    identity of the weights file; "none" for a method without weights
    module    the method itself, in eval mode
    settings  its name, Config and Training
    labels    the names it knows, index = row of the output
    origin    where the first weights came from: random | torchvision:... | file:<sha256>
    """

    sha256: str
    module: Method
    settings: registry.Settings
    labels: LabelSpace
    origin: str

    @property
    def name(self) -> str:
        """File name of the method."""
        return self.settings.method

    @property
    def words(self) -> tuple[str, ...]:
        """Its vocabulary, index = row of the word layer."""
        return self.labels.words

    @property
    def config(self) -> Any:
        """Its Config."""
        return self.settings.config


def pack(module: Method, settings: registry.Settings, labels: LabelSpace, origin: str) -> bytes:
    """The file's bytes. Equal weights, settings and names give equal bytes."""
    about = {"method": settings.method, "config": settings.flat(), "origin": origin} | labels.stored()
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
    settings = registry.settings_of(about["method"], registry.with_weights_replaced(about["config"]))
    labels = LabelSpace.restored(about)
    module = registry.build(settings, labels)
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(
            what, f"weights of another shape: {str(error).splitlines()[-1].strip()}"
        ) from error
    return _ready(sha256, module, settings, labels, about["origin"])


def untrained(
    name: str, changes: Mapping[str, object] | None = None, labels: LabelSpace = NO_LABELS
) -> Checkpoint:
    """A method as its Config initialises it; for methods without weights, all there is."""
    settings = registry.settings_of(name, changes)
    module = registry.build(settings, labels)
    sha256 = "none"
    if module.state_dict():
        sha256 = hashlib.sha256(pack(module, settings, labels, module.origin)).hexdigest()
    return _ready(sha256, module, settings, labels, module.origin)


def _ready(
    sha256: str, module: Method, settings: registry.Settings, labels: LabelSpace, origin: str
) -> Checkpoint:
    module.eval()
    return Checkpoint(sha256, module, settings, labels, origin)


def on_device(module: Method, device: str | torch.device) -> Method:
    """The method where it will run, in the memory layout that convolutions like."""
    placed: Method = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed.to(torch.device(device))


def load(filesystem: pafs.FileSystem, path: str) -> Checkpoint:
    """The checkpoint at `path`; its file name is its hash, and is checked."""
    with filesystem.open_input_stream(path) as stream:
        return unpack(stream.read(), path, PurePosixPath(path).stem)
