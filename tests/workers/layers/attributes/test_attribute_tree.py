"""workers/layers/attributes/attribute_tree.py: a branch for each kind, and what is not known moves nothing."""

import math

import torch
import torch.nn.functional as F

from workers.layers.attributes.attribute_tree import AttributeTree, group_loss

GROUPS = ((0, 3, 4), (1, 2))


def test_scores_stand_in_the_order_of_the_attributes() -> None:
    torch.manual_seed(0)
    tree, vectors = AttributeTree(6, 5, GROUPS), torch.rand(2, 6)

    scores = tree(vectors)

    for branch, group in zip(tree.branches, GROUPS, strict=True):
        assert torch.equal(scores[:, list(group)], branch(vectors))
    assert AttributeTree(6, 5, ())(vectors).shape == (2, 0)


def test_equal_scores_cost_the_logarithm_of_how_many_there_are() -> None:
    hot = torch.tensor([[1, 0, 1, 0, 0], [0, 1, 0, 0, 1]], dtype=torch.bool)

    assert torch.isclose(group_loss(torch.zeros(2, 5), hot, GROUPS), torch.tensor(math.log(3) + math.log(2)))


def test_the_loss_is_the_cross_entropy_of_photos_of_which_the_kind_is_known() -> None:
    scores = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    hot = torch.tensor([[0, 1, 0, 1, 0], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0]], dtype=torch.bool)

    first = F.cross_entropy(scores[:2, [0, 3, 4]], torch.tensor([1, 0]))
    second = F.cross_entropy(scores[[0, 2]][:, [1, 2]], torch.tensor([0, 1]))

    torch.testing.assert_close(group_loss(scores, hot, GROUPS), first + second)


def test_several_values_of_a_kind_have_equal_shares() -> None:
    scores = torch.randn(1, 5, generator=torch.Generator().manual_seed(0))
    hot = torch.tensor([[1, 0, 0, 0, 1]], dtype=torch.bool)
    told = F.log_softmax(scores[:, [0, 3, 4]], 1)

    torch.testing.assert_close(group_loss(scores, hot, GROUPS), -(told[0, 0] + told[0, 2]) / 2)


def test_a_kind_that_is_not_known_moves_neither_its_branch_nor_the_photo() -> None:
    tree, vectors = AttributeTree(6, 5, GROUPS), torch.rand(2, 6, requires_grad=True)
    hot = torch.tensor(
        [[1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=torch.bool
    )  # of the second photo nothing is known

    group_loss(tree(vectors), hot, GROUPS).backward()

    assert all(p.grad is not None and p.grad.any() for p in tree.branches[0].parameters())
    assert all(p.grad is None or not p.grad.any() for p in tree.branches[1].parameters())
    assert vectors.grad is not None and vectors.grad[0].any() and not vectors.grad[1].any()


def test_where_nothing_is_known_the_loss_is_nothing() -> None:
    assert group_loss(torch.randn(2, 5), torch.zeros(2, 5, dtype=torch.bool), GROUPS) == 0
