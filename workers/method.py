"""What a method is, and how it is found: the name is the file, the class is `Method`.

Adding a method adds one file under workers/methods; the command line, the tests of the contract and
the score tables follow.
"""

import pkgutil
from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

import workers.methods
from schemas.errors import InputError, MethodError


@runtime_checkable
class Embeds(Protocol):
    """Every method: a photo becomes a vector."""

    dim: int

    def embed(self, images: Tensor) -> Tensor:
        """images (N, 3, H, W) uint8 -> vectors (N, D) float32, L2 norm 1."""


@runtime_checkable
class LearnsWords(Protocol):
    """A method trained on words: its word layer lies in the space of its vectors."""

    def loss(self, images: Tensor, words: Tensor, bags: Tensor) -> Tensor:
        """Scalar in nats; see the method's own docstring for the arguments."""

    def word_vectors(self) -> Tensor:
        """(V, D): photo and word belong together as far as their inner product is large."""


def names() -> tuple[str, ...]:
    """Every method there is, by its file name."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(workers.methods.__path__)))


def config_of(name: str, changes: Mapping[str, object] | None = None) -> Any:
    """The method's Config with some values changed. Raises MethodError, or InputError for an unknown value.

    Text is converted to the type of the value it replaces, so that `--set batch=64` works.
    """
    if name not in names():
        raise MethodError(name, names())
    config = import_module(f"workers.methods.{name}").Config
    known = {field.name: field for field in fields(config)}
    values: dict[str, object] = {}
    for key, value in (changes or {}).items():
        if key not in known:
            raise InputError(f"{name} has no setting {key}", f"it has {', '.join(known)}")
        values[key] = _convert(f"{name} {key}", value, known[key].default)
    return config(**values)


def build(name: str, config: Any, words: int) -> nn.Module:
    """The method with fresh weights; `words` is the size of its vocabulary."""
    if name not in names():
        raise MethodError(name, names())
    method: nn.Module = import_module(f"workers.methods.{name}").Method(config, words)
    return method


def _convert(what: str, value: object, default: object) -> object:
    if not isinstance(value, str) or isinstance(default, str):
        return value
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[value.lower()]
        return type(default)(value)  # type: ignore[call-arg]
    except (ValueError, KeyError):
        raise InputError(what, f"{value!r} is no {type(default).__name__}") from None
