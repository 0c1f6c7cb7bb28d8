"""workers/training/steps/optimiser.py: what learns what, and that kernels take the orthogonal steps of torch's Muon."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from schemas.errors import InputError
from tests.workers.gloo_workers import together
from workers.contract import Group
from workers.device import bfloat16_pays
from workers.training.steps import kernel_muon
from workers.training.steps.kernel_muon import orthogonalised, shared_out
from workers.training.steps.optimiser import REST, Optimiser, optimiser_of

SETTINGS = {"learning_rate": 0.02, "momentum": 0.9, "weight_decay": 0.1}
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
PHOTOS = torch.rand(4, 3, 9, 9, generator=torch.Generator().manual_seed(5))


class Net(nn.Module):
    """Kernels of 3 x 3 and 1 x 1, a gain and a bias, and a matrix."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 8, 3, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 4, 1, bias=False)
        self.words = nn.Linear(4, 6)

    def loss(self) -> torch.Tensor:
        maps = self.second(torch.relu(self.norm(self.first(PHOTOS))))
        return self.words(maps.mean((2, 3))).square().mean()


def made(net: Net, kind: str) -> Optimiser:
    parameters = tuple(parameter for parameter in net.parameters() if parameter.requires_grad)
    return optimiser_of(Group("all", parameters, kind, **SETTINGS))


def stepped(net: Net, kind: str, steps: int = 3) -> Net:
    optimiser = made(net, kind)
    for step in range(steps):
        optimiser.set_rate(0.02 / (step + 1))
        optimiser.zero_grad()
        net.loss().backward()
        optimiser.step()
    return net


def after_muon(rank: int) -> list[bytes]:
    """Weights and running means after three steps."""
    net = Net()
    optimiser = made(net, "muon")
    for _ in range(3):
        optimiser.zero_grad()
        net.loss().backward()
        optimiser.step()
    states = sorted(optimiser.parts[1].state_dict()["state"].items())
    means = [state["momentum_buffer"] for _, state in states]
    assert len(means) == 2
    return [tensor.detach().numpy().tobytes() for tensor in (*net.state_dict().values(), *means)]


def by_hand(net: Net, steps: int = 3) -> Net:
    """Kernels as matrices in one optimiser of torch, the rest in another, each copied back after every step."""
    kernels = [net.first.weight, net.second.weight]
    matrices = [nn.Parameter(kernel.detach().clone().flatten(1)) for kernel in kernels]
    muon = torch.optim.Muon(matrices, weight_decay=0.1, ns_steps=3, adjust_lr_fn="match_rms_adamw")
    gains = [net.norm.weight, net.norm.bias, net.words.bias]
    adam = torch.optim.AdamW(
        [{"params": [net.words.weight], "weight_decay": 0.1}, {"params": gains, "weight_decay": 0}]
    )
    for step in range(steps):
        for part, share in ((muon, 1.0), (adam, REST)):
            for group in part.param_groups:
                group["lr"] = share * 0.02 / (step + 1)
        net.zero_grad()
        net.loss().backward()
        for kernel, matrix in zip(kernels, matrices, strict=True):
            matrix.grad = kernel.grad.flatten(1)
        muon.step()
        adam.step()
        with torch.no_grad():
            for kernel, matrix in zip(kernels, matrices, strict=True):
                kernel.copy_(matrix.view_as(kernel))
    return net


