"""workers/training/steps/ema.py: the average of the weights."""

import pytest
import torch

from workers.training.steps.ema import WeightAverage


def test_the_average_is_the_weighted_mean_of_what_it_saw() -> None:
    torch.manual_seed(0)
    module = torch.nn.Linear(1, 1, bias=False)
    average, expected = WeightAverage(module, 0.99), float(module.weight.detach())

    for n, value in enumerate([1.0, 5.0, -2.0], 1):
        torch.nn.init.constant_(module.weight, value)
        average.update()
        decay = min(0.99, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * value

    with average.applied():
        assert float(module.weight.detach()) == pytest.approx(expected, abs=1e-6)
    assert float(module.weight.detach()) == -2.0
