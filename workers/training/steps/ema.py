"""An exponential moving average of weights, kept beside those that learn.

Source: Polyak averaging as in Tarvainen and Valpola, NeurIPS 2017; the decay grows from 0.1 so that the
first weights, which know nothing, are soon forgotten.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class WeightAverage:
    """Averaged parameters and buffers of a module; `decay` 0 averages nothing and costs nothing."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module, self.decay, self.updates = module, decay, 0
        self.shadow = {name: tensor.clone() for name, tensor in self._live().items()} if decay else {}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are now."""
        if not self.decay:
            return
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        live = self._live()
        torch._foreach_lerp_(list(self.shadow.values()), [live[name] for name in self.shadow], 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within, the module holds the averaged weights."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training must know."""
        return {"updates": self.updates, "shadow": self.shadow}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.updates = state["updates"]
        for name, tensor in state["shadow"].items():
            self.shadow[name].copy_(tensor)

    def _live(self) -> dict[str, Tensor]:
        return {
            name: tensor for name, tensor in self.module.state_dict().items() if tensor.is_floating_point()
        }

    @torch.no_grad()
    def _swap(self) -> None:
        for name, tensor in self._live().items() if self.shadow else ():
            kept = tensor.clone()
            tensor.copy_(self.shadow[name])
            self.shadow[name].copy_(kept)
