"""The house method: each term against a plain loop, each switch, and that words and photos share one space."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from workers.contract import SETTLING, Batch, LabelSpace, Sparse
from workers.methods.house import TEMPERATURE, TRAINING, Config, Method

SMALL = {
    "backbone": "resnet18", "weights": "random", "image_size": 32, "clutter": 0.0, "photos": 0.0, "titles": 0.0,
    "axes": 0, "colour_axes": 0,
}  # fmt: skip
WORDS = 12


def batch(n: int = 6, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(n, 3, 32, 32, generator=generator)
    bags = [sorted({k % WORDS, (k + 1 + seed) % WORDS, (3 * k + 2) % WORDS}) for k in range(n)]
    rows = torch.tensor([n for n, bag in enumerate(bags) for _ in bag])
    ids = torch.tensor([word for bag in bags for word in bag])
    return Batch(images, {"words": Sparse(rows, ids), "product": torch.arange(n) // 2})


def house(**changes: Any) -> Method:
    torch.manual_seed(0)
    return Method(Config(**(SMALL | changes)), LabelSpace(tuple(f"word {n}" for n in range(WORDS))))


def losses(method: Method, one: Batch) -> dict[str, Tensor]:
    return method.loss(one, "all", "all")


def vectors_of(method: Method, images: Tensor) -> Tensor:
    return method.embed(Batch(images))


def test_every_vector_is_learnt_part_and_colour_part_of_length_one() -> None:
    method = house(colour=0.7).eval()
    vectors = vectors_of(method, torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8))
    assert vectors.shape == (3, method.dim)
    learnt, colours = vectors[:, :512].norm(dim=1), vectors[:, 512:].norm(dim=1)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)
    assert torch.allclose(colours / learnt, torch.full((3,), 0.7), atol=1e-4)


def test_without_colour_and_with_a_projection_the_vector_is_the_projection() -> None:
    assert house(colour=0.0).dim == 512
    assert house(colour=0.0, projection=64).dim == 64
    assert vectors_of(house(colour=0.0, projection=64).eval(), torch.rand(2, 3, 32, 32)).shape == (2, 64)


def test_a_pixel_is_the_same_in_bytes_and_in_shares() -> None:
    method = house().eval()
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    assert torch.allclose(vectors_of(method, images), vectors_of(method, images.float() / 255), atol=1e-5)


def test_the_word_term_is_the_cross_entropy_of_equal_shares_without_trust() -> None:
    method, one = house(trust=False).eval(), batch()
    vectors = vectors_of(method, one.images)
    scores = vectors @ method.words.weight.T * method.scale.exp() + method.words.bias
    rows, ids = one.sparse("words")
    expected = [-F.log_softmax(scores[n], 0)[ids[rows == n]].mean() for n in range(len(one))]
    assert torch.allclose(losses(method, one)["words"], torch.stack(expected).mean(), atol=1e-5)


def test_the_title_term_equals_a_double_loop_over_pairs() -> None:
    method, one = house(titles=2.0).eval(), batch()
    vectors, hot = vectors_of(method, one.images), one.multi_hot("words", WORDS).float()
    total = torch.zeros(())
    for i, vector in enumerate(vectors):
        for j, bag in enumerate(hot):
            score = method.sharpness.exp() * vector @ F.normalize(bag @ method.words.weight, dim=0)
            score = score + method.shift
            if i == j:
                total = total - F.logsigmoid(score)
            elif not (bag <= hot[i]).all():  # a title that fits this photo, too, is no wrong one
                total = total - F.logsigmoid(-score)
    assert torch.allclose(losses(method, one)["titles"], 2.0 * total / len(hot), atol=1e-4)


def test_the_term_between_photos_equals_a_double_loop_over_pairs() -> None:
    method, one = house(photos=0.7, colour=0.0).eval(), batch()
    method.count({"words": torch.arange(1, WORDS + 1)}, 40)
    vectors, hot = vectors_of(method, one.images), one.multi_hot("words", WORDS)
    texts = F.normalize(method.trusted.shares(hot) * (40 / torch.arange(1, WORDS + 1)).log(), dim=1)
    total = torch.zeros(())
    for i in range(len(hot)):
        others = [j for j in range(len(hot)) if j != i]
        alike = torch.stack([texts[i] @ texts[j] / TEMPERATURE for j in others]).softmax(0)
        chosen = torch.stack([vectors[i] @ vectors[j] / TEMPERATURE for j in others]).log_softmax(0)
        total = total - (alike * chosen).sum()
    assert torch.allclose(losses(method, one)["photos"], 0.7 * total / len(hot), atol=1e-4)


def test_a_photo_without_words_attracts_nobody() -> None:
    method = house(photos=1.0).eval()
    one = batch(4)
    none = one.with_columns(words=Sparse(*(part[:0] for part in one.sparse("words"))))
    assert losses(method, none)["photos"] == 0
    losses(method.train(), none)["photos"].backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())


def test_a_photo_alone_in_its_batch_attracts_nobody() -> None:
    assert losses(house(photos=1.0).eval(), batch(1))["photos"] == 0


def test_photos_with_the_same_words_are_no_negatives_of_each_other() -> None:
    method = house(titles=1.0).eval()
    one = batch(2).with_columns(words=Sparse(torch.tensor([0, 0, 1, 1]), torch.tensor([3, 5, 3, 5])))
    own = vectors_of(method, one.images) @ F.normalize(method.words.weight[[3, 5]].sum(0), dim=0)
    expected = F.softplus(-(own * method.sharpness.exp() + method.shift)).mean()
    assert torch.allclose(losses(method, one)["titles"], expected, atol=1e-5)


def test_the_product_term_is_proxy_anchor() -> None:
    method, one = house(products=0.5, proxies=5, colour=0.0).eval(), batch()
    cosine = vectors_of(method, one.images) @ F.normalize(method.proxies.proxies, dim=1).T
    alpha, delta = 32.0, 0.1
    positive, negative, with_positives = torch.zeros(()), torch.zeros(()), 0
    for proxy in range(5):
        own = one.dense("product") % 5 == proxy
        if own.any():
            with_positives += 1
            positive = positive + torch.log1p(torch.exp(-alpha * (cosine[own, proxy] - delta)).sum())
        negative = negative + torch.log1p(torch.exp(alpha * (cosine[~own, proxy] + delta)).sum())
    expected = 0.5 * (positive / with_positives + negative / 5)
    assert torch.allclose(losses(method, one)["products"], expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "terms"),
    [
        ({}, {"words"}),
        ({"titles": 1.0}, {"words", "titles"}),
        ({"products": 0.5}, {"words", "products"}),
        ({"photos": 0.5}, {"words", "photos"}),
    ],
)
def test_only_the_terms_that_are_on_are_computed(changes: dict[str, float], terms: set[str]) -> None:
    assert set(losses(house(**changes), batch())) == terms


@pytest.mark.parametrize("pooling", ["gap", "gem", "max"])
def test_every_parameter_that_learns_gets_a_gradient(pooling: str) -> None:
    method = house(pooling=pooling, titles=1.0, products=0.5, projection=32, label_smoothing=0.1)
    torch.stack(list(losses(method, batch()).values())).sum().backward()
    assert not [name for name, parameter in method.named_parameters() if parameter.grad is None]


def test_word_scores_rank_as_the_words_of_the_loss_do_without_their_frequency() -> None:
    method, images = house().eval(), batch().images
    with torch.no_grad():
        method.words.bias.uniform_(-3, 3)
    vectors = vectors_of(method, images)
    scores = vectors @ method.words.weight.T * method.scale.exp()
    assert torch.allclose(vectors @ method.word_vectors().T, scores, atol=1e-5)


def test_the_colour_part_is_hidden_from_the_word_layer_while_training_alone() -> None:
    hidden, shown = house(colour_hidden=1.0, trust=False), house(colour_hidden=0.0, trust=False)
    for method in (hidden, shown):
        losses(method, batch())["words"].backward()
    assert (hidden.words.weight.grad[:, 512:] == 0).all()
    assert (shown.words.weight.grad[:, 512:] != 0).any()
    hidden.eval()
    assert vectors_of(hidden, batch().images)[:, 512:].norm(dim=1).min() > 0.1


def test_the_colour_part_is_longer_where_the_network_is_less_sure() -> None:
    method = house(colour=0.7).train()
    seen = [losses(method, batch(seed=seed)) and method.length.clone() for seed in range(3)]
    assert seen[0] > 1 and not torch.equal(seen[0], seen[2])  # a running mean, from the first batch on
    method.eval()
    images = batch().images
    features = method.pool(method.trunk(images))
    vectors = vectors_of(method, images)
    shares = vectors[:, 512:].norm(dim=1) / vectors[:, :512].norm(dim=1)
    assert torch.allclose(shares, 0.7 * method.length / features.norm(dim=1), rtol=1e-4)


def test_without_certainty_the_colour_part_is_as_long_for_every_photo() -> None:
    method = house(colour=0.7, certainty=False).train()
    losses(method, batch())
    vectors = vectors_of(method.eval(), batch().images)
    shares = vectors[:, 512:].norm(dim=1) / vectors[:, :512].norm(dim=1)
    assert torch.allclose(shares, torch.full((6,), 0.7), rtol=1e-4)


def test_trust_is_in_the_checkpoint_and_moves_only_while_training() -> None:
    method = house()
    before = method.trusted.gains.clone()
    losses(method.eval(), batch())
    assert torch.equal(method.trusted.gains, before)
    losses(method.train(), batch())
    assert not torch.equal(method.trusted.gains, before)
    assert {"trusted.gains", "trusted.possible", "trusted.expected"} <= set(method.state_dict())


def test_sixteen_photos_with_words_of_their_own_are_learnt() -> None:
    torch.manual_seed(0)
    labels = LabelSpace(tuple(f"word {n}" for n in range(16)))
    method = Method(Config(**(SMALL | {"trust": False, "colour_hidden": 0.0})), labels)
    generator = torch.Generator().manual_seed(0)
    images, ids = torch.rand(16, 3, 32, 32, generator=generator), torch.arange(16)
    one = Batch(images, {"words": Sparse(ids, ids), "product": ids})
    optimiser = torch.optim.AdamW(method.parameters(), 3e-3)
    for _ in range(60):
        loss: Tensor = losses(method, one)["words"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    vectors = vectors_of(method.eval(), images)
    assert (vectors @ method.word_vectors().T).argmax(1).tolist() == ids.tolist()


def test_crops_of_larger_photos_have_the_size_of_embedding() -> None:
    photos = torch.randint(0, 256, (3, 3, 48, 48), dtype=torch.uint8)
    crops = house().augment(Batch(photos), torch.Generator().manual_seed(0))
    assert crops.images.shape == (3, 3, 32, 32)


def test_depths_of_the_network_learn_slower_the_nearer_they_are_to_the_photo() -> None:
    method = house()
    all_alike = method.stages(TRAINING)[1].groups[0]
    assert all_alike.shares == ()

    group = method.stages(replace(TRAINING, layer_decay=0.5))[1].groups[0]

    share = dict(zip(map(id, group.parameters), group.shares, strict=True))
    assert share[id(method.words.weight)] == 1
    assert [share[id(next(part.parameters()))] for part in method.trunk.depths] == [
        1 / 32,
        1 / 16,
        1 / 8,
        1 / 4,
        1 / 2,
    ]


@pytest.mark.parametrize("backbone", ["efficientnet_lite0", "efficientnet_lite2"])
def test_any_backbone_is_a_network_of_house(backbone: str) -> None:
    method = house(backbone=backbone, photos=0.25).train()
    assert vectors_of(method, batch().images).shape == (6, 1280 + method.layout.dim)

    sum(losses(method, batch()).values(), torch.zeros(())).backward()

    assert all(parameter.grad is not None for parameter in method.trunk.parameters())
    assert method.normalisation == "mean 0.498039 0.498039 0.498039 std 0.501961 0.501961 0.501961"


def test_the_word_layer_settles_on_the_words_alone() -> None:
    method, one = house(photos=0.5, titles=0.5).eval(), batch()
    everything = losses(method, one)
    assert set(everything) == {"words", "photos", "titles"}

    settling = method.loss(one, SETTLING, "words")

    assert set(settling) == {"words"} and torch.equal(settling["words"], everything["words"])
    assert method.stages(TRAINING)[-1].name == SETTLING


def test_vectors_keep_the_axes_that_were_fitted_and_words_score_them_as_before() -> None:
    images = torch.rand(40, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    whole, short = house(colour=0.7).eval(), house(colour=0.7, axes=40, colour_axes=40).eval()
    assert short.dim == 80 and torch.equal(short.words.weight, whole.words.weight)
    with torch.no_grad():
        as_drawn = vectors_of(short, images)

        left_out = short.fit([Batch(images[:30]), Batch(images[30:])])

        vectors, everything = vectors_of(short, images), vectors_of(whole, images)
    assert set(left_out) == {"left out", "colours left out"} and max(left_out.values()) < 1e-4
    assert torch.allclose(vectors @ vectors.T, everything @ everything.T, atol=1e-3)  # as many axes as photos
    assert not torch.allclose(as_drawn @ as_drawn.T, everything @ everything.T, atol=1e-2)
    one = batch()
    settling = short.loss(one, SETTLING, "words")["words"]
    scores = vectors_of(short, one.images) @ short.word_vectors().T + short.words.bias
    shares = short.trusted.shares(one.multi_hot("words", WORDS))
    assert torch.allclose(settling, -(shares * F.log_softmax(scores, 1)).sum(1).mean(), atol=1e-4)
    assert house(colour=0.0, axes=8, colour_axes=12).dim == 8
