"""FLAM: its terms by hand, what is frozen, its full size, and that an attribute changes while the item stays."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schemas.errors import InputError
from tests.workers.methods.drawn_pairs import COLOURS, LABELS, drawn, losses_by_term, trained
from tests.workers.methods.full_size import numbers
from workers.contract import Batch, LabelSpace, Sparse
from workers.data.columns import Csr
from workers.data.dataset import Dataset
from workers.methods.flam import TRAINING, Config, Method
from workers.training.steps.train_step import TrainStep

SMALL: dict[str, Any] = {
    "backbone": "resnet18", "weights": "random", "image_size": 32, "embedding": 48, "entry": 16, "embedder_units": 64,
    "edit_units": 128, "edit_rate": 3e-3,
}  # fmt: skip
LITERAL = {"literal": True, "matching": 1.0, "adversarial": 0.1}
FROZEN = replace(TRAINING, batch=36, epochs=0, frozen_epochs=100)


def flam(labels: LabelSpace = LABELS, **changes: Any) -> Method:
    torch.manual_seed(0)
    return Method(Config(**(SMALL | changes)), labels)


def batch(count: int = 4, size: int = 32) -> Batch:
    """Of each photo a skirt is known, of the first a top, too."""
    images = torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0))
    skirts = Sparse(torch.tensor([0, *range(count)]), torch.tensor([7, *(n % 6 for n in range(count))]))
    return Batch(images, {"attributes": skirts, "product": torch.arange(count) // 2})


class Colours(nn.Module):
    """An extractor that has nothing to learn: colours on a grid, turned so that no number is one place's alone."""

    def __init__(self) -> None:
        super().__init__()
        turn = torch.linalg.qr(torch.randn(48, 48, generator=torch.Generator().manual_seed(1)))[0]
        self.register_buffer("turn", turn)

    def forward(self, images: Tensor) -> Tensor:
        pixels = images / 255 if images.dtype == torch.uint8 else images
        return F.normalize(F.adaptive_avg_pool2d(pixels.float() - 0.45, 4).flatten(1) @ self.turn, dim=1)


def known_of(photos: Dataset) -> Tensor:
    """(N, 2) colours of skirt and top, all of which are known."""
    return torch.from_numpy(photos.sparse("attributes").ids).view(-1, 2) - torch.tensor([0, len(COLOURS)])


def changed_and_kept(method: Method, kind: str) -> tuple[float, float]:
    """Of other products' photos, moved to every other colour: how many have it then, and the other half as it was.

    What a vector shows is what the nearest mean of vectors of all colours of both halves shows.
    """
    pixels, photos = drawn(72, 32, seed=1)
    true, place = known_of(photos), ("skirt", "top").index(kind)
    with torch.no_grad():
        vectors = method.eval().embed(Batch(torch.from_numpy(pixels)))
        looks, number = torch.unique(true, dim=0, return_inverse=True)
        means = torch.stack([F.normalize(vectors[number == n].mean(0), dim=0) for n in range(len(looks))])
        changed, kept = [], []
        for colour, name in enumerate(COLOURS):
            others = true[:, place] != colour
            shown = looks[(method.edit(vectors[others], kind, name) @ means.T).argmax(1)]
            changed.append(shown[:, place] == colour)
            kept.append(shown[:, 1 - place] == true[others][:, 1 - place])
    return float(torch.cat(changed).float().mean()), float(torch.cat(kept).float().mean())


