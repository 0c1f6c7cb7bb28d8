"""Where to buy it: what is frozen, which pairs teach, whose similarity is asked, and that it orders better."""

from dataclasses import replace
from statistics import mean
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from schemas.errors import InputError
from tests.workers.methods.drawn_pairs import COLOURS, drawn, found_first, losses_by_term, trained
from tests.workers.methods.full_size import BENCHMARK, numbers
from workers.contract import Batch, LabelSpace
from workers.data.dataset import Dataset
from workers.methods.wtbi import TRAINING, Config, Method

LABELS = LabelSpace(categories=COLOURS)
SMALL: dict[str, Any] = {"backbone": "resnet18", "weights": "random", "image_size": 32, "hidden": 64}


def wtbi(**changes: Any) -> Method:
    torch.manual_seed(0)
    return Method(Config(**(SMALL | changes)), LABELS)


def pairs(count: int = 4, size: int = 32) -> Batch:
    images = torch.rand(2 * count, 3, size, size, generator=torch.Generator().manual_seed(0))
    at = torch.arange(2 * count)
    category = torch.tensor([0, 0, 3, 3, -1, -1, 5, 5])[: 2 * count]
    return Batch(images, {"category": category, "domain": at % 2, "product": at // 2})


def skirts(photos: Dataset) -> torch.Tensor:
    """(N,) places in COLOURS of what is told of the lower half."""
    return torch.from_numpy(photos.sparse("attributes").ids).view(-1, 2)[:, 0].long()


def test_features_are_never_learnt_and_each_stage_learns_its_own() -> None:
    method, one = wtbi(), pairs()
    general, own = (stage.groups[0].parameters for stage in method.stages(TRAINING))
    trunk = {id(parameter) for parameter in method.trunk.parameters()}
    assert not trunk & {id(parameter) for parameter in (*general, *own)}

    sum(method.loss(one, "categories", "categories").values()).backward()

    assert all(parameter.grad is None for parameter in method.trunk.parameters())
    for added in method.similarity.added:  # categories of customers' photos: 0, 3, 5
        assert added.grad.flatten(1).any(1).tolist() == [True, False, False, True, False, True]


def test_pairs_are_all_that_match_and_some_of_the_others() -> None:
    torch.manual_seed(0)
    products = torch.tensor([4, 5, 6, 6]), torch.tensor([6, 5, 4])

    drawn_ = [wtbi(negatives=1)._pairs(*products) for _ in range(3)]
    asked, answers, match = wtbi(negatives=9)._pairs(*products)

    right = [(0, 2), (1, 1), (2, 0), (3, 0)]
    every = {(q, g) for q in range(4) for g in range(3)}
    found = list(zip(asked.tolist(), answers.tolist(), strict=True))
    assert found[:4] == right and set(found[4:]) == every - set(right) and match.tolist() == [1] * 4 + [0] * 8
    for few, others, same in drawn_:
        assert few.tolist() == [0, 1, 2, 3] * 2 and same.tolist() == [1] * 4 + [0] * 4
        assert set(zip(few[4:].tolist(), others[4:].tolist(), strict=True)) <= every - set(right)


def test_the_loss_is_the_cross_entropy_of_match_and_no_match() -> None:
    method, one = wtbi().eval(), pairs()
    vectors = method.embed(one) * method.dim**0.5
    shop, street = vectors[::2], vectors[1::2]
    costs = []
    for q in range(4):
        for g in range(4):  # three others each: fewer than the four that are asked for
            layers = method.similarity
            hidden = F.relu(layers.second(F.relu(layers.first(torch.cat([street[q], shop[g]])))))
            costs.append(F.cross_entropy(layers.last(hidden), torch.tensor(int(q == g))))

    terms = method.loss(one, "similarity", "similarity")

    torch.testing.assert_close(terms["pairs"], torch.stack(costs).mean())
    known = torch.tensor([0, 1, 2, 3, 6, 7])
    told = F.cross_entropy(method.category(vectors[known]), one.dense("category")[known])
    torch.testing.assert_close(terms["category"], told)


def test_the_similarity_of_the_query_s_category_is_asked() -> None:
    method, one = wtbi().eval(), pairs()
    local = method.local(one)
    category = int(method.predict(Batch(one.images[:1]))["category"].argmax())

    first = method.rerank(local[0], local)
    with torch.no_grad():
        for added in method.similarity.added:
            added[(category + 1) % len(COLOURS)] += 1
    same = method.rerank(local[0], local)
    with torch.no_grad():
        for added in method.similarity.added:
            added[category] += torch.randn_like(added[category])
    other = method.rerank(local[0], local)

    assert torch.equal(first, same) and not torch.allclose(first, other)
    torch.testing.assert_close(method.embed(one), local[:, 0])


def test_it_needs_categories() -> None:
    with pytest.raises(InputError, match="wtbi: learns from categories, and the photos have no categories"):
        Method(Config(**SMALL), LabelSpace())


@pytest.mark.slow
def test_it_orders_what_the_frozen_features_found_better_than_they_do() -> None:
    """By the default hidden layer, from enough photos: a narrow one learns few by heart, and orders worse."""
    method = wtbi(hidden=512)
    pixels, photos = drawn(1440, 16, seed=0)
    photos = photos.with_columns({"category": skirts(photos).numpy()})
    training = replace(TRAINING, batch=36, frozen_epochs=12, epochs=3, learning_rate=1e-3)

    terms = losses_by_term(trained(method, training, pixels, photos))

    found, ordered, told = [], [], []
    for seed in range(1, 6):  # 36 others each, each its own pair of colours
        others, known = drawn(36, 16, seed=seed)
        with torch.no_grad():
            local = method.eval().local(Batch(torch.from_numpy(others)))
            category = method.predict(Batch(torch.from_numpy(others)))["category"].argmax(1)
            scores = torch.stack([method.rerank(query, local[::2]) for query in local[1::2]])
        found.append(found_first(local[1::2, 0] @ local[::2, 0].T))
        ordered.append(found_first(scores))
        told.append(float((category == skirts(known)).float().mean()))
    assert mean(ordered) > mean(found) + 0.1, (found, ordered)
    assert mean(told) > 0.8, told
    assert terms[11]["pairs"] < 0.6 * terms[0]["pairs"]


def test_the_full_size_is_alexnet_s_fc6_and_layers_that_categories_share_but_for_the_last_two() -> None:
    with torch.device("meta"):
        whole = Method(Config(weights="random"), BENCHMARK)
        local = whole.local(Batch(torch.zeros(2, 3, 224, 224)))

    assert whole.dim == 4096 and local.shape == (2, 1, 4096)
    last = 513 * 512 + 513 * 2
    assert numbers(whole.trunk) == 2_469_696 + 9217 * 4096
    assert numbers(whole.similarity) == 8193 * 512 + last + 50 * last
    assert numbers(whole.category) == 4097 * 50


@pytest.mark.slow
def test_the_full_size_takes_a_step_of_each_stage() -> None:
    method = Method(Config(weights="random"), BENCHMARK)

    for stage in method.stages(TRAINING):
        terms = method.loss(pairs(2, 224), stage.name, stage.name)
        torch.stack(list(terms.values())).sum().backward()
        assert all(term.isfinite() for term in terms.values())
        assert all(parameter.grad is not None for parameter in stage.groups[0].parameters)
