"""workers/layers/pairs/ranking.py: which pairs are right, the hardest wrong ones, and triplets in closed form."""

import torch
from torch.autograd import gradcheck

from workers.layers.pairs.ranking import Pairs, hardest, pairs_across, pairs_within, triplet_loss


def at(*degrees: float) -> torch.Tensor:
    angles = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], 1)


def test_pairs_across_two_sets_are_right_or_wrong() -> None:
    pairs = pairs_across(torch.tensor([4, 7]), torch.tensor([7, 4, 4]))

    assert pairs.right.tolist() == [[False, True, True], [True, False, False]]
    assert torch.equal(pairs.wrong, ~pairs.right)


def test_a_photo_is_in_no_pair_with_itself() -> None:
    pairs = pairs_within(torch.tensor([1, 1, 2]))

    assert pairs.right.int().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert pairs.wrong.int().tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 0]]


def test_the_hardest_are_the_wrong_ones_most_alike_as_far_as_there_are() -> None:
    similar = torch.tensor([[0.9, 0.1, 0.5, 0.7], [0.1, 0.2, 0.3, 0.4]])
    wrong = torch.tensor([[False, True, True, True], [False, False, True, False]])

    places, there = hardest(similar, wrong, 2)

    assert places[0].tolist() == [3, 2] and places[1, 0] == 2
    assert there.tolist() == [[True, True], [True, False]]
    assert hardest(similar, wrong, 9)[0].shape == (2, 4)


def test_triplets_equal_a_loop_over_them() -> None:
    products = torch.tensor([0, 0, 1, 1, 1, 2])
    vectors, margin = at(0, 50, 20, 80, 130, 200), 0.4
    pairs = pairs_within(products)
    costs, nearest = [], []
    for a in range(6):
        for p in range(6):
            if a == p or products[a] != products[p]:
                continue
            own = [
                torch.relu(
                    margin
                    + (vectors[a] - vectors[p]).square().sum()
                    - (vectors[a] - vectors[n]).square().sum()
                )
                for n in range(6)
                if products[n] != products[a]
            ]
            costs += own
            nearest.append(torch.stack(own).max())

    torch.testing.assert_close(triplet_loss(vectors, vectors, pairs, margin), torch.stack(costs).mean())
    torch.testing.assert_close(
        triplet_loss(vectors, vectors, pairs, margin, hard=True), torch.stack(nearest).mean()
    )


def test_by_angles_that_one_can_check_by_eye() -> None:
    pairs = Pairs(torch.tensor([[True, False]]), torch.tensor([[False, True]]))

    # d(0, 60) = 1 and d(0, 90) = 2 of unit vectors: 0.5 + 1 - 2 is below 0, 1.5 + 1 - 2 is not.
    assert triplet_loss(at(0), at(60, 90), pairs, 0.5) == 0
    torch.testing.assert_close(
        triplet_loss(at(0), at(60, 90), pairs, 1.5), torch.tensor(0.5, dtype=torch.float64)
    )


def test_without_a_triplet_the_loss_is_nothing_and_so_is_its_gradient() -> None:
    vectors = at(0, 10, 20).requires_grad_()
    for products in (torch.tensor([1, 1, 1]), torch.tensor([1, 2, 3])):
        for hard in (False, True):
            loss = triplet_loss(vectors, vectors, pairs_within(products), 0.3, hard)
            [gradient] = torch.autograd.grad(loss, vectors)
            assert loss == 0 and not gradient.any()


def test_a_satisfied_margin_moves_nothing_and_the_others_are_right() -> None:
    vectors = at(0, 1, 180, 181).requires_grad_()
    pairs = pairs_within(torch.tensor([0, 0, 1, 1]))
    [gradient] = torch.autograd.grad(triplet_loss(vectors, vectors, pairs, 0.3), vectors)
    assert not gradient.any()

    close = at(0, 70, 43, 105).requires_grad_()
    for hard in (False, True):
        assert gradcheck(lambda v, hard=hard: triplet_loss(v, v, pairs, 0.3, hard), (close,))