@pytest.mark.parametrize(("bfloat16", "apart"), [(True, 1e-6), (False, 2e-3)])
def test_muon_steps_are_torch_s_own_on_kernels_and_adamw_s_on_the_rest(
    bfloat16: bool, apart: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch's in bfloat16 to the last digit; in float32, where that is faster, to bfloat16's own digits."""
    monkeypatch.setattr(kernel_muon, "bfloat16_pays", lambda device: bfloat16)
    ours, expected = stepped(Net(), "muon"), by_hand(Net())

    for (name, value), wanted in zip(ours.named_parameters(), expected.parameters(), strict=True):
        assert torch.allclose(value, wanted, atol=apart), name


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (7, 7)])
def test_orthogonalised_takes_each_singular_value_through_the_polynomial(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    left, values, right = torch.linalg.svd(matrix / matrix.norm(), full_matrices=False)
    a, b, c = COEFFICIENTS
    for _ in range(3):
        values = a * values + b * values**3 + c * values**5

    torch.testing.assert_close(orthogonalised(matrix, COEFFICIENTS, 3), left @ values.diag() @ right)


def test_numbers_that_the_device_is_slow_with_are_not_multiplied() -> None:
    """On a CPU that emulates bfloat16, a step in it takes fifteen times as long."""
    seen = set()

    class Watched(TorchDispatchMode):
        def __torch_dispatch__(self, call: Any, types: Any, given: Any = (), named: Any = None) -> Any:
            if call in (torch.ops.aten.mm.default, torch.ops.aten.addmm.default):
                seen.add(given[0].dtype)
            return call(*given, **(named or {}))

    net = Net()
    optimiser = made(net, "muon")
    net.loss().backward()
    with Watched():
        optimiser.step()

    assert seen == {torch.bfloat16 if bfloat16_pays(torch.device("cpu")) else torch.float32}


def test_the_order_of_a_kernel_in_memory_changes_nothing_but_roundings() -> None:
    plain = stepped(Net(), "muon")
    last = stepped(Net().to(memory_format=torch.channels_last), "muon")

    assert not last.first.weight.is_contiguous()
    for (name, value), wanted in zip(last.named_parameters(), plain.parameters(), strict=True):
        assert torch.allclose(value, wanted, atol=2e-3), name  # bfloat16's, where Muon multiplies in that


def test_a_muon_step_moves_every_direction_of_a_kernel_alike() -> None:
    net, before = Net(), Net()
    stepped(net, "muon", steps=1)

    kept = 1 - 0.02 * SETTINGS["weight_decay"]
    step = (net.first.weight - kept * before.first.weight).detach().flatten(1)  # (8, 27)
    lengths = torch.linalg.svdvals(step) / (0.02 * 0.2 * 27**0.5)
    # Five iterations bring singular values between 0.5 and 1.5 or so, whatever they were.
    assert lengths.min() > 0.3 and lengths.max() < 1.6


def test_frozen_kernels_stay_and_a_kernel_without_a_gradient_stays() -> None:
    net, before = Net(), Net()
    net.first.weight.requires_grad_(False)
    optimiser = made(net, "muon")
    optimiser.zero_grad()
    net.words(torch.ones(2, 4)).sum().backward()  # `second` takes no part

    optimiser.step()

    assert torch.equal(net.first.weight, before.first.weight)
    assert torch.equal(net.second.weight, before.second.weight)
    assert not torch.equal(net.words.weight, before.words.weight)


@pytest.mark.parametrize("kind", ["sgd", "adamw", "muon"])
def test_a_saved_optimiser_goes_on_bit_for_bit(kind: str) -> None:
    whole, half = Net(), Net()
    one = made(whole, kind)
    states = []
    for _ in range(4):
        one.zero_grad()
        whole.loss().backward()
        one.step()
        states.append(copy.deepcopy((whole.state_dict(), one.state_dict())))

    half.load_state_dict(states[1][0])
    other = made(half, kind)
    other.load_state_dict(states[1][1])
    for _ in range(2):
        other.zero_grad()
        half.loss().backward()
        other.step()

    for name, value in half.state_dict().items():
        assert torch.equal(value, states[3][0][name]), name


@pytest.mark.parametrize("kind", ["sgd", "adamw", "muon"])
def test_a_parameter_steps_as_one_of_its_share_of_the_rate(kind: str) -> None:
    """All at a fifth of the rate; the last matrix alone at all of it."""
    net, fifth, whole = Net(), Net(), Net()
    shares = tuple(1.0 if parameter is net.words.weight else 0.2 for parameter in net.parameters())
    groups = [
        (net, Group("all", tuple(net.parameters()), kind, **SETTINGS, shares=shares), 0.02),
        (fifth, Group("all", tuple(fifth.parameters()), kind, **SETTINGS), 0.02 * 0.2),
        (whole, Group("all", tuple(whole.parameters()), kind, **SETTINGS), 0.02),
    ]
    for one, group, rate in groups:
        optimiser = optimiser_of(group)
        optimiser.set_rate(rate)
        one.loss().backward()
        optimiser.step()

    for name, value in net.named_parameters():
        wanted = dict((whole if name == "words.weight" else fifth).named_parameters())[name]
        assert torch.allclose(value, wanted, atol=1e-7), name
    assert not torch.equal(whole.first.weight, fifth.first.weight)


def test_an_unknown_optimiser_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="optimiser adam: there are sgd, adamw and muon"):
        made(Net(), "adam")


def test_two_workers_step_a_share_of_the_kernels_each_and_end_where_one_does(tmp_path: Path) -> None:
    alone = together(1, tmp_path / "alone", after_muon)

    assert together(2, tmp_path / "meet", after_muon) == alone * 2


def test_dear_work_is_shared_out_first_and_all_of_it() -> None:
    assert shared_out([1, 8, 4, 4, 1], 2) == [0, 0, 1, 1, 1]
    assert shared_out([3, 2, 1], 1) == [0, 0, 0]
    assert shared_out([], 2) == []
