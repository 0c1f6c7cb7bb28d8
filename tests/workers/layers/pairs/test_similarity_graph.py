"""workers/layers/pairs/similarity_graph.py: equations (5) to (7) against loops, and what a graph adds."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck

from workers.layers.pairs.similarity_graph import (
    Reasoning,
    SimilarityGraph,
    window_boxes,
    window_count,
    windows,
)

CHANNELS, SCALES, WIDTH = 5, 2, 4


def graph(layers: int = 2, connected: bool = True, seed: int = 0) -> SimilarityGraph:
    torch.manual_seed(seed)
    return SimilarityGraph(CHANNELS, SCALES, WIDTH, layers, connected).double()


def photos(count: int, seed: int = 0, scales: int = SCALES, channels: int = CHANNELS) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, window_count(scales), channels, dtype=torch.float64, generator=generator)


def test_windows_are_means_of_cells_row_by_row_coarse_to_fine_of_length_one() -> None:
    maps = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))

    found = windows(maps, 3)

    assert found.shape == (2, window_count(3), 3) == (2, 14, 3)
    whole, lower_left, middle = (
        maps.mean((2, 3)),
        maps[:, :, 3:, :3].mean((2, 3)),
        maps[:, :, 2:4, 2:4].mean((2, 3)),
    )
    for place, expected in ((0, whole), (3, lower_left), (9, middle)):
        torch.testing.assert_close(found[:, place], F.normalize(expected, dim=1))


def test_a_node_is_equation_5_for_every_pair_of_windows_of_a_scale() -> None:
    net, one, other = graph(), photos(2), photos(2, 1)

    nodes = net.nodes(one, other)

    expected = []
    for first, side in ((0, 1), (1, 2)):
        for i in range(first, first + side**2):
            for j in range(first, first + side**2):
                projected = (one[:, i] - other[:, j]) ** 2 @ net.project.weight.T
                expected.append(projected / projected.norm(dim=1, keepdim=True))
    assert nodes.shape == (2, 1 + 16, WIDTH)
    torch.testing.assert_close(nodes, torch.stack(expected, 1))


def test_nodes_are_symmetric_do_not_know_a_common_scale_and_have_length_one() -> None:
    net, one, other = graph(), photos(3), photos(3, 1)
    nodes, back = net.nodes(one, other), net.nodes(other, one)

    assert torch.equal(back[:, 0], nodes[:, 0])
    torch.testing.assert_close(back[:, 1:].view(3, 4, 4, WIDTH).transpose(1, 2).flatten(1, 2), nodes[:, 1:])
    torch.testing.assert_close(net.nodes(7 * one, 7 * other), nodes)
    torch.testing.assert_close(nodes.norm(dim=2), torch.ones(3, 17, dtype=torch.float64))
    torch.testing.assert_close(net(one, other), net(other, one))


def test_two_equal_photos_have_nodes_of_nothing_and_finite_gradients() -> None:
    net, one = graph(), photos(2).requires_grad_()
    other = one.detach().clone()

    assert torch.equal(net.nodes(one, other)[:, 0], torch.zeros(2, WIDTH, dtype=torch.float64))
    net(one, other).sum().backward()

    assert one.grad is not None and one.grad.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


def test_a_layer_equals_a_double_loop_over_nodes() -> None:
    torch.manual_seed(0)
    layer = Reasoning(WIDTH).double()
    nodes = F.normalize(torch.randn(2, 7, WIDTH, dtype=torch.float64), dim=2)

    expected = torch.empty_like(nodes)
    for n in range(2):
        for a in range(7):
            logits = [layer.outgoing(nodes[n, a]) @ layer.incoming(nodes[n, b]) for b in range(7)]
            total = sum(logit.exp() for logit in logits)
            mixed = sum(logit.exp() / total * nodes[n, b] for b, logit in enumerate(logits))
            expected[n, a] = F.relu(layer.update(mixed))

    torch.testing.assert_close(layer(nodes), expected)


def messages(layer: Reasoning, nodes: Tensor) -> Tensor:
    """What a layer passes on before its update: W is the identity, and numbers are large enough for ReLU."""
    with torch.no_grad():
        layer.update.weight.copy_(torch.eye(WIDTH))
    return layer(nodes)


def test_a_layer_that_asks_for_nothing_gives_every_node_the_mean() -> None:
    layer, nodes = Reasoning(WIDTH).double(), photos(2, channels=WIDTH)
    torch.nn.init.zeros_(layer.outgoing.weight)

    torch.testing.assert_close(messages(layer, nodes), nodes.mean(1, keepdim=True).expand_as(nodes))


def test_messages_stay_between_the_nodes_and_equal_nodes_stay() -> None:
    layer, nodes = Reasoning(WIDTH).double(), photos(2, channels=WIDTH)

    passed = messages(layer, nodes)

    assert (passed >= nodes.amin(1, keepdim=True) - 1e-12).all()
    assert (passed <= nodes.amax(1, keepdim=True) + 1e-12).all()
    equal = nodes[:, :1].expand_as(nodes)
    torch.testing.assert_close(messages(layer, equal), equal)


def test_a_layer_knows_no_order_of_nodes() -> None:
    layer, nodes = Reasoning(WIDTH).double(), photos(2, channels=WIDTH)
    order = torch.tensor([3, 0, 4, 2, 1])

    torch.testing.assert_close(layer(nodes[:, order]), layer(nodes)[:, order])


def test_weights_sum_to_one_and_bear_large_logits() -> None:
    layer = Reasoning(WIDTH)
    nodes = torch.eye(WIDTH)[None] + 0.5
    with torch.no_grad():
        for part in (layer.outgoing, layer.incoming):
            part.weight.copy_(100 * torch.eye(WIDTH))  # logits of 1e4

    assert messages(layer, nodes).isfinite().all()
    torch.testing.assert_close(messages(layer, torch.ones(1, 9, WIDTH)), torch.ones(1, 9, WIDTH))


def test_not_connected_a_node_knows_itself_alone() -> None:
    layer, nodes = Reasoning(WIDTH, connected=False).double(), photos(1, channels=WIDTH)

    torch.testing.assert_close(layer(nodes), F.relu(nodes @ layer.update.weight.T))
    lonely, one, other = graph(connected=False), photos(2), photos(2, 1)
    changed = other.clone()
    changed[:, 1:] += 1  # all but the whole photo
    assert torch.equal(lonely(one, other), lonely(one, changed))
    assert not torch.equal(graph()(one, other), graph()(one, changed))


def test_gradients_are_those_of_the_equations() -> None:
    net = graph()

    assert gradcheck(net.nodes, (photos(1).requires_grad_(), photos(1, 1).requires_grad_()))
    assert gradcheck(net, (photos(2).requires_grad_(), photos(2, 1).requires_grad_()))
    assert gradcheck(Reasoning(WIDTH).double(), (photos(2, channels=WIDTH).requires_grad_(),))


def shifted_pairs(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Photos of four parts that lie elsewhere in the other photo, or, where the product is another, other parts.

    Each part is lit its own way, which is channel 0; the window of the whole photo is the mean of parts and clutter.
    """
    generator = torch.Generator().manual_seed(seed)
    parts, others = torch.randint(0, 2, (2, count, 4, 8), generator=generator).float()
    same = torch.arange(count) % 2 == 0
    moved = torch.where(same[:, None, None], parts, others)
    order = torch.rand(count, 4, generator=generator).argsort(1)
    moved = moved.gather(1, order[:, :, None].expand(-1, -1, 8))

    def photo(parts: Tensor) -> Tensor:
        lit = parts + 0.02 * torch.randn(parts.shape, generator=generator)
        lit[:, :, 0] = torch.randn(count, 4, generator=generator)
        clutter = 3 * torch.rand(count, 1, 8, generator=generator)
        return torch.cat([lit.mean(1, keepdim=True) + clutter, lit], 1)

    return photo(parts), photo(moved), same.float()


