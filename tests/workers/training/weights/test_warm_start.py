"""workers/training/weights/warm_start.py: fine-tuning with a vocabulary that has grown, shrunk or changed its order."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from schemas.errors import CheckpointError
from workers.contract import LabelSpace, Method, registry
from workers.training.weights.checkpoint import Checkpoint, pack, unpack
from workers.training.weights.warm_start import warm_start

SMALL = {"backbone": "resnet18", "weights": "random", "image_size": 32}
BEFORE = ("blue", "dress", "red")


@pytest.fixture(scope="module")
def parent() -> Checkpoint:
    return trained()


def trained() -> Checkpoint:
    settings, labels = registry.settings_of("corbiere", SMALL), LabelSpace(BEFORE)
    return unpack(pack(registry.build(settings, labels), settings, labels, "random"), "a test")


def built(words: tuple[str, ...], **changes: object) -> Method:
    return registry.build(registry.settings_of("corbiere", SMALL | {"seed": 5} | changes), LabelSpace(words))


def inherited(
    parent: Checkpoint, words: tuple[str, ...], **changes: object
) -> tuple[Method, dict[str, Tensor]]:
    module = built(words, **changes)
    fresh = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    warm_start("corbiere", module, LabelSpace(words), parent)
    return module, fresh


@pytest.mark.parametrize("words", [("red", "silk", "blue", "dress", "wool"), ("red",), ("wool", "silk")])
def test_known_words_keep_their_vectors_and_new_ones_are_fresh(
    parent: Checkpoint, words: tuple[str, ...]
) -> None:
    module, fresh = inherited(parent, words)

    old, new = parent.module.word_vectors(), module.word_vectors()
    for row, word in enumerate(words):
        expected = old[BEFORE.index(word)] if word in BEFORE else fresh["words.weight"][row]
        assert torch.equal(new[row], expected)


def test_everything_else_is_the_parent_s_to_the_bit(parent: Checkpoint) -> None:
    module, fresh = inherited(parent, ("red", "silk"))

    before = parent.module.state_dict()
    for name, tensor in module.trunk.state_dict(prefix="trunk.").items():
        assert torch.equal(tensor, before[name])
    assert not torch.equal(fresh["trunk.maps.0.weight"], before["trunk.maps.0.weight"])


def test_another_method_is_refused_by_its_name(parent: Checkpoint) -> None:
    with pytest.raises(CheckpointError, match="was trained as corbiere, not other"):
        warm_start("other", built(("red",)), LabelSpace(("red",)), parent)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"backbone": "resnet50"}, "another network"),
        ({"pooling": "gem"}, "another network: pool.power"),
    ],
)
def test_another_network_is_refused_in_one_line(
    parent: Checkpoint, changes: dict[str, object], why: str
) -> None:
    with pytest.raises(CheckpointError, match=why) as caught:
        inherited(parent, BEFORE, **changes)

    assert "\n" not in str(caught.value)


def test_another_width_is_refused_with_both_shapes(parent: Checkpoint) -> None:
    wide = trained()
    wide.module.words = torch.nn.Linear(700, 3, bias=False)

    with pytest.raises(CheckpointError, match=r"words.weight is \(3, 700\), not \(2, 512\)"):
        inherited(wide, ("red", "silk"))


def test_a_parent_that_learnt_other_categories_is_refused(parent: Checkpoint) -> None:
    other = replace(parent, labels=LabelSpace(BEFORE, categories=("dress",)))

    with pytest.raises(CheckpointError, match="learnt other categories"):
        inherited(other, BEFORE)
