"""Two stages in one: the vector, the windows, the pairs that are learnt from, and that the graph learns."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.workers.methods.drawn_pairs import drawn, found_first, trained
from workers.contract import NO_LABELS, Batch
from workers.layers.pairs.ranking import pairs_within, triplet_loss
from workers.methods.grnet import TOGETHER, TRAINING, Config, Method

SMALL = {"backbone": "resnet18", "weights": "random", "image_size": 64, "scales": 2, "node": 16, "layers": 2}


def grnet(**changes: Any) -> Method:
    torch.manual_seed(0)
    return Method(Config(**(SMALL | changes)), NO_LABELS)


def pairs(count: int = 4, size: int = 64) -> Batch:
    images = torch.rand(2 * count, 3, size, size, generator=torch.Generator().manual_seed(0))
    at = torch.arange(2 * count)
    return Batch(images, {"domain": at % 2, "product": at // 2})


def test_the_first_window_is_the_vector() -> None:
    method, one = grnet().eval(), pairs()

    local, vectors = method.local(one), method.embed(one)

    assert local.shape == (8, 5, 512)
    torch.testing.assert_close(local[:, 0], vectors)


def test_a_query_has_the_same_scores_whoever_else_is_compared() -> None:
    method = grnet().eval()
    local = method.local(pairs())
    many = local[torch.arange(2 * TOGETHER + 1) % len(local)]

    scores = method.rerank(local[0], many)

    assert scores.shape == (2 * TOGETHER + 1,) and method.rerank(local[0], many[:0]).shape == (0,)
    one_by_one = torch.cat([method.rerank(local[0], other[None]) for other in local])
    torch.testing.assert_close(scores[: len(local)], one_by_one)


def test_pairs_are_every_right_one_and_each_query_s_most_alike_wrong_ones() -> None:
    method, one = grnet(negatives=2).eval(), pairs()
    local = method.local(one).detach()
    costs = []
    for q in (1, 3, 5, 7):
        similar = {g: float(local[q, 0] @ local[g, 0]) for g in (0, 2, 4, 6) if g != q - 1}
        hard = sorted(similar, key=similar.__getitem__)[-2:]
        for g, same in [(q - 1, 1.0), *((g, 0.0) for g in hard)]:
            logit = method.rerank(local[q], local[g][None])[0]
            costs.append(F.binary_cross_entropy_with_logits(logit, torch.tensor(same)))

    assert len(costs) == 12
    torch.testing.assert_close(method.loss(one, "all", "all")["pairs"], torch.stack(costs).mean())


def test_without_domains_any_photo_asks_for_the_others_of_its_product() -> None:
    method, one = grnet(sampling="pk", first_stage=0.5).eval(), pairs()
    unknown = one.with_columns(domain=torch.full((8,), -1))
    vectors = method.embed(one)

    losses = method.loss(unknown, "all", "all")

    hinge = triplet_loss(vectors, vectors, pairs_within(one.dense("product")), 0.3, hard=True)
    torch.testing.assert_close(losses["triplets"], 0.5 * hinge)
    assert losses["pairs"] > 0


def test_a_batch_of_one_product_has_right_pairs_alone() -> None:
    losses = grnet().eval().loss(pairs(1), "all", "all")

    assert losses["triplets"] == 0 and losses["pairs"].isfinite()


def test_at_full_size_it_is_googlenet_with_98_nodes_and_takes_a_step() -> None:
    torch.manual_seed(0)
    method = Method(Config(weights="random"), NO_LABELS)
    graph = 1024 * 64 + 3 * 3 * 64 * 64 + 64 + 1
    assert sum(parameter.numel() for parameter in method.parameters()) == 5_599_904 + graph
    one = pairs(2, 224)
    assert method.eval().local(one).shape == (4, 14, 1024)
    assert method.graph.nodes(*method.local(one).split(2)).shape == (2, 98, 64)

    sum(method.train().loss(one, "all", "all").values()).backward()

    assert all(p.grad is not None and p.grad.isfinite().all() for p in method.parameters())


@pytest.mark.slow  # a minute
def test_photos_that_it_never_saw_are_found_by_the_vector_and_by_the_graph() -> None:
    method = grnet(node=64, layers=3)
    pixels, dataset = drawn(72, 64, seed=0)
    others = Batch(torch.from_numpy(drawn(36, 64, seed=1)[0]))

    def recalls() -> tuple[float, float]:
        with torch.no_grad():
            local = method.eval().local(others)
            graph = torch.stack([method.rerank(query, local[::2]) for query in local[1::2]])
        return found_first(local[1::2, 0] @ local[::2, 0].T), found_first(graph)

    first, graph = recalls()
    trained(method, replace(TRAINING, batch=24, epochs=25, learning_rate=1e-3), pixels, dataset)
    now = recalls()

    assert first < 0.7 and graph < 0.2, (first, graph)
    assert min(now) > 0.9, now
