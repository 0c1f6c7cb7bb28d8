"""workers/training/steps/train_step.py: what moves in a step, and what its optimisers are told."""

from dataclasses import replace
from pathlib import Path

import torch

from tests.workers.training.tiny_training import CPU, SHORT, Run, tiny
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
