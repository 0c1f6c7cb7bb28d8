"""The method that learns product numbers alone: its vector, its rates, what it is judged by, and that it learns."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.workers.methods.drawn_pairs import LABELS, drawn, found_first, losses_by_term, trained
from workers.contract import NO_LABELS, Batch
from workers.methods.proxy_anchor import PROXY_RATE, TRAINING, Config, Method

SMALL = {"backbone": "resnet18", "weights": "random", "image_size": 32, "embedding": 64, "proxies": 40}
FAST = replace(TRAINING, photo_size=32, batch=36, epochs=10, frozen_epochs=0, learning_rate=1e-3)


def proxy_anchor(**changes: Any) -> Method:
    torch.manual_seed(0)
    return Method(Config(**(SMALL | changes)), NO_LABELS)


def batch(count: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(
        torch.rand(count, 3, 32, 32, generator=generator), {"product": 2**60 + torch.arange(count) // 2}
    )


def test_the_vector_is_a_linear_map_of_mean_and_maximum() -> None:
    method, images = proxy_anchor().eval(), batch().images
    maps = method.trunk(images)

    vectors = method.embed(Batch(images))

    expected = method.project(maps.mean((2, 3)) + maps.amax((2, 3)))
    torch.testing.assert_close(vectors, F.normalize(expected, dim=1))


def test_proxies_learn_at_a_hundred_times_the_rate_and_first_without_the_network() -> None:
    method = proxy_anchor()
    head, everything = method.stages(TRAINING)

    for stage in (head, everything):
        [group] = stage.groups
        share = dict(zip(map(id, group.parameters), group.shares, strict=True))
        assert share[id(method.products.vectors)] == PROXY_RATE == 100
        assert share[id(method.project.weight)] == 1
    assert len(head.groups[0].parameters) == 3 and head.frozen == (method.trunk,)
    assert len(everything.groups[0].parameters) == len(list(method.parameters()))


def test_held_out_products_get_no_proxy() -> None:
    method, one = proxy_anchor(), batch()

    judged = method.eval().loss(one, "all", "all")["products"]

    assert (method.products.owners == -1).all()
    torch.testing.assert_close(judged, method.products.judged(method.embed(one), one.dense("product")))
    method.train().loss(one, "all", "all")
    assert (method.products.owners != -1).sum() == 3


@pytest.mark.slow  # seconds
def test_photos_that_it_never_saw_are_told_apart_after_a_training() -> None:
    method = proxy_anchor(proxies=72)
    pixels, dataset = drawn(72, 32, seed=0)
    others = Batch(torch.from_numpy(drawn(36, 32, seed=1)[0]))

    def recall() -> float:
        with torch.no_grad():
            vectors = method.eval().embed(others)
        return found_first(vectors[1::2] @ vectors[::2].T)

    untrained = recall()
    terms = losses_by_term(trained(method, FAST, pixels, dataset))

    assert terms[-1]["products"] < 0.7 * terms[0]["products"]
    assert recall() > untrained + 0.1, (untrained, recall())


def test_at_full_size_it_is_resnet_50_with_512_numbers_and_takes_a_step() -> None:
    torch.manual_seed(0)
    method = Method(Config(weights="random"), NO_LABELS)
    numbers = sum(parameter.numel() for parameter in method.parameters())
    assert numbers == 23_508_032 + 2048 * 512 + 512 + 8192 * 512
    photos = torch.randint(0, 256, (2, 3, 256, 256), dtype=torch.uint8)
    crops = method.augment(Batch(photos, {"product": torch.tensor([0, 1])}), torch.Generator().manual_seed(0))
    assert crops.images.shape == (2, 3, 224, 224)

    method.train().loss(crops, "all", "all")["products"].backward()

    assert all(p.grad is not None and p.grad.isfinite().all() for p in method.parameters())
    with torch.no_grad():
        assert method.eval().embed(Batch(crops.images)).shape == (2, 512)


@pytest.mark.parametrize("labels", [NO_LABELS, LABELS])
def test_the_shapes_of_a_checkpoint_follow_from_the_settings_alone(labels: Any) -> None:
    method = Method(Config(**SMALL), labels)

    assert {tuple(t.shape) for n, t in method.state_dict().items() if n.startswith("products.")} == {
        (40, 64),
        (40,),
    }
