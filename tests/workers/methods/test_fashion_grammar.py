"""The fashion grammar network: what it is at full size, who hears of whom, and that it learns landmarks."""

from typing import Any

import pytest
import torch

from schemas.annotation import LANDMARKS
from schemas.errors import InputError
from tests.workers.contract.labelled_photos import pixels
from tests.workers.methods.drawn_garments import Learnt, learn
from tests.workers.methods.full_size import BENCHMARK, numbers, one_step
from workers.contract import Batch, LabelSpace, Sparse, Training
from workers.contract.registry import build, settings_of
from workers.layers.landmarks.heat_maps import gaussians
from workers.methods.fashion_grammar import KINEMATIC, SYMMETRY, Config, Method, chains

LABELS = LabelSpace(categories=("dress", "tee"), attributes=("dots", "plain", "knit"), landmarks=LANDMARKS)
SMALL: dict[str, Any] = {"width": 1 / 16, "image_size": 64, "weights": "random", "dropout": 0.0, "kernel": 3}


def method(**changes: Any) -> Method:
    built = build(settings_of("fashion_grammar", SMALL | changes), LABELS)
    assert isinstance(built, Method)
    return built


def batch(**changes: Any) -> Batch:
    """Three photos; of the last nothing is known."""
    landmarks = torch.rand(3, 8, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    landmarks[:, :, 2] = torch.tensor([1.0, 0.0, -1.0, 1.0]).repeat(2)
    landmarks[2, :, 2] = -1
    columns = {
        "landmarks": landmarks,
        "category": torch.tensor([0, 1, -1]),
        "attributes": Sparse(torch.tensor([0, 0, 1]), torch.tensor([0, 2, 1])),
    }
    return Batch(torch.from_numpy(pixels(3, 64)), columns | changes)


def test_the_full_size_is_vgg_16_with_a_grammar_and_two_attentions() -> None:
    with torch.device("meta"):
        whole = Method(Config(weights="random"), BENCHMARK)
        told = whole.predict(Batch(torch.zeros(2, 3, 224, 224)))
        maps = whole.trunk(torch.zeros(1, 3, 224, 224))

    kernel = 7 * 7
    assert maps.shape == (1, 512, 28, 28) and numbers(whole.trunk, whole.last) == 14_714_688
    assert numbers(whole.first) == (512 * 9 + 1) * 128 + (128 + 1) * 8
    assert numbers(whole.grammar) == 8 * 2 * (kernel * 8 + 8 + kernel * 8 * 8 + kernel * 8)
    assert numbers(whole.attention) == (512 * 9 + 1) * 128 + 3 * (128 * 9 + 1) * 128 + (128 * 9 + 1) * 512
    assert numbers(whole.under) == 2 * (25_088 + 1) * 1024
    assert numbers(whole.category, whole.attributes) == (1024 + 1) * (50 + 1000)
    assert {name: tuple(tensor.shape) for name, tensor in told.items()} == {
        "category": (2, 50), "attributes": (2, 1000), "landmarks": (2, 8, 3)
    }  # fmt: skip


@pytest.mark.slow
def test_the_full_size_takes_a_step() -> None:
    assert one_step("fashion_grammar").keys() == {"first", "heat", "visibility", "category", "attributes"}


def test_the_grammar_is_four_kinematic_chains_and_four_of_symmetry() -> None:
    named = [[LANDMARKS[place] for place in chain] for chain in chains(LANDMARKS)]

    assert [tuple(chain) for chain in named] == [*KINEMATIC, *SYMMETRY] and len(named) == 8
    often = {name: sum(name in chain for chain in named) for name in LANDMARKS}
    assert {name: count for name, count in often.items() if name.startswith("left")} == {
        "left collar": 3, "left sleeve": 2, "left waistline": 2, "left hem": 2
    }  # fmt: skip


def test_where_some_landmarks_are_missing_the_chains_go_on_without_them() -> None:
    assert chains(("left collar", "left hem", "neck", "right hem")) == [[0, 1], [1, 3]]
    with pytest.raises(
        InputError, match=r"fashion_grammar: knows how collars, .* there are landmarks neck, toe$"
    ):
        chains(("neck", "toe"))


def test_a_landmark_s_first_map_moves_the_maps_of_its_chains_alone() -> None:
    grammar = method().grammar
    maps = torch.rand(1, 8, 1, 8, 8)
    told, sleeve = grammar(maps), LANDMARKS.index("left sleeve")
    maps[:, sleeve] += 0.5

    changed = (grammar(maps) != told).flatten(2).any(2)[0]

    assert {LANDMARKS[place] for place in changed.nonzero()[:, 0].tolist()} == {
        "left sleeve", "left collar", "right sleeve"
    }  # fmt: skip


def test_a_prediction_is_where_the_map_with_messages_is_warmest() -> None:
    one, places = method().eval(), torch.rand(1, 8, 2) * 1.5 - 0.75
    drawn = gaussians(places, 8, 1.0).clamp(1e-6, 1 - 1e-6).logit()
    one.first.register_forward_hook(lambda module, given, found: drawn)
    for chain in one.grammar.chains:
        for way in (chain.onward, chain.back):
            torch.nn.init.zeros_(way.said.weight)

    told = one.predict(Batch(torch.from_numpy(pixels(1, 64))))["landmarks"]

    torch.testing.assert_close(told[:, :, :2], places, atol=1e-3, rtol=0)


def test_what_is_not_known_teaches_nothing() -> None:
    one = method().eval()
    blank = batch(
        landmarks=torch.full((3, 8, 3), -1.0),
        category=torch.full((3,), -1),
        attributes=Sparse(*torch.zeros(2, 0, dtype=torch.int64)),
    )

    terms = one.loss(blank, "all", "all")

    assert all(term == 0 for term in terms.values())
    torch.stack(list(terms.values())).sum().backward()
    assert all(p.grad is None or not p.grad.any() for p in one.parameters())


def test_the_place_of_a_landmark_that_is_not_seen_does_not_matter() -> None:
    one, known = method().eval(), batch()
    moved = known.dense("landmarks").clone()
    moved[moved[:, :, 2] != 1] += torch.tensor([0.3, -0.2, 0.0])

    assert one.loss(known, "all", "all") == one.loss(known.with_columns(landmarks=moved), "all", "all")


def test_the_category_teaches_the_landmarks_through_their_attention() -> None:
    one = method()

    one.loss(batch(), "all", "all")["category"].backward()

    for part in (one.first, one.grammar, one.attention, one.trunk):
        assert any(p.grad is not None and p.grad.any() for p in part.parameters())


def test_the_trunk_rests_in_the_epochs_before_all() -> None:
    one = method()

    above, everything = one.stages(Training(frozen_epochs=2, epochs=3))

    inside = {id(parameter) for parameter in one.trunk.parameters()}
    assert (above.epochs, everything.epochs, everything.continues) == (2, 3, True)
    assert not inside & {id(parameter) for parameter in above.groups[0].parameters}
    assert {id(parameter) for parameter in everything.groups[0].parameters} == set(map(id, one.parameters()))


def test_it_refuses_photos_that_nobody_annotated() -> None:
    with pytest.raises(
        InputError, match=r"^fashion_grammar: learns from categories and landmarks, and the photos"
    ):
        build(settings_of("fashion_grammar", SMALL), LabelSpace(landmarks=LANDMARKS))


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    changes = {"vgg": "vgg11", "width": 1 / 8, "batch_norm": True, "learning_rate": 3e-3, "kernel": 5}
    return learn("fashion_grammar", changes | {"epochs": 4})


def test_on_drawn_garments_it_finds_landmarks_better_than_at_their_mean_place(learnt: Learnt) -> None:
    assert learnt.history[-1]["loss"] < 0.85 * learnt.history[0]["loss"]
    assert learnt.landmark_error < 0.85 * learnt.error_of_mean < learnt.first_error


def test_messages_make_the_maps_better(learnt: Learnt) -> None:
    cost = {term["name"]: term["loss"] for term in learnt.history[-1]["terms"]}

    assert cost["heat"] < cost["first"]