@torch.no_grad()
def test_terms_of_an_edit_are_the_squared_distances_of_what_was_made() -> None:
    method, one = flam().eval(), batch()
    vectors = method.embed(one)
    kinds, partner = torch.tensor([0, 1, 0, 1]), torch.tensor([1, 0, 3, 2])

    terms = method._edits(vectors, kinds, partner)

    phi, config = method.dictionary(vectors), method.config
    cycle, matching, identity, others, near = (0.0,) * 5
    for n in range(4):
        kind, x = int(kinds[n]), vectors[n : n + 1]
        want, own = torch.zeros(1, 2, 16), torch.zeros(1, 2, 16)
        want[0, kind], own[0, kind] = phi[partner[n], kind], phi[n, kind]
        made = method.generator(x, want.flatten(1))
        seen = method.dictionary(made)[0]
        cycle += float((method.generator(made, own.flatten(1)) - x).square().sum()) / 4
        matching += float((seen[kind] - phi[partner[n], kind]).square().sum()) / 4
        identity += float((method.generator(x, own.flatten(1)) - x).square().sum()) / 4
        others += float((seen[1 - kind] - phi[n, 1 - kind]).square().sum()) / 4
        near += float((made - x).square().sum()) / 4
    by_hand = {"cycle": cycle, "matching": matching, "identity": identity, "others": others, "near": near}
    assert {name: float(term) for name, term in terms.items()} == pytest.approx(
        {name: getattr(config, name) * value for name, value in by_hand.items()}, rel=1e-4
    )


def test_a_generator_that_moves_nothing_costs_what_it_does_not_change() -> None:
    method, one = flam().eval(), batch()
    for part in method.generator.layers[-1].parameters():
        nn.init.zeros_(part)

    terms = method.loss(one, "edits", "generator")

    assert all(float(terms[name].detach()) < 1e-9 for name in ("cycle", "identity", "others", "near"))
    assert terms["matching"] > 0.01
    torch.testing.assert_close(method.edit(method.embed(one), "skirt", "red"), method.embed(one))


def test_the_literal_recipe_has_the_paper_s_terms_alone_and_both_play_the_game_while_they_learn() -> None:
    one = batch()

    assert flam(**LITERAL).train().loss(one, "edits", "generator").keys() == {
        "cycle",
        "matching",
        "adversarial",
    }
    assert flam(**LITERAL).eval().loss(one, "edits", "generator").keys() == {"cycle", "matching"}
    assert flam().eval().loss(one, "edits", "discriminator") == {}
    assert not flam(**LITERAL).generator.residual and flam().generator.residual


def test_the_value_to_get_is_one_of_a_photo_that_has_one_where_there_are_such() -> None:
    method, known = flam(), torch.zeros(6, 2, dtype=torch.bool)
    known[2, 0] = known[[1, 4], 1] = True
    torch.manual_seed(0)

    drawn_ = [method._wanted(known) for _ in range(50)]

    kinds, partner = (torch.cat(parts) for parts in zip(*drawn_, strict=True))
    photos = torch.arange(6).repeat(50)
    assert set(partner[(kinds == 0) & (photos != 2)].tolist()) == {2}
    assert set(partner[(kinds == 1) & (photos == 0)].tolist()) == {1, 4}
    assert len(set(partner[(kinds == 0) & (photos == 2)].tolist())) > 2  # nobody else has one
    assert 0.4 < float(kinds.float().mean()) < 0.6


def test_dictionary_and_edits_leave_the_extractor_as_it_is_to_the_bit_and_each_group_learns_its_own() -> None:
    method = flam()
    step = TrainStep(method, replace(TRAINING, epochs=1, frozen_epochs=2), torch.device("cpu"))
    parts = ("extractor", "dictionary", "generator", "discriminator")

    def moves(stage: int) -> set[str]:
        first = {name: tensor.clone() for name, tensor in method.state_dict().items()}
        step.begin(stage, 2)
        for number in range(2):
            step.step(batch(), 1, number)
        return {
            part
            for part in parts
            for name, tensor in method.state_dict().items()
            if name.startswith(part) and not torch.equal(tensor, first[name])
        }

    assert [moves(stage) for stage in range(3)] == [
        {"extractor"},
        {"dictionary"},
        {"generator", "discriminator"},
    ]


def test_both_groups_of_a_step_look_at_its_photos_once() -> None:
    method, one, looks = flam(), batch(), []
    method.extractor.register_forward_hook(lambda *given: looks.append(1))

    for number in range(2):
        images = one.with_columns(one.images.clone())
        for group in ("discriminator", "generator"):
            method.loss(images, "edits", group)
        assert len(looks) == number + 1 and method._seen is None