def area_under_curve(scores: Tensor, same: Tensor) -> float:
    higher = scores[same == 1][:, None] > scores[same == 0][None]
    return float(higher.float().mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_parts_that_lie_elsewhere_are_found_by_the_graph_and_by_nothing_less(seed: int) -> None:
    found = {}
    for connected in (True, False):
        torch.manual_seed(seed)
        net = SimilarityGraph(8, SCALES, 16, 2, connected)
        optimiser = torch.optim.AdamW(net.parameters(), 1e-2)
        for step in range(120):
            one, other, same = shifted_pairs(64, 1000 * seed + step)
            loss = F.binary_cross_entropy_with_logits(net(one, other), same)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        one, other, same = shifted_pairs(400, 99_999)
        with torch.no_grad():
            found[connected] = area_under_curve(net(one, other), same)
    whole = area_under_curve(F.cosine_similarity(one[:, 0], other[:, 0]), same)

    assert found[True] > 0.95 and max(whole, found[False]) < 0.7, (found, whole)


def test_a_vote_is_what_the_score_gains_as_its_node_grows() -> None:
    net, one, other = graph(), photos(2), photos(2, 1)
    nodes, step = net.nodes(one, other).detach(), 1e-6

    votes = net.votes(one, other)

    place = 0
    for first, count in ((0, 1), (1, 4)):
        for i in range(first, first + count):
            for j in range(first, first + count):
                more, less = nodes.clone(), nodes.clone()
                more[:, place] *= 1 + step
                less[:, place] *= 1 - step
                slope = (net.score(more) - net.score(less)) / (2 * step)
                torch.testing.assert_close(votes[:, i, j], slope.detach(), rtol=1e-5, atol=1e-8)
                place += 1
    assert votes.any() and not votes[:, 0, 1:].any() and not votes[:, 1:, 0].any()


def test_window_boxes_lie_row_by_row_in_half_sides() -> None:
    boxes = window_boxes(3)

    assert boxes.shape == (window_count(3), 4)
    assert boxes[0].tolist() == [-1, -1, 1, 1] and boxes[3].tolist() == [-1, 0, 0, 1]
    torch.testing.assert_close(boxes[9], torch.tensor([-1 / 3, -1 / 3, 1 / 3, 1 / 3]))
