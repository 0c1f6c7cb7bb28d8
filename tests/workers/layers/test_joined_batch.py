"""workers/layers/joined_batch.py: batch normalisation on two workers is torch's own of the joined batch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.workers.gloo_workers import together
from workers.layers.joined_batch import share_batch_statistics

CHANNELS = 5
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 0.03}


def norm_of(ndim: int, affine: bool) -> nn.Module:
    torch.manual_seed(1)
    made: nn.Module = (nn.BatchNorm2d if ndim == 4 else nn.BatchNorm1d)(CHANNELS, affine=affine)
    if affine:
        nn.init.normal_(made.weight)  # type: ignore[arg-type]
        nn.init.normal_(made.bias)  # type: ignore[arg-type]
    return made


def batch(ndim: int, kind: torch.dtype) -> tuple[Tensor, Tensor]:
    """Values far from 0, and gradients, of both workers together."""
    random = torch.Generator().manual_seed(2)
    shape = (8, CHANNELS, 3, 4)[:ndim]
    values, gradients = (torch.randn(shape, generator=random) for _ in range(2))
    return (values * 2 + 7).to(kind), gradients.to(kind)


def learnt(norm: nn.Module, values: Tensor, gradients: Tensor) -> dict[str, Tensor]:
    """What comes out, what goes back, and what is remembered, of one step."""
    if values.ndim == 4:
        values = values.contiguous(memory_format=torch.channels_last)
    given = values.clone().requires_grad_()
    result = norm.double() if values.dtype == torch.float64 else norm
    normalised = result(given)
    normalised.backward(gradients)
    assert given.grad is not None
    found = {"values": normalised.detach(), "gradient": given.grad, **norm.state_dict()}
    return found | {f"{name} gradient": p.grad for name, p in norm.named_parameters() if p.grad is not None}


def shared_norm(ndim: int, affine: bool) -> nn.Module:
    norm = nn.Sequential(norm_of(ndim, affine))
    share_batch_statistics(norm)
    return norm[0]


def learnt_by_half(rank: int, ndim: int, affine: bool, kind: torch.dtype) -> dict[str, Any]:
    """`learnt` of this worker's half of the batch."""
    values, gradients = (part[4 * rank : 4 * rank + 4] for part in batch(ndim, kind))
    found = learnt(shared_norm(ndim, affine), values, gradients)
    return {name: (tensor.dtype, tensor.double().numpy()) for name, tensor in found.items()}


def finite_far_from_zero(rank: int) -> bool:
    values, gradients = torch.full((4, CHANNELS, 2, 2), 1e4), torch.ones(4, CHANNELS, 2, 2)
    found = learnt(shared_norm(4, True), values, gradients)
    return all(bool(tensor.isfinite().all()) for tensor in found.values())


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("ndim", "affine"), [(4, True), (4, False), (2, True)])
def test_two_workers_normalise_by_the_joined_batch(
    kind: torch.dtype, ndim: int, affine: bool, tmp_path: Path
) -> None:
    values, gradients = batch(ndim, kind)
    alone = learnt(norm_of(ndim, affine), values, gradients)

    told = together(2, tmp_path / "meet", learnt_by_half, ndim, affine, kind)

    tolerance = TOLERANCE[kind]
    for name, wanted in alone.items():
        each = [torch.from_numpy(one[name][1]) for one in told]
        assert all(one[name][0] == wanted.dtype for one in told), name
        if name in ("values", "gradient"):
            found = torch.cat(each)
        elif name.endswith("gradient"):
            found = each[0] + each[1]
        else:
            assert torch.equal(each[0], each[1]), name
            found = each[0]
        torch.testing.assert_close(found, wanted.double(), atol=tolerance, rtol=tolerance, msg=name)


def test_a_batch_of_equal_values_far_from_zero_has_no_negative_variance(tmp_path: Path) -> None:
    assert together(2, tmp_path / "meet", finite_far_from_zero) == [True, True]
