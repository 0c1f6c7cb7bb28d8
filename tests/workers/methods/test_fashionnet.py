"""FashionNet: what it is at full size, each loss of its stages, and that it learns what garments look like."""

from typing import Any

import numpy as np
import pytest
import torch

from schemas.annotation import LANDMARKS
from schemas.errors import InputError
from tests.workers.contract.labelled_photos import pixels
from tests.workers.methods.drawn_garments import Learnt, drawn_garments, landmark_error, learn
from tests.workers.methods.full_size import BENCHMARK, numbers, one_step
from workers.contract import Batch, LabelSpace, Sparse, Training
from workers.contract.registry import build, settings_of
from workers.data.dataloader import BatchLoader
from workers.methods.fashionnet import MAIN, Config, Method
from workers.training.steps.train_step import TrainStep

LABELS = LabelSpace(categories=("dress", "tee"), attributes=("dots", "plain", "knit"), landmarks=LANDMARKS)
SMALL: dict[str, Any] = {"width": 1 / 16, "image_size": 64, "weights": "random", "dropout": 0.0}


def method(**changes: Any) -> Method:
    built = build(settings_of("fashionnet", SMALL | changes), LABELS)
    assert isinstance(built, Method)
    return built


def batch(**changes: Any) -> Batch:
    """Four photos of two products; of the last nothing is known."""
    landmarks = torch.rand(4, 8, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    landmarks[:, :, 2] = torch.tensor([1.0, 0.0, -1.0, 1.0]).repeat(2)
    landmarks[3, :, 2] = -1
    columns = {
        "landmarks": landmarks,
        "category": torch.tensor([0, 1, 0, -1]),
        "attributes": Sparse(torch.tensor([0, 0, 1]), torch.tensor([0, 2, 1])),
        "product": torch.tensor([5, 5, 7, 7]),
    }
    return Batch(torch.from_numpy(pixels(4, 64)), columns | changes)


def test_the_full_size_is_vgg_16_with_the_paper_s_branches() -> None:
    with torch.device("meta"):
        whole = Method(Config(weights="random"), BENCHMARK)
        told = whole.predict(Batch(torch.zeros(2, 3, 224, 224)))

    conv5 = 3 * (512 * 512 * 9 + 512)
    pose = (25_088 + 1) * 1024 + (1024 + 1) * 1024
    assert numbers(whole.trunk) == 14_714_688 - conv5
    assert numbers(whole.pose) == conv5 + pose and numbers(whole.place, whole.seen) == (1024 + 1) * (16 + 8)
    assert numbers(whole.whole) == conv5 + (25_088 + 1) * 4096
    assert numbers(whole.local) == (512 * 8 * 9 + 1) * 1024
    assert numbers(whole.fused) == (4096 + 1024 + 1) * 1024
    assert numbers(whole.category, whole.attributes, whole.embedding) == (1024 + 1) * (50 + 1000 + 512)
    assert numbers(whole) == 195_918_706
    assert {name: tuple(tensor.shape) for name, tensor in told.items()} == {
        "category": (2, 50), "attributes": (2, 1000), "landmarks": (2, 8, 3)
    }  # fmt: skip


@pytest.mark.slow
def test_the_full_size_takes_a_step() -> None:
    assert one_step("fashionnet").keys() == {*MAIN["landmarks"], *MAIN["all"]}


def test_places_and_visibility_are_the_main_tasks_of_the_first_stage_and_the_others_of_the_second() -> None:
    one = method(auxiliary=0.25).eval()

    first, second = (one.loss(batch(), stage, "all") for stage in ("landmarks", "all"))

    for name in first:
        main, other = (first, second) if name in MAIN["landmarks"] else (second, first)
        torch.testing.assert_close(0.25 * main[name], other[name])
        assert main[name] > 0
    stages = one.stages(Training(frozen_epochs=2, epochs=3))
    assert [(stage.name, stage.epochs) for stage in stages] == [("landmarks", 2), ("all", 3)] * 2
    assert not any(stage.continues for stage in stages)


def test_what_is_not_known_teaches_nothing() -> None:
    one = method().eval()
    blank = batch(
        landmarks=torch.full((4, 8, 3), -1.0),
        category=torch.full((4,), -1),
        attributes=Sparse(*torch.zeros(2, 0, dtype=torch.int64)),
        product=torch.arange(4),
    )

    terms = one.loss(blank, "all", "all")

    assert all(term == 0 for term in terms.values())
    torch.stack(list(terms.values())).sum().backward()
    assert all(p.grad is None or not p.grad.any() for p in one.parameters())


def test_the_place_of_a_landmark_that_is_not_seen_does_not_matter() -> None:
    one, known = method().eval(), batch()
    moved = known.dense("landmarks").clone()
    moved[moved[:, :, 2] != 1] += torch.tensor([0.3, -0.2, 0.0])

    one_way, other = (one.loss(each, "all", "all") for each in (known, known.with_columns(landmarks=moved)))

    assert one_way == other


def test_the_category_teaches_the_pose_branch_nothing() -> None:
    one = method()

    one.loss(batch(), "all", "all")["category"].backward()

    assert all(p.grad is None for part in (one.pose, one.place, one.seen) for p in part.parameters())
    assert all(p.grad is not None for part in (one.whole, one.local, one.trunk) for p in part.parameters())


def test_the_local_branch_sees_what_lies_at_landmarks_that_the_pose_branch_sees() -> None:
    one = method().eval()
    images = batch().images
    torch.nn.init.constant_(one.seen.bias, -99.0)
    unseen = one.embed(Batch(images))
    for part in one.local.parameters():
        part.data.mul_(2)  # a layer of biases alone

    assert not torch.equal(one.embed(Batch(images)), unseen)
    torch.nn.init.constant_(one.seen.bias, 99.0)
    assert not torch.allclose(one.embed(Batch(images)), unseen)


def test_it_refuses_photos_that_nobody_annotated_and_a_photo_that_is_too_small() -> None:
    with pytest.raises(
        InputError, match=r"^fashionnet: learns from categories and landmarks, and the photos have no"
    ):
        build(settings_of("fashionnet", SMALL), LabelSpace(words=("red",), categories=("dress",)))
    with pytest.raises(InputError, match="image_size 16: VGG halves"):
        method(image_size=16)


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    changes = {"vgg": "vgg11", "width": 1 / 8, "batch_norm": True, "learning_rate": 3e-3, "rounds": 1}
    return learn("fashionnet", changes | {"frozen_epochs": 6, "epochs": 0})


def test_on_drawn_garments_it_finds_landmarks_better_than_at_their_mean_place(learnt: Learnt) -> None:
    assert learnt.history[-1]["loss"] < 0.6 * learnt.history[0]["loss"]
    assert learnt.landmark_error < 0.85 * learnt.error_of_mean < learnt.first_error


@pytest.mark.slow
def test_it_learns_a_few_photos_by_heart() -> None:
    photos, known, labels = drawn_garments(18, 1, 64)
    data = known.take(np.arange(32)).select(Method.reads)
    changes = SMALL | {"width": 1 / 8, "batch_norm": True, "learning_rate": 2e-3, "sampling": "photos"}
    settings = settings_of("fashionnet", changes)
    assert settings.training is not None
    one = build(settings, labels)
    step = TrainStep(one, settings.training, torch.device("cpu"))
    whole = BatchLoader(photos[:32], data, 32).make(0, 0).batch
    for number in range(len(step.stages)):
        step.begin(number, 60)
        for turn in range(60):
            step.step(whole, number, turn)

    with torch.no_grad():
        told = one.eval().predict(whole)

    assert torch.equal(told["category"].argmax(1), whole.dense("category"))
    assert landmark_error(told["landmarks"], whole.dense("landmarks")) < 0.03
