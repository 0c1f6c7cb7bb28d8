"""Which optimiser learns which parameters, by the name in a Group.

sgd    with momentum
adamw  Loshchilov and Hutter, ICLR 2019
muon   steps of a convolution's kernels are orthogonalised (Jordan et al., "Muon: an optimizer for hidden layers in
       neural networks", 2024; a kernel as a matrix with one row per output channel), scaled to AdamW's size (Liu
       et al., "Muon is scalable for LLM training", 2025); AdamW learns everything else. A step costs more, and
       a network without pretrained weights needs about half as many (README.md has the figures). Several workers
       orthogonalise a share of the kernels each: that is a third of a step of house.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn

from schemas.errors import InputError
from workers.contract import Group
from workers.layers.joined_batch import rank, workers

NAMES = ("sgd", "adamw", "muon")
ITERATIONS = 3  # Newton-Schulz; five, the default, are no better for these kernels and cost two thirds more
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


class KernelMuon(torch.optim.Muon):
    """torch's Muon, which takes matrices alone, for convolution kernels (O, I, H, W) seen as (O, I H W).

    The matrices share the kernels' memory, so a step changes the kernels themselves. Several workers, whose gradients
    are equal, step each kernel on one of them, which sends it to the others; running means are everybody's, so that
    any number of workers can go on from any worker's state.
    """

    def __init__(
        self,
        kernels: Sequence[nn.Parameter],
        *,
        weight_decay: float,
        learning_rate: float,
        share: float = 1.0,
    ) -> None:
        self.kernels = list(kernels)
        matrices = [nn.Parameter(_matrix(kernel.detach(), kernel)) for kernel in self.kernels]
        super().__init__(
            matrices,
            lr=learning_rate,
            weight_decay=weight_decay,
            ns_steps=ITERATIONS,
            adjust_lr_fn="match_rms_adamw",
        )
        self.param_groups[0]["share"] = share

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the kernels."""
        for kernel in self.kernels:
            kernel.grad = None

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Orthogonalise and take the step; a kernel without a gradient stays."""
        matrices = self.param_groups[0]["params"]
        owners = shared_out([_cost(matrix) for matrix in matrices], workers())
        for kernel, matrix, owner in zip(self.kernels, matrices, owners, strict=True):
            if kernel.grad is None:
                continue
            gradient = _matrix(kernel.grad, kernel)
            if owner == rank():
                matrix.grad = gradient
            else:
                self._remember(matrix, gradient)
        super().step(closure)  # type: ignore[no-untyped-call]
        for matrix in matrices:
            matrix.grad = None
        for owner in range(workers()) if workers() > 1 else ():
            _send([matrix for matrix, its in zip(matrices, owners, strict=True) if its == owner], owner)

    def _remember(self, matrix: Tensor, gradient: Tensor) -> None:
        """Renew a matrix's running mean as torch.optim.Muon does, without a step."""
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient, memory_format=torch.preserve_format)
        state["momentum_buffer"].lerp_(gradient, 1 - self.param_groups[0]["momentum"])


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


def _matrix(values: Tensor, kernel: Tensor) -> Tensor:
    """Values (O, I, H, W) as (O, I H W), columns in the order in which `kernel` lies in memory."""
    if kernel.is_contiguous():
        return values.reshape(len(values), -1)
    return values.permute(0, 2, 3, 1).reshape(len(values), -1)


def shared_out(costs: Sequence[int], among: int) -> list[int]:
    """Which of so many workers takes each piece of work: the dearest first, each to whoever has least so far."""
    loads, owners = [0] * among, [0] * len(costs)
    for number in sorted(range(len(costs)), key=lambda n: (-costs[n], n)):
        owners[number] = loads.index(min(loads))
        loads[owners[number]] += costs[number]
    return owners


def _cost(matrix: Tensor) -> int:
    """What orthogonalising takes, in multiplications, but for a factor."""
    short, long = sorted(matrix.shape)
    return short * short * long


def _send(matrices: Sequence[Tensor], owner: int) -> None:
    """Give every worker the matrices of one, in a single message."""
    if not matrices:
        return
    message = torch.cat([matrix.reshape(-1) for matrix in matrices])
    torch.distributed.broadcast(message, owner)
    if rank() == owner:
        return
    parts = torch.split(message, [matrix.numel() for matrix in matrices])
    for matrix, values in zip(matrices, parts, strict=True):
        matrix.copy_(values.view_as(matrix))
