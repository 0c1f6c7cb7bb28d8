"""A training as data: stages one after the other, in each of them groups of parameters that step in turn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from workers.contract.training import Training

SAMPLERS = ("words", "photos", "pk", "pairs")  # see workers/data/sampler.py


@dataclass(frozen=True)
class Group:
    """Parameters that one optimiser learns; the others are frozen while it steps.

    optimiser, learning_rate, momentum, weight_decay  see workers/training/optimiser.py
    betas  of adamw
    """

    name: str
    parameters: tuple[nn.Parameter, ...]
    optimiser: str
    learning_rate: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)

    @classmethod
    def of(cls, name: str, parameters: Iterable[nn.Parameter], training: Training, **changes: Any) -> "Group":
        """A group that learns as the training says, but for the changes."""
        group = cls(
            name,
            tuple(parameters),
            training.optimiser,
            training.learning_rate,
            training.momentum,
            training.weight_decay,
        )
        return replace(group, **changes)


@dataclass(frozen=True)
class Stage:
    """Some epochs of one kind.

    name      its `phase` in the history; several stages may share one, as those that alternate do
    epochs    0: the stage is left out
    groups    in every step, each in turn: its loss on the batch, then its optimiser's step
    sampler   words: a word first, then a photo that has it | photos: every photo once an epoch | pk: some products,
              `photos_per_product` photos of each | pairs: two photos of one product, of two domains
    frozen    parts that stay in evaluation mode, so that their batch statistics do not move either
    continues whether its loss is that of the stage before, so that the best weights are the best of both; otherwise
              those of the stage before are forgotten
    """

    name: str
    epochs: int
    groups: tuple[Group, ...]
    sampler: str = "photos"
    photos_per_product: int = 4
    frozen: tuple[nn.Module, ...] = ()
    continues: bool = False


def head_first(
    name: str, head: nn.Module, method: nn.Module, training: Training, sampler: str
) -> list[Stage]:
    """The two stages of most methods: `frozen_epochs` of the head alone, named so, then `epochs` of "all"."""
    alone = Group.of(name, head.parameters(), training)
    everything = Group.of("all", method.parameters(), training)
    return [
        Stage(name, training.frozen_epochs, (alone,), sampler, frozen=(method,)),
        Stage("all", training.epochs, (everything,), sampler, continues=True),
    ]
