"""A training as data: stages one after the other, in each of them groups of parameters that step in turn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from workers.contract.training import Training

SETTLING = "settling"
SETTLING_RATE = 1e-3  # of AdamW
SAMPLERS = ("words", "photos", "pk", "pairs")  # see workers/data/sampler.py


@dataclass(frozen=True)
class Group:
    """Parameters that one optimiser learns; the others are frozen while it steps.

    optimiser, learning_rate, momentum, weight_decay  see workers/training/steps/optimiser.py
    betas   of adamw
    shares  of the rate, one per parameter; empty: all of it for each
    """

    name: str
    parameters: tuple[nn.Parameter, ...]
    optimiser: str
    learning_rate: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    shares: tuple[float, ...] = ()

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
    whole     whether its photos come whole, as they are embedded, and not through `augment`
    continues whether its loss is that of the stage before, so that the best weights are the best of both; otherwise
              those of the stage before are forgotten
    """

    name: str
    epochs: int
    groups: tuple[Group, ...]
    sampler: str = "photos"
    photos_per_product: int = 4
    frozen: tuple[nn.Module, ...] = ()
    whole: bool = False
    continues: bool = False


def head_first(
    name: str,
    head: nn.Module,
    method: nn.Module,
    training: Training,
    sampler: str,
    depths: Sequence[nn.Module] = (),
) -> list[Stage]:
    """The stages of most methods: `frozen_epochs` of the head alone, named so, `epochs` of "all", and SETTLING.

    depths  parts of the method from the input up, of which the first may stay as they are and rates may fall with depth
    In SETTLING the head alone learns once more, for `settling_epochs`: it has learnt from crops and from a network that
    moved, and is asked about whole photos behind one that stands.
    """
    alone = Group.of(name, head.parameters(), training)
    settling = replace(alone, optimiser="adamw", learning_rate=SETTLING_RATE)
    still = tuple(depths[: training.frozen_depths or 0])
    fixed = {parameter for part in still for parameter in part.parameters()}
    learnt = tuple(parameter for parameter in method.parameters() if parameter not in fixed)
    decay = 1.0 if training.layer_decay is None else training.layer_decay
    shares = shares_by_depth(learnt, depths, decay) if decay != 1 else ()
    everything = Group.of("all", learnt, training, shares=shares)
    stages = [
        Stage(name, training.frozen_epochs, (alone,), sampler, frozen=(method,)),
        Stage("all", training.epochs, (everything,), sampler, frozen=still, continues=True),
    ]
    if training.settling_epochs:
        stages.append(
            Stage(SETTLING, training.settling_epochs, (settling,), sampler, frozen=(method,), whole=True)
        )
    return stages


def shares_by_depth(
    parameters: Sequence[nn.Parameter], depths: Sequence[nn.Module], decay: float
) -> tuple[float, ...]:
    """Each parameter's share of the rate: `decay` for the last of the depths, its square for the one before it, ...

    Parameters of none of them are above all depths: 1. Source: Bao et al., "BEiT", ICLR 2022, appendix.
    """
    below_head = {
        parameter: len(depths) - number
        for number, part in enumerate(depths)
        for parameter in part.parameters()
    }
    return tuple(decay ** below_head.get(parameter, 0) for parameter in parameters)
