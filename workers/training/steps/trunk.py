"""How the network of a method is computed while a stage learns: folded where it is frozen, compiled where that pays."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import nn

from workers.contract import Method, Stage
from workers.layers.networks.backbone import Backbone
from workers.layers.networks.folding import folded

COMPILED_FROM = (
    1_000_000  # photos to draw in a stage: compiling takes a minute or two, and again for each last batch
)


class StageTrunks:
    """The networks of a method as one stage computes them; outside of `used` they are what they were.

    photos  drawn in the stage, by all workers
    half    whether autocast multiplies in bfloat16
    alone   whether no other worker shares the batch: exchanges within the network cannot be compiled
    """

    def __init__(self, method: Method, stage: Stage, photos: int, *, half: bool, alone: bool) -> None:
        self.instead: list[tuple[Backbone, nn.Module]] = []
        for trunk in (module for module in method.modules() if isinstance(module, Backbone)):
            if _is_frozen(trunk, stage):
                self.instead.append((trunk, folded(trunk.maps, half)))
            elif alone and next(trunk.parameters()).is_cuda and photos >= COMPILED_FROM:
                self.instead.append((trunk, compiled(trunk.maps)))

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within, the method computes by them."""
        for trunk, network in self.instead:
            trunk.use(network)
        try:
            yield
        finally:
            for trunk, _ in self.instead:
                trunk.use(None)


def compiled(maps: nn.Module, backend: str = "inductor") -> nn.Module:
    """The same network, whose steps torch.compile joins; weights and modes stay those of `maps`."""
    return cast(nn.Module, torch.compile(maps, backend=backend, dynamic=False))


def _is_frozen(trunk: Backbone, stage: Stage) -> bool:
    """Whether nothing of it learns, nor moves its batch statistics."""
    learning = {id(parameter) for group in stage.groups for parameter in group.parameters}
    return _within(trunk, stage.frozen) and not any(id(each) in learning for each in trunk.parameters())


def _within(module: nn.Module, parts: Iterable[nn.Module]) -> bool:
    return any(module is each for part in parts for each in part.modules())
