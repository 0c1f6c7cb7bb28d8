"""What a method is, and how it is found: the name is the file, the class is `Method`.

Adding a method adds one file under workers/methods; the command line, the tests of the contract and
the score tables follow.
"""

import pkgutil
from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from schemas.errors import InputError, MethodError
from workers.device import sent

_METHODS = Path(__file__).with_name("methods")


@runtime_checkable
class Embeds(Protocol):
    """Every method: a photo becomes a vector."""

    dim: int

    def embed(self, images: Tensor) -> Tensor:
        """images (N, 3, H, W) uint8 -> vectors (N, D) float32, L2 norm 1."""


class Batch(NamedTuple):
    """What one step learns from.

    images    (N, 3, S, S) uint8, or float32 in 0..1 once a method's `augment` has seen them
    words     (N,) int64, the word drawn for each photo
    rows, ids (M,) int64 each: photo rows[m] has the word ids[m]; every true word of every photo, photo by photo
    products  (N,) int64, the product (its near-duplicate group) that the photo shows; equal numbers are one product
    """

    images: Tensor
    words: Tensor
    rows: Tensor
    ids: Tensor
    products: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        return Batch(*(sent(tensor, device) for tensor in self))

    def multi_hot(self, vocabulary: int) -> Tensor:
        """(N, V) bool, true where the photo has the word; built where the batch is."""
        hot = torch.zeros(len(self.words), vocabulary, dtype=torch.bool, device=self.ids.device)
        hot[self.rows, self.ids] = True
        return hot


@runtime_checkable
class Learns(Protocol):
    """A trainable method: its word layer `words` (an nn.Module, parameter 0 is (V, D')) is trained alone first.

    Its Config holds what the trainer reads: image_size (px), batch, epochs, frozen_epochs, optimiser
    (see workers/training/optimiser.py), learning_rate, momentum, weight_decay (not on
    parameters of fewer than 2 dimensions),
    schedule (plateau | cosine), ema (decay of the averaged weights, which are then the ones validated, kept and
    saved; 0: none), seed, sampling ("words": a word first, then a photo that has it | "photos": every photo once
    an epoch), and where it has them, photo_size (px of the photos that `augment` is given, by default image_size)
    and typical (share of a word's typical score that is taken off when words compete to name a photo, see
    workers/training/word_auc.py).
    """

    words: nn.Module

    def augment(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """images (N, 3, S, S) uint8 -> float32 in 0..1, what a photo may look like; in the data path.

        The images are where the module is, the generator is the CPU's.
        """

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Named scalar terms in nats; the trainer minimises their sum and logs each by its name."""

    def word_vectors(self) -> Tensor:
        """(V, D), in the space of embed(): photo and word belong together as far as their inner product is large."""


@runtime_checkable
class KnowsFrequencies(Protocol):
    """A trainable method that wants to know how often each word stands."""

    def count(self, photos: Tensor, of: int) -> None:
        """photos (V,) int64: how many photos have each word, `of` all learnt from. Called before the first batch."""


def photo_size(config: Any) -> int:
    """px of the photos that the method's `augment` is given; never fewer than what it makes of them."""
    return max(int(getattr(config, "photo_size", 0)), int(config.image_size))


def names() -> tuple[str, ...]:
    """Every method there is, by its file name."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(_METHODS)])))


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
