"""workers/layers/trust.py: how far photos tell each word."""

import math

import pytest
import torch
from torch import Tensor

from workers.layers.trust import LEAST, PRIOR, Trust


def observed(told: list[float], hot: list[bool], trust: Trust) -> Tensor:
    """Weights after many photos with these words, told so, and as many of which nothing stands or is told."""
    for n in range(2000):
        mean = torch.full((len(told),), 1 / len(told)) if n % 2 else torch.tensor(told)
        stand = torch.zeros(len(told), dtype=torch.bool) if n % 2 else torch.tensor(hot)
        trust.observe(mean.log().expand(8, -1), stand.expand(8, -1))
    return trust.weights()


def test_trust_is_the_share_of_what_photos_could_tell() -> None:
    told, hot = [0.4, 0.1, 0.25, 0.25], [True, True, False, False]
    weights = observed(told, hot, Trust(4))

    expected = [(p + 0.25) / 2 for p in told]  # what each word gets on average
    own = [0.0, 0.0]
    for k in range(2):
        text = float(weights[k]) / float(weights[0] + weights[1])
        own[k] = (math.log(told[k]) - math.log(expected[k])) / (math.log(text) - math.log(expected[k]))
    assert float(weights[0]) == pytest.approx(own[0], rel=0.05)
    assert own[1] < LEAST  # told worse than by chance
    assert float(weights[1]) == pytest.approx(LEAST)
    assert float(weights[2]) == pytest.approx(PRIOR)  # never seen: what is assumed of any word


def test_a_frequent_word_told_as_well_as_can_be_is_trusted_in_full() -> None:
    """It gains little, for it is expected of every photo, and no network would gain more."""
    weights = observed([0.9999, 0.0001], [True, False], Trust(2))
    assert float(weights[0]) == pytest.approx(1.0, abs=0.01)


def test_a_word_of_little_weight_is_not_untold_for_that() -> None:
    """A network that is taught a word's small share and tells it exactly is right about the word."""
    trust, hot = Trust(3), torch.tensor([[True, True, False]] * 8 + [[False, False, True]] * 8)
    trust.gains.copy_(torch.tensor([1.0, 0.2, 1.0]))
    trust.possible.copy_(torch.tensor([1.0, 1.0, 1.0]))
    for _ in range(2000):
        trust.observe(trust.shares(hot).clamp_min(1e-6).log(), hot)
    assert torch.allclose(trust.weights(), torch.ones(3), atol=0.02)
