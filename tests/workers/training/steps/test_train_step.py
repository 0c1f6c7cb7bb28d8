"""workers/training/steps/train_step.py: what moves in a step, and what its optimisers are told."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import torch

from tests.workers.training.tiny_training import CPU, SHORT, Run, tiny
from workers.contract import Batch, LabelSpace, Sparse, Trains, registry
from workers.layers.networks.backbone import Backbone
from workers.training.steps.train_step import TrainStep


def test_only_the_word_layer_moves_while_the_rest_is_frozen(tmp_path: Path) -> None:
    run = Run(replace(SHORT, epochs=0))
    first = {name: tensor.clone() for name, tensor in run.method.state_dict().items()}

    run.run(tmp_path)

    moved = {n for n, tensor in run.method.state_dict().items() if not torch.equal(tensor, first[n])}
    assert moved == {"words.weight"}


def test_a_stage_without_epochs_is_left_out() -> None:
    step = TrainStep(tiny(), replace(SHORT, frozen_epochs=0), CPU)

    assert [stage.name for stage in step.stages] == ["all"]


def test_weight_decay_leaves_parameters_of_one_dimension_alone() -> None:
    step = TrainStep(tiny(), replace(SHORT, weight_decay=0.3), CPU)
    step.begin(1, 1)

    decays = {
        id(p): group["weight_decay"] for group in step.optimisers[0].param_groups for p in group["params"]
    }

    named = {name: decays[id(p)] for name, p in step.method.named_parameters()}
    assert named == {"conv.weight": 0.3, "conv.bias": 0.0, "words.weight": 0.3}


def test_what_is_frozen_is_in_evaluation_mode_and_the_rest_is_not() -> None:
    run = Run(SHORT)
    step = run.train.make(1, 0)
    for stage, training in ((0, False), (1, True)):
        run.step.begin(stage, 1)
        run.step.step(step.batch, 1, 0)
        assert run.method.training is training


def test_depths_that_stay_as_they_are_get_no_gradient_and_do_not_move() -> None:
    settings = {"backbone": "resnet18", "weights": "random", "image_size": 32, "photo_size": 32, "batch": 4}
    chosen = registry.settings_of("house", settings | {"frozen_depths": 2, "clutter": 0.0})
    method = registry.build(chosen, LabelSpace(("red", "dress")))
    assert isinstance(method, Trains) and chosen.training
    step = TrainStep(method, chosen.training, CPU)
    step.begin(0, 1)
    words = Sparse(torch.arange(4), torch.tensor([0, 1, 0, 1]))
    batch = Batch(torch.rand(4, 3, 32, 32), {"words": words, "product": torch.arange(4)})
    first = {name: tensor.clone() for name, tensor in method.state_dict().items()}

    step.step(batch, 0, 0)

    moved = {name for name, tensor in method.state_dict().items() if not torch.equal(tensor, first[name])}
    trunk = cast(Backbone, method.trunk)
    still = {id(each) for part in trunk.depths[:2] for each in (*part.parameters(), *part.buffers())}
    named = dict(method.named_parameters()) | dict(method.named_buffers())
    assert still and not [name for name in moved if id(named[name]) in still]
    assert all(each.grad is None for part in trunk.depths[:2] for each in part.parameters())
    assert {name for name, each in method.named_parameters() if id(each) not in still} <= moved
