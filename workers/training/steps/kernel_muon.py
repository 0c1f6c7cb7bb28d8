"""Muon for convolution kernels: each step is an orthogonal matrix, whichever way the gradients point most.

Sources: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; a kernel is a matrix, one row
an output channel. Steps are scaled to AdamW's size as in Liu et al., "Muon is scalable for LLM training", 2025.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn

from workers.device import bfloat16_pays
from workers.layers.joined_batch import rank, workers

ITERATIONS = 3  # Newton-Schulz; five, the default, are no better for these kernels and cost two thirds more
AS_ADAMW = 0.2  # root mean square of AdamW's steps, as Liu et al. measured it
LEAST_NORM = 1e-7


class KernelMuon(torch.optim.Muon):
    """torch's Muon, which takes matrices alone, for convolution kernels (O, I, H, W) seen as (O, I H W).

    torch multiplies in bfloat16 everywhere. Where that is emulated, as by most CPUs, it takes fifteen times as long as
    float32, which is more than the network itself (docs/MEASURED.md): there the steps are computed in float32.

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
            if kernel.grad is not None:
                gradient = _matrix(kernel.grad, kernel)
                running = self._renewed(matrix, gradient)
                if owner == rank():
                    self._move(matrix, gradient, running)
        for owner in range(workers()) if workers() > 1 else ():
            _send([matrix for matrix, its in zip(matrices, owners, strict=True) if its == owner], owner)

    def _renewed(self, matrix: Tensor, gradient: Tensor) -> Tensor:
        """The running mean of the matrix's gradients, this one among them; all workers keep it."""
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient, memory_format=torch.preserve_format)
        running: Tensor = state["momentum_buffer"].lerp_(gradient, 1 - self.param_groups[0]["momentum"])
        return running

    def _move(self, matrix: Tensor, gradient: Tensor, running: Tensor) -> None:
        """Shrink the matrix and take the orthogonal step, of Nesterov's mean, as long as AdamW's are."""
        (group,) = self.param_groups
        rate, decay = group["lr"], group["weight_decay"]
        numbers = torch.bfloat16 if bfloat16_pays(matrix.device) else torch.float32
        update = gradient.lerp(running, group["momentum"])
        step = orthogonalised(update.to(numbers), group["ns_coefficients"], group["ns_steps"])
        matrix.mul_(1 - rate * decay)
        matrix.add_(step, alpha=-rate * AS_ADAMW * max(matrix.shape) ** 0.5)


def orthogonalised(matrix: Tensor, coefficients: tuple[float, float, float], iterations: int) -> Tensor:
    """A matrix (M, N) with its singular values near 1, some 0.5 to 1.5, by a quintic Newton-Schulz iteration.

    Source: Jordan et al. 2024; x becomes a x + (b x x' + c (x x')^2) x.
    """
    wide = len(matrix) <= matrix.shape[1]
    x = matrix if wide else matrix.T
    x = x / x.norm().clamp(min=LEAST_NORM)  # no singular value above 1
    a, b, c = coefficients
    for _ in range(iterations):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x if wide else x.T


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