def test_it_needs_attributes_to_learn() -> None:
    with pytest.raises(InputError, match="flam: learns from attributes, and the photos have no attributes"):
        flam(LabelSpace())


def learnt(labels: LabelSpace = LABELS, **changes: Any) -> tuple[Method, list[dict[str, Any]]]:
    """Dictionary and edits, learnt through the training loop on photos of which a third of the labels is unknown."""
    method = flam(labels, **changes)
    method.extractor = Colours()  # type: ignore[assignment]
    pixels, photos = drawn(108, 32, seed=0, unknown=0.3)
    attributes = photos.sparse("attributes")
    rows = [attributes.ids[a:b] for a, b in zip(attributes.starts[:-1], attributes.starts[1:], strict=True)]
    width = len(labels.attributes)
    photos = photos.with_columns({"attributes": Csr.of([row[row < width] for row in rows], width)})
    return method, losses_by_term(trained(method, FROZEN, pixels, photos))


@pytest.mark.slow
def test_the_attribute_changes_and_the_item_stays_as_the_literal_recipe_does_not_manage() -> None:
    method, terms = learnt()
    pixels, photos = drawn(72, 32, seed=1)
    with torch.no_grad():
        likeness = method.eval().predict(Batch(torch.from_numpy(pixels)))["attributes"]
        vectors = method.embed(Batch(torch.from_numpy(pixels)))
        own = [method.edit(vectors[n : n + 1], "skirt", COLOURS[known_of(photos)[n, 0]]) for n in range(40)]
    told = torch.stack([likeness[:, :6].argmax(1), likeness[:, 6:].argmax(1)], 1)

    assert (told == known_of(photos)).float().mean() > 0.97  # of chance's 1 in 6
    for kind in ("skirt", "top"):
        changed, kept = changed_and_kept(method, kind)
        assert changed > 0.9 and kept > 0.9, (kind, changed, kept)
    assert float((torch.cat(own) * vectors[:40]).sum(1).mean()) > 0.9  # what it has already
    assert terms[-1]["cycle"] < 0.7 * terms[FROZEN.frozen_epochs + 20]["cycle"]
    literal = changed_and_kept(learnt(**LITERAL)[0], "skirt")
    assert literal[0] > 0.5 > literal[1], literal


@pytest.mark.slow
def test_what_nobody_has_labelled_stays_too() -> None:
    skirts = LabelSpace(attributes=LABELS.attributes[: len(COLOURS)])

    changed, kept = changed_and_kept(learnt(skirts)[0], "skirt")

    assert changed > 0.9 and kept > 0.85, (changed, kept)


def test_the_full_size_is_resnet_50_with_an_embedder_for_each_kind() -> None:
    labels = LabelSpace(attributes=tuple(f"{kind}: {n:03}" for kind in range(5) for n in range(200)))
    with torch.device("meta"):
        whole = Method(Config(weights="random"), labels)
        told = whole.predict(Batch(torch.zeros(2, 3, 224, 224)))["attributes"]

    assert numbers(whole.extractor) == 23_508_032 + 2049 * 512
    assert numbers(whole.dictionary) == 5 * (513 * 512 + 513 * 128) + 1000 * 128
    assert numbers(whole.generator) == (512 + 5 * 128 + 1) * 1024 + 1025 * 1024 + 1025 * 512
    assert numbers(whole.discriminator) == 513 * 1024 + 1025 * 1024 + 1025
    assert whole.dim == 512 and told.shape == (2, 1000)


@pytest.mark.slow
def test_the_full_size_takes_a_step_of_each_stage() -> None:
    method = Method(Config(weights="random"), LABELS)
    step = TrainStep(method, TRAINING, torch.device("cpu"))

    terms = []
    for stage in range(3):
        step.begin(stage, 1)
        terms.append(step.step(batch(4, 224), 1, 0))

    assert [len(named) for named in terms] == [1, 1, 7]
    assert all(np.isfinite(float(term)) for named in terms for term in named.values())
