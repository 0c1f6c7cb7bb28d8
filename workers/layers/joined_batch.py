"""A batch that lies on several workers, seen as one: sums over it, and its rows side by side, both with gradients.

What a method takes from its batch as a whole (statistics of batch normalisation, running means, pairs of photos) is
then the same on several workers as on one with the joined batch. While a method is judged its workers may have
different numbers of batches and must not wait for each other: all of this is for training alone. A gradient is summed
over the workers on its way back, and DistributedDataParallel takes the mean of what arrives at the parameters, which
is the gradient of the mean of the workers' losses.
"""

from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


def workers() -> int:
    """How many workers share a batch; 1 outside a process group."""
    there = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if there else 1


def rank() -> int:
    """Which of the workers this is, from 0."""
    return torch.distributed.get_rank() if workers() > 1 else 0


def summed(values: Tensor) -> Tensor:
    """Sum a tensor of one shape over all workers."""
    return values if workers() == 1 else _applied(_Summed, values)


def joined(rows: Tensor) -> Tensor:
    """Join rows (N, ...) of every worker by rank, (W N, ...): each must have as many."""
    return rows if workers() == 1 else _applied(_Joined, rows)


def _applied(function: type[torch.autograd.Function], values: Tensor) -> Tensor:
    result: Tensor = function.apply(values)  # type: ignore[no-untyped-call]
    return result


class _Summed(torch.autograd.Function):
    """The sum on every worker; what each makes of it comes back to all summands."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        return _over_workers(values)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return _over_workers(gradient)


class _Joined(torch.autograd.Function):
    """Everybody's rows on every worker; what each makes of mine comes back to me."""

    @staticmethod
    def forward(context: Any, rows: Tensor) -> Tensor:
        context.rows = len(rows)
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(workers())]
        torch.distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        first = rank() * context.rows
        return _over_workers(gradient)[first : first + context.rows]


def _over_workers(values: Tensor) -> Tensor:
    total = values.detach().clone(memory_format=torch.contiguous_format)
    torch.distributed.all_reduce(total)
    return total


def share_batch_statistics(method: nn.Module) -> None:
    """Let every batch normalisation of a method take mean and variance from the joined batch; its weights stay.

    In place of torch.nn.SyncBatchNorm, which knows no CPU.
    """
    for module in method.modules():
        if isinstance(module, _BatchNorm) and not isinstance(module, _JoinedBatchNorm):
            module.__class__ = _JOINED[type(module)]


class _JoinedBatchNorm(_BatchNorm):
    """Batch normalisation over the joined batch in training; in evaluation torch's own."""

    def forward(self, values: Tensor) -> Tensor:
        """values (N, C, ...), as many on each worker."""
        if not self.training or workers() == 1:
            return super().forward(values)
        places = [at for at in range(values.ndim) if at != 1]
        shape = [1, -1] + [1] * (values.ndim - 2)
        precise = values.float()
        count = workers() * values.numel() // values.shape[1]
        mean = summed(precise.sum(places)) / count
        centred = precise - mean.view(shape)
        variance = summed(centred.square().sum(places)) / count
        self._note(mean.detach(), variance.detach() * (count / max(count - 1, 1)))
        scaled = centred * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            scaled = scaled * self.weight.view(shape) + self.bias.view(shape)
        return scaled.to(values.dtype)

    def _note(self, mean: Tensor, unbiased: Tensor) -> None:
        if not self.track_running_stats or self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        renewed = self.momentum if self.momentum is not None else 1.0 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, renewed)
        self.running_var.lerp_(unbiased, renewed)


class _JoinedBatchNorm1d(_JoinedBatchNorm, nn.BatchNorm1d):
    """Rows or sequences."""


class _JoinedBatchNorm2d(_JoinedBatchNorm, nn.BatchNorm2d):
    """Maps."""


_JOINED = {nn.BatchNorm1d: _JoinedBatchNorm1d, nn.BatchNorm2d: _JoinedBatchNorm2d}
