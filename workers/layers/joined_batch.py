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
import torch.nn.functional as F
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


def own_columns(rows: Tensor, shared: bool) -> Tensor:
    """(N, M) bool: which of all workers' rows, as `joined` has them, each of this worker's N is.

    shared  whether they are joined at all; otherwise M is N
    """
    own = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    if not shared or workers() == 1:
        return own
    others = torch.zeros_like(own)
    return torch.cat([own if each == rank() else others for each in range(workers())], 1)


def from_first(values: Tensor) -> Tensor:
    """The first worker's values on every worker; those of the others are lost."""
    if workers() > 1:
        torch.distributed.broadcast(values, 0)
    return values


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


def own_batch_statistics(module: nn.Module) -> nn.Module:
    """Take `share_batch_statistics` back, and return the module."""
    for part in module.modules():
        if isinstance(part, _JoinedBatchNorm):
            plain = next(plain for plain, shared in _JOINED.items() if type(part) is shared)
            part.__class__ = plain  # type: ignore[assignment]
    return module


class _Normalised(torch.autograd.Function):
    """values (N, C, ...) by mean and variance (C,) of the joined batch, which are told, too.

    One exchange on the way there, of each worker's mean and variance, and one on the way back, of the sums over
    gradients: equations of Ioffe and Szegedy, "Batch Normalization", ICML 2015, section 3, with sums over all
    workers. The rest is torch's own kernel for known statistics, forward and back.
    """

    @staticmethod
    def forward(
        context: Any, values: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        means, variances = joined_rows(torch.stack(_statistics(values))).unbind(1)
        mean = means.mean(0)
        variance = (variances + (means - mean).square()).mean(0)
        context.save_for_backward(values, weight, mean, variance)
        context.eps = eps
        context.mark_non_differentiable(mean, variance)
        return F.batch_norm(values, mean, variance, weight, bias, False, 0.0, eps), mean, variance

    @staticmethod
    def backward(context: Any, gradient: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        values, weight, mean, variance = context.saved_tensors
        alone, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient.contiguous(memory_format=_layout(values)),
            values,
            weight,
            mean,
            variance,
            None,
            None,
            False,
            context.eps,
            [True, True, True],
        )
        # What each value owes to its share in the mean and in the variance.
        scale = (variance + context.eps).rsqrt() / (workers() * values.numel() // values.shape[1])
        scale = scale if weight is None else scale * weight
        slope, shift = _over_workers(torch.stack([of_weight, of_bias])) * -scale
        shared = F.batch_norm(values, mean, variance, slope, shift, False, 0.0, context.eps)
        learnt = weight is not None
        return alone.add_(shared), of_weight if learnt else None, of_bias if learnt else None, None


def joined_rows(numbers: Tensor) -> Tensor:
    """Numbers of one shape of every worker by rank, (W, ...); without gradients."""
    parts = [torch.empty_like(numbers) for _ in range(workers())]
    torch.distributed.all_gather(parts, numbers.contiguous())
    return torch.stack(parts)


def _statistics(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance (C,) of values (N, C, ...), in single precision or in double as they are."""
    precise = torch.promote_types(values.dtype, torch.float32)
    none = torch.zeros(values.shape[1], dtype=precise, device=values.device)  # says in what to keep them
    found: tuple[Tensor, Tensor] = torch.ops.aten.batch_norm_update_stats(values, none, none, 0.0)
    return found


def _layout(values: Tensor) -> torch.memory_format:
    last = values.ndim == 4 and values.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


class _JoinedBatchNorm(_BatchNorm):
    """Batch normalisation over the joined batch in training; in evaluation torch's own."""

    def forward(self, values: Tensor) -> Tensor:
        """values (N, C, ...), as many on each worker."""
        if not self.training or workers() == 1:
            return super().forward(values)
        count = workers() * values.numel() // values.shape[1]
        scaled, mean, variance = _Normalised.apply(values, self.weight, self.bias, self.eps)  # type: ignore[no-untyped-call]
        self._note(mean, variance * (count / max(count - 1, 1)))
        result: Tensor = scaled
        return result

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
