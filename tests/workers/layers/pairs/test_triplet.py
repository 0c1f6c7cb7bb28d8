"""workers/layers/pairs/triplet.py against a loop over triplets and pytorch-metric-learning."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from workers.layers.pairs.triplet import triplet_loss


@pytest.fixture
def vectors() -> Tensor:
    return F.normalize(torch.randn(9, 4, generator=torch.Generator().manual_seed(0)), dim=1).requires_grad_()


PRODUCTS = torch.tensor([0, 0, 1, 1, 1, 2, 3, 3, 4])


def test_it_is_the_mean_hinge_over_every_triplet(vectors: Tensor) -> None:
    costs = []
    for a, products in enumerate(PRODUCTS.tolist()):
        for p in [p for p in range(9) if p != a and PRODUCTS[p] == products]:
            for n in [n for n in range(9) if PRODUCTS[n] != products]:
                near, far = ((vectors[a] - vectors[other]).square().sum() for other in (p, n))
                costs.append((0.3 + near - far).clamp_min(0))

    found = triplet_loss(vectors, PRODUCTS, 0.3)

    torch.testing.assert_close(found, torch.stack(costs).mean())
    slow, fast = (torch.autograd.grad(loss, vectors)[0] for loss in (torch.stack(costs).mean(), found))
    torch.testing.assert_close(fast, slow)


def test_it_is_pytorch_metric_learning_s_with_squared_distances(vectors: Tensor) -> None:
    from pytorch_metric_learning import distances, losses, reducers

    theirs = losses.TripletMarginLoss(
        0.3, distance=distances.LpDistance(power=2), reducer=reducers.MeanReducer()
    )

    torch.testing.assert_close(triplet_loss(vectors, PRODUCTS, 0.3), theirs(vectors, PRODUCTS))


def test_it_is_nothing_where_the_margin_holds_or_no_triplet_is() -> None:
    apart = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], requires_grad=True)

    satisfied = triplet_loss(apart, torch.tensor([0, 0, 1, 1]), 1.9)

    assert satisfied == 0 and not torch.autograd.grad(satisfied, apart)[0].any()
    assert triplet_loss(apart, torch.arange(4), 0.3) == 0 and triplet_loss(apart, torch.zeros(4), 0.3) == 0
    assert triplet_loss(apart, torch.tensor([0, 1, 0, 1]), 0.5) == 1.5  # of each photo: near 2, far 0 or 2
