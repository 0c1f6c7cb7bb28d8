"""Losses of labels with gaps: closed forms, and nothing from what is not known."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from workers.layers.cross_entropy import KnownCrossEntropy, WeightedCrossEntropy
from workers.layers.known_mean import KnownMean
from workers.layers.landmarks.heat_maps import gaussians
from workers.layers.landmarks.landmark_losses import HeatMapLoss, PlaceLoss, VisibilityLoss

NAN = float("nan")
# One photo with a landmark that is seen, one that is hidden and one that nobody knows; one of which nothing is known.
TRUE = torch.tensor(
    [[[0.5, -0.5, 1], [0.1, 0.2, 0], [NAN, NAN, -1]], [[NAN, NAN, -1], [NAN, NAN, -1], [NAN, NAN, -1]]]
)


def gradient(loss: Tensor, of: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(loss, of)
    return found


@pytest.mark.parametrize("training", [True, False])
def test_the_mean_is_of_what_is_known(training: bool) -> None:
    mean = KnownMean().train(training).mean

    assert mean(torch.tensor([1.0, 4.0, NAN]), torch.tensor([True, True, False])) == 2.5
    assert mean(torch.tensor([1.0]), torch.tensor([False])) == 0


def test_a_category_that_is_not_known_costs_nothing() -> None:
    scores = torch.randn(3, 4, requires_grad=True)
    labels = torch.tensor([2, -1, 0])

    loss = KnownCrossEntropy()(scores, labels)

    torch.testing.assert_close(loss, F.cross_entropy(scores[[0, 2]], labels[[0, 2]]))
    assert not gradient(loss, scores)[1].any()
    assert KnownCrossEntropy()(scores, torch.full((3,), -1)) == 0
    assert KnownCrossEntropy()(torch.zeros(2, 50), torch.tensor([0, 9])).item() == pytest.approx(math.log(50))


def test_attributes_weigh_by_the_share_of_the_other_side() -> None:
    loss = WeightedCrossEntropy()
    loss.count(torch.tensor([3, 1, 0, 0]), 10)  # 4 of 40 labels are true
    assert (loss.positive.item(), loss.negative.item()) == pytest.approx((0.9, 0.1))
    scores = torch.randn(2, 4, requires_grad=True)
    hot = torch.tensor([[True, False, True, False], [False] * 4])

    found = loss(scores, hot)

    p = scores[0].sigmoid()
    by_hand = -(0.9 * (p[0].log() + p[2].log()) + 0.1 * ((1 - p[1]).log() + (1 - p[3]).log()))
    torch.testing.assert_close(found, by_hand)
    assert not gradient(found, scores)[1].any()  # nobody said anything of that photo
    assert loss(scores, torch.zeros(2, 4, dtype=torch.bool)) == 0


def test_both_sides_of_attributes_weigh_the_same_over_the_training_set() -> None:
    loss = WeightedCrossEntropy()
    hot = torch.rand(50, 20, generator=torch.Generator().manual_seed(0)) < 0.1
    hot[:, 0] = True
    loss.count(hot.sum(0), len(hot))

    assert (loss.positive * hot.sum()).item() == pytest.approx((loss.negative * (~hot).sum()).item())
    assert WeightedCrossEntropy()(torch.zeros(1, 8), torch.ones(1, 8) > 0).item() == pytest.approx(
        8 * math.log(2)
    )


def test_places_cost_their_squared_distance_where_they_are_seen() -> None:
    places = torch.zeros(2, 3, 2, requires_grad=True)

    loss = PlaceLoss()(places, TRUE)

    assert loss == 0.5
    assert gradient(loss, places).nonzero().tolist() == [[0, 0, 0], [0, 0, 1]]
    elsewhere = TRUE.clone()
    elsewhere[0, 1, :2] = 9
    assert PlaceLoss()(places, elsewhere) == loss and PlaceLoss()(places, TRUE[1:]) == 0


def test_visibility_costs_where_it_is_known() -> None:
    scores = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)

    loss = VisibilityLoss()(scores, TRUE)

    sigmoid = [1 / (1 + math.exp(-score)) for score in (1.0, 2.0)]
    assert loss.item() == pytest.approx(-(math.log(sigmoid[0]) + math.log(1 - sigmoid[1])) / 2)
    assert gradient(loss, scores).nonzero().tolist() == [[0, 0], [0, 1]]


def test_heat_maps_cost_their_squared_difference_from_a_gaussian_where_it_is_seen() -> None:
    heat = torch.rand(2, 3, 6, 6, requires_grad=True)

    loss = HeatMapLoss(1.5)(heat, TRUE)

    wanted = gaussians(TRUE[:1, :1, :2], 6, 1.5)[0, 0]
    torch.testing.assert_close(loss, (heat[0, 0] - wanted).square().sum())
    found = gradient(loss, heat)
    assert found.isfinite().all() and found[0, 0].all() and not found[0, 1:].any() and not found[1].any()
