"""workers/methods/corbiere.py: the loss against slow arithmetic (METHODS.md section 4)."""

import math

import pytest
import torch
import torch.nn.functional as F

from workers.methods.corbiere import Config, Method

SMALL = {"backbone": "resnet18", "weights": "random", "image_size": 32}


class Fixed(Method):
    """The method with the trunk taken away: `images` are the vectors z themselves."""

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return images


def method(words: int = 7, **changes: object) -> Fixed:
    return Fixed(Config(**(SMALL | changes)), words)


def slow_loss(
    z: torch.Tensor, weight: torch.Tensor, words: list[int], bags: torch.Tensor, mask: bool
) -> float:
    total = 0.0
    for n, word in enumerate(words):
        rivals = [k for k in range(len(weight)) if k == word or not (mask and bags[n, k])]
        exponents = [math.exp(float(weight[k] @ z[n])) for k in rivals]
        total -= math.log(math.exp(float(weight[word] @ z[n])) / sum(exponents))
    return total / len(words)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    bags = torch.tensor(
        [[1, 1, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0, 0], [0, 1, 0, 1, 1, 0, 0]], dtype=torch.bool
    )
    return torch.randn(3, 512) / 10, torch.tensor([1, 2, 4]), bags


@pytest.mark.parametrize("mask", [True, False])
def test_the_loss_is_the_cross_entropy_of_the_drawn_word(batch: tuple, mask: bool) -> None:
    z, words, bags = batch
    model = method(mask_true=mask)

    loss = model.loss(z, words, bags)

    expected = slow_loss(z, model.words.weight.detach(), [1, 2, 4], bags, mask)
    assert float(loss.detach()) == pytest.approx(expected, abs=1e-5)


def test_equal_scores_cost_the_logarithm_of_the_vocabulary(batch: tuple) -> None:
    z, words, bags = batch
    model = method(mask_true=False)
    torch.nn.init.zeros_(model.words.weight)

    assert float(model.loss(z, words, bags)) == pytest.approx(math.log(7), abs=1e-6)


def test_all_words_as_negatives_equal_the_full_softmax_in_value_and_gradient(batch: tuple) -> None:
    z, words, bags = batch
    full, sampled = method(), method(negatives=6)
    sampled._candidates = lambda words: torch.arange(7)  # type: ignore[method-assign]

    losses = [model.loss(z, words, bags) for model in (full, sampled)]
    pairs = zip(losses, (full, sampled), strict=True)
    gradients = [torch.autograd.grad(loss, model.words.weight)[0] for loss, model in pairs]

    assert float(losses[0].detach()) == pytest.approx(float(losses[1].detach()), abs=1e-6)
    torch.testing.assert_close(*gradients)


def test_words_outside_the_sample_get_no_gradient(batch: tuple) -> None:
    z, words, bags = batch
    model = method(words=400, negatives=5)
    wide = F.pad(bags, (0, 393))

    torch.manual_seed(3)
    candidates = model._candidates(words)
    torch.manual_seed(3)
    model.loss(z, words, wide).backward()

    moved = model.words.weight.grad.abs().sum(1).nonzero().flatten().tolist()
    assert set(moved) <= set(candidates.tolist())
    assert {1, 2, 4} <= set(moved)


def test_other_true_words_of_a_photo_are_not_pushed_down(batch: tuple) -> None:
    z, words, bags = batch
    model = method()

    model.loss(z[:1], words[:1], bags[:1]).backward()

    pushed = model.words.weight.grad.abs().sum(1)
    assert pushed[0] == 0 and pushed[6] == 0  # "other true words"
    assert (pushed[[1, 2, 3, 4, 5]] > 0).all()


def test_sixteen_photos_with_a_word_each_are_learnt_by_heart() -> None:
    torch.manual_seed(0)
    model = Method(Config(**SMALL), 16)
    photos = torch.randint(0, 256, (16, 3, 32, 32), dtype=torch.uint8)
    words, bags = torch.arange(16), torch.eye(16, dtype=torch.bool)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)

    for _ in range(200):
        loss = model.loss(photos, words, bags)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if float(loss) < 0.02:
            break

    assert float(loss) < 0.05
    scores = model.features(photos) @ model.word_vectors().T
    assert (scores.argmax(1) == words).all()


def test_vectors_have_norm_one_and_the_trunk_s_width() -> None:
    model = Method(Config(**SMALL), 3).eval()

    vectors = model.embed(torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8))

    assert vectors.shape == (2, 512)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_the_paper_s_network_has_the_published_width() -> None:
    model = Method(Config(weights="random"), 30)

    assert model.dim == 2048
    assert model.words.weight.shape == (30, 2048)
