"""Back towards the first weights after fine-tuning, which keeps more of what they knew of other photos.

Source: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, equation 1.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from workers.layers.networks.backbone import Backbone


class FirstWeights:
    """The weights that the backbones of a method have now, to be mixed into those that they will have learnt.

    share  of the first weights, 0..1; 0 keeps nothing and costs nothing
    Statistics of batch norms are mixed as the weights are. What is no backbone began without knowing anything, and
    stays as it has been learnt.
    """

    def __init__(self, method: nn.Module, share: float) -> None:
        self.share = share
        self.backbones = [part for part in method.modules() if isinstance(part, Backbone)] if share else []
        self.first = [tensor.clone() for tensor in self._live()]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within, the method's backbones hold the mixed weights."""
        learnt = [tensor.clone() for tensor in self._live()]
        with torch.no_grad():
            for tensor, first in zip(self._live(), self.first, strict=True):
                tensor.lerp_(first, self.share)
        try:
            yield
        finally:
            with torch.no_grad():
                for tensor, kept in zip(self._live(), learnt, strict=True):
                    tensor.copy_(kept)

    def _live(self) -> list[Tensor]:
        states = (backbone.state_dict() for backbone in self.backbones)
        return [tensor for state in states for tensor in state.values() if tensor.is_floating_point()]
