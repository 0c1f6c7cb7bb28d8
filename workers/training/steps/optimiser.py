"""Which optimiser learns which parameters, by the name in a Group.

sgd    with momentum
adamw  Loshchilov and Hutter, ICLR 2019
muon   steps of a convolution's kernels are orthogonalised (kernel_muon.py); AdamW learns everything else. A step costs
       more, and a network without pretrained weights needs about half as many (docs/MEASURED.md has the figures)
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from schemas.errors import InputError
from workers.contract import Group
from workers.training.steps.kernel_muon import KernelMuon

NAMES = ("sgd", "adamw", "muon")
REST = 1 / 3  # rate of what AdamW learns beside Muon, as a share of Muon's


class Optimiser:
    """One or more optimisers of torch that step together, each group at its own share of the rate."""

    def __init__(self, parts: Sequence[torch.optim.Optimizer]) -> None:
        self.parts = list(parts)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all parts."""
        return [group for part in self.parts for group in part.param_groups]

    def set_rate(self, rate: float) -> None:
        """Size of the next steps."""
        for group in self.param_groups:
            group["lr"] = rate * group.get("share", 1.0)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def step(self) -> None:
        """One step of every part."""
        for part in self.parts:
            part.step()

    def state_dict(self) -> list[dict[str, Any]]:
        """What a resumed training must know."""
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: Sequence[dict[str, Any]]) -> None:
        """Go on where `state_dict` was taken."""
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def optimiser_of(group: Group) -> Optimiser:
    """The optimiser of a group's parameters. Raises InputError for an unknown kind.

    Weight decay pulls on matrices and kernels only: biases, gains and scales have a meaning at their size.
    """
    kind = group.optimiser
    if kind not in NAMES:
        raise InputError(f"optimiser {kind}", "there are sgd, adamw and muon")
    rate = group.learning_rate
    by_share: dict[float, list[nn.Parameter]] = {}
    for parameter, share in zip(group.parameters, group.shares or [1.0] * len(group.parameters), strict=True):
        by_share.setdefault(share, []).append(parameter)
    rest = [part for share, some in by_share.items() for part in _rest(some, share, group)]
    if kind == "sgd":
        return Optimiser([torch.optim.SGD(rest, lr=rate, momentum=group.momentum, fused=True)])
    optimisers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(rest, lr=rate, betas=group.betas, fused=True)
    ]
    for share, some in by_share.items() if kind == "muon" else ():
        kernels = [parameter for parameter in some if parameter.ndim == 4]
        if kernels:
            optimisers.append(
                KernelMuon(kernels, weight_decay=group.weight_decay, learning_rate=rate, share=share)
            )
    return Optimiser(optimisers)


def _rest(parameters: Sequence[nn.Parameter], share: float, group: Group) -> list[dict[str, Any]]:
    """What Muon does not learn, with weight decay and without."""
    muon = group.optimiser == "muon"
    rest = [parameter for parameter in parameters if not (muon and parameter.ndim == 4)]
    share *= REST if muon else 1.0
    return [
        {"params": [p for p in rest if p.ndim >= 2], "weight_decay": group.weight_decay, "share": share},
        {"params": [p for p in rest if p.ndim < 2], "weight_decay": 0.0, "share": share},
    ]
