"""attribute_crf.py: belief propagation against enumeration, and edges against counts by hand."""

import itertools

import pytest
import torch
from torch import Tensor

from workers.layers.attributes.attribute_crf import AttributeField

GROUPS = ((0, 3), (1, 4, 6), (2, 5))


def enumerated(scores: Tensor, together: Tensor) -> Tensor:
    """Chances (N, S) by the sum over every way to choose one value of each node."""
    chances = torch.zeros_like(scores)
    for chosen in itertools.product(*GROUPS):
        energy = scores[:, list(chosen)].sum(1)
        energy = energy + sum(together[a, b] for a, b in itertools.combinations(chosen, 2))
        chances[:, list(chosen)] += energy.exp()[:, None]
    total = chances[:, list(GROUPS[0])].sum(1, keepdim=True)
    return chances / total


def field(strength: float, edges: tuple[tuple[int, int], ...], rounds: int = 60) -> AttributeField:
    """Random potentials on some edges between nodes."""
    torch.manual_seed(0)
    one = AttributeField(GROUPS, rounds)
    for first, second in edges:
        for s in GROUPS[first]:
            for t in GROUPS[second]:
                one.together[s, t] = one.together[t, s] = strength * torch.randn(())
    return one


@pytest.mark.parametrize("edges", [((0, 1), (1, 2)), ((0, 2),), ((0, 1), (0, 2))])
def test_on_a_tree_chances_are_those_of_enumeration(edges: tuple[tuple[int, int], ...]) -> None:
    one, scores = field(2.0, edges), torch.randn(6, 7)

    torch.testing.assert_close(one(scores).exp(), enumerated(scores, one.together), atol=1e-5, rtol=1e-4)


def test_in_a_circle_of_weak_edges_chances_are_nearly_those_of_enumeration() -> None:
    one, scores = field(0.4, ((0, 1), (1, 2), (0, 2))), torch.randn(50, 7)
    alone = field(0.4, (), 1)(scores).exp()
    true = enumerated(scores, one.together)

    apart, ignored = ((told - true).abs().max() for told in (one(scores).exp(), alone))

    assert apart < 0.01 < 0.1 < ignored


def test_without_rounds_or_edges_each_node_is_by_itself() -> None:
    scores = torch.randn(4, 7)
    alone = torch.empty_like(scores)
    for group in map(list, GROUPS):
        alone[:, group] = scores[:, group].log_softmax(1)

    torch.testing.assert_close(field(2.0, ((0, 1),), 0)(scores), alone)
    torch.testing.assert_close(field(0.0, ())(scores), alone)


def test_edges_are_logs_of_how_often_values_stand_together_beside_chance_each_as_in_a_tree() -> None:
    one = AttributeField(((0, 1), (2, 3), (4,)), 5)
    hot = torch.zeros(10, 5, dtype=torch.bool)
    for row, values in enumerate([(0, 2)] * 4 + [(0, 3)] + [(1, 3)] * 3 + [(1,), (3,)]):
        hot[row, list(values)] = True

    one.count(hot)

    # Of 8 photos both are known: 0 in 5, 2 in 4, both in 4; four more, one a pair of values, are as chance has it.
    apart = 5 / 8 * 4 / 8
    expected = 2 / 3 * torch.tensor((4 + 4 * apart) / (8 + 4) / apart).log()
    torch.testing.assert_close(one.together[0, 2], expected)
    assert one.together[0, 2] > 0 > one.together[1, 2] and torch.equal(one.together, one.together.T)
    assert not one.together[:, 4].any() and not one.together[0, 1]  # never seen together; and of one node
    assert one.together.isfinite().all()


def test_photos_are_told_alike_one_by_one_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    one, scores = field(1.0, ((0, 1), (1, 2), (0, 2))), torch.randn(7, 7)
    together = one(scores)
    monkeypatch.setattr("workers.layers.attributes.attribute_crf.ROOM", 100)

    torch.testing.assert_close(one(scores), together)
