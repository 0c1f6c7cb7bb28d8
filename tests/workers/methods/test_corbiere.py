"""workers/methods/corbiere.py: the loss against slow arithmetic."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from workers.contract import Batch, KnowsFrequencies, LabelSpace, Sparse, Trains
from workers.methods.corbiere import TRAINING, Config, Method

SMALL = {"backbone": "resnet18", "weights": "random", "image_size": 32}
BAGS = [[0, 1, 6], [2], [1, 3, 4]]
DRAWN = [1, 2, 4]


class Fixed(Method):
    """The method with the trunk taken away: `images` are the vectors z themselves."""

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return images


def labels(words: int) -> LabelSpace:
    return LabelSpace(tuple(f"word {n}" for n in range(words)))


def method(words: int = 7, **changes: object) -> Fixed:
    torch.manual_seed(0)
    return Fixed(Config(**(SMALL | changes)), labels(words))


def loss_of(model: Method, batch: Batch) -> torch.Tensor:
    return model.loss(batch, "all", "all")["words"]


def batch_of(images: torch.Tensor, words: list[int], bags: list[list[int]]) -> Batch:
    rows = [row for row, bag in enumerate(bags) for _ in bag]
    ids = [word for bag in bags for word in bag]
    columns = {"words": Sparse(torch.tensor(rows), torch.tensor(ids)), "word": torch.tensor(words)}
    return Batch(images, columns)


@pytest.fixture
def batch() -> Batch:
    return batch_of(torch.randn(3, 512, generator=torch.Generator().manual_seed(1)) / 10, DRAWN, BAGS)


def slow_loss(z: torch.Tensor, weight: torch.Tensor, mask: bool) -> float:
    total = 0.0
    for n, word in enumerate(DRAWN):
        rivals = [k for k in range(len(weight)) if k == word or not (mask and k in BAGS[n])]
        exponents = [math.exp(float(weight[k] @ z[n])) for k in rivals]
        total -= math.log(math.exp(float(weight[word] @ z[n])) / sum(exponents))
    return total / len(DRAWN)


@pytest.mark.parametrize("mask", [True, False])
def test_the_loss_is_the_cross_entropy_of_the_drawn_word(batch: Batch, mask: bool) -> None:
    model = method(mask_true=mask)

    loss = loss_of(model, batch)

    assert float(loss.detach()) == pytest.approx(
        slow_loss(batch.images, model.words.weight.detach(), mask), abs=1e-5
    )


def test_photos_sampling_asks_for_all_words_in_equal_shares(batch: Batch) -> None:
    model = method(sampling="photos")
    weight = model.words.weight.detach()

    expected = 0.0
    for z, bag in zip(batch.images, BAGS, strict=True):
        below = math.log(sum(math.exp(float(w @ z)) for w in weight))
        expected += sum(below - float(weight[word] @ z) for word in bag) / len(bag) / len(BAGS)

    assert float(loss_of(model, batch).detach()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("negatives", [0, 4])
def test_k_equal_scores_cost_the_logarithm_of_k(batch: Batch, negatives: int) -> None:
    model = method(mask_true=False, negatives=negatives)
    torch.nn.init.zeros_(model.words.weight)

    torch.manual_seed(5)
    rivals = len(model._candidates(batch))
    torch.manual_seed(5)

    assert float(loss_of(model, batch).detach()) == pytest.approx(math.log(rivals), abs=1e-6)
    assert rivals == 7 if negatives == 0 else rivals < 7


@pytest.mark.parametrize("changes", [{}, {"mask_true": False}, {"sampling": "photos"}])
def test_all_words_sampled_equal_the_full_softmax_in_value_and_gradient(batch: Batch, changes: dict) -> None:
    full, sampled = method(**changes), method(negatives=6, **changes)
    torch.manual_seed(next(seed for seed in range(10_000) if _draws_all(sampled, batch, seed)))

    losses = [loss_of(model, batch) for model in (full, sampled)]
    pairs = zip(losses, (full, sampled), strict=True)
    gradients = [torch.autograd.grad(loss, model.words.weight)[0] for loss, model in pairs]

    assert float(losses[0].detach()) == pytest.approx(float(losses[1].detach()), abs=1e-6)
    torch.testing.assert_close(*gradients, atol=1e-6, rtol=0)


def _draws_all(model: Fixed, batch: Batch, seed: int) -> bool:
    torch.manual_seed(seed)
    return len(model._candidates(batch)) == 7


def test_words_outside_the_sample_get_no_gradient(batch: Batch) -> None:
    model = method(words=400, negatives=5)

    torch.manual_seed(3)
    candidates = model._candidates(batch)
    torch.manual_seed(3)
    loss_of(model, batch).backward()

    moved = model.words.weight.grad.abs().sum(1).nonzero().flatten().tolist()
    assert set(moved) <= set(candidates.tolist())
    assert {1, 2, 4} <= set(moved)
    assert len(candidates) <= 3 + 5


def test_other_true_words_of_a_photo_are_not_pushed_down(batch: Batch) -> None:
    model = method()

    loss_of(model, batch_of(batch.images[:1], DRAWN[:1], BAGS[:1])).backward()

    pushed = model.words.weight.grad.abs().sum(1)
    assert pushed[0] == 0 and pushed[6] == 0  # "other true words"
    assert (pushed[[1, 2, 3, 4, 5]] > 0).all()


def test_negatives_are_drawn_uniformly_or_by_a_power_of_their_photos(batch: Batch) -> None:
    photos = torch.tensor([1, 16, 81, 256, 0, 625, 1296])
    model = method(negatives=1, negative_power=0.75)
    model.count({"words": photos}, 2000)
    drawn: list[int] = []
    far = batch.with_columns(word=torch.tensor([4]))  # word 4 has no photo, so it is never a negative
    torch.manual_seed(0)

    for _ in range(4000):
        drawn += [word for word in model._candidates(far).tolist() if word != 4]

    expected = np.array([1, 8, 27, 64, 0, 125, 216]) / 441
    counts = np.bincount(drawn, minlength=7)
    assert counts[4] == 0
    there = expected > 0
    assert chisquare(counts[there], expected[there] * 4000).pvalue > 1e-4

    uniform = method(negatives=1)
    uniform.count({"words": photos}, 2000)
    counts = np.bincount([w for _ in range(4000) for w in uniform._candidates(far).tolist()], minlength=7)
    others = counts[[0, 1, 2, 3, 5, 6]]
    assert chisquare(others).pvalue > 1e-4


def test_sixteen_photos_with_a_word_each_are_learnt_by_heart() -> None:
    torch.manual_seed(0)
    model = Method(Config(**SMALL), labels(16))
    photos = torch.randint(0, 256, (16, 3, 32, 32), dtype=torch.uint8)
    batch = batch_of(photos, list(range(16)), [[n] for n in range(16)])
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)

    for _ in range(200):
        loss = loss_of(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if float(loss.detach()) < 0.02:
            break

    assert float(loss.detach()) < 0.05
    scores = model.features(photos) @ model.word_vectors().T
    assert (scores.argmax(1) == batch.dense("word")).all()


def test_gem_learns_its_power() -> None:
    model = Method(Config(**SMALL, pooling="gem"), labels(3))

    model.embed(Batch(torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8))).square().mul(
        torch.arange(512.0)
    ).sum().backward()

    assert float(model.pool.power.grad.abs()) > 0


def test_vectors_have_norm_one_and_the_trunk_s_width() -> None:
    model = Method(Config(**SMALL), labels(3)).eval()

    vectors = model.embed(Batch(torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)))

    assert vectors.shape == (2, 512)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_augmentation_can_be_off_and_gives_floats_between_0_and_1() -> None:
    photos = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)

    plain = method(augment=False).augment(Batch(photos), torch.Generator()).images
    changed = method().augment(Batch(photos), torch.Generator().manual_seed(1)).images

    torch.testing.assert_close(plain, photos.float() / 255)
    assert changed.shape == photos.shape and not torch.equal(changed, plain)
    assert float(changed.min()) >= 0 and float(changed.max()) <= 1


def test_the_paper_s_numbers_and_network() -> None:
    config = Config(weights="random")
    model = Method(config, labels(30))

    assert (TRAINING.batch, TRAINING.learning_rate, TRAINING.optimiser) == (20, 0.1, "sgd")
    assert (TRAINING.schedule, TRAINING.frozen_epochs, config.sampling) == ("plateau", 20, "words")
    assert model.dim == 2048 and model.words.weight.shape == (30, 2048)
    assert isinstance(model, Trains) and isinstance(model, KnowsFrequencies)
