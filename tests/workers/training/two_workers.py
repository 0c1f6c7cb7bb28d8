"""One of several gloo workers, or one alone, started as a process: prints its losses and weights as JSON.

`tiny` has no statistics of its batch; `house` has all: batch normalisation, trust, lengths and pairs.
"""

import json
import os
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.workers.training.tiny_training import CPU, SHORT, VOCABULARY, Config, examples, pixels, tiny
from workers.contract import Batch, KnowsFrequencies, LabelSpace, Method, Sparse, registry
from workers.data.dataloader import BatchLoader
from workers.training.steps.train_step import TrainStep

TRAINING = replace(SHORT, batch=8, frozen_epochs=0, optimiser="sgd", learning_rate=0.1, weight_decay=0.0)
STEPS = 3
WORDS = tuple(f"word {n}" for n in range(VOCABULARY))
SIZE = {"tiny": 8, "house": 32}  # px


def method_of(name: str) -> Method:
    """A method as a seed initialises it, with nothing drawn in its loss."""
    if name == "tiny":
        return tiny(Config(dropout=0.0))
    changes = {
        "backbone": "resnet18", "weights": "random", "image_size": SIZE[name], "colour_hidden": 0.0,
        "titles": 0.2, "products": 0.2, "proxies": 16, "seed": TRAINING.seed,
    }  # fmt: skip
    method = registry.build(registry.settings_of(name, changes), LabelSpace(WORDS))
    assert isinstance(method, KnowsFrequencies)
    frequencies = examples(64).sparse("words").photos_per_id()
    method.count({"words": torch.from_numpy(frequencies)}, 64)
    return method


def batches(step: TrainStep, size: int) -> list[Batch]:
    """What all workers see together, in steps of twice the batch."""
    loader = BatchLoader(pixels(64, size=size), examples(64), 2 * TRAINING.batch, TRAINING.seed)
    ordered = loader.for_stage(step.stages[0])
    return [ordered.make(1, number).batch for number in range(STEPS)]


def half(batch: Batch, rank: int, world: int) -> Batch:
    """The part of a batch that one worker gets."""
    size = len(batch) // world
    mine = slice(rank * size, (rank + 1) * size)
    rows, ids = batch.sparse("words")
    held = (rows >= mine.start) & (rows < mine.stop)
    columns = {name: batch.dense(name)[mine] for name in ("word", "product")}
    return Batch(batch.images[mine], {"words": Sparse(rows[held] - mine.start, ids[held])} | columns)


def sketch(tensor: Tensor) -> list[float]:
    """A few numbers that tell two tensors apart: products with waves, and the largest element."""
    values = tensor.double().flatten()
    waves = [torch.cos(torch.arange(len(values)) * pace) for pace in (0.0, 0.1, 1.0, 2.7)]
    largest = values.abs().max() if len(values) else values.sum()
    return [*(float(values @ wave.double()) for wave in waves), float(largest)]


def learn(name: str, rank: int, world: int) -> dict[str, Any]:
    """Take the steps; the losses averaged over workers, and the weights at the end."""
    size = SIZE[name]
    training = replace(TRAINING, learning_rate=0.1 if name == "tiny" else 0.01)
    step = TrainStep(method_of(name).double(), training, CPU, world=world, rank=rank)
    step.half = False
    step.begin(0, STEPS)
    losses = []
    for number, batch in enumerate(batches(step, size)):
        terms = step.step(half(batch, rank, world), 1, number)
        losses.append(step.total(float(sum(terms.values()))) / world)
    held_out = BatchLoader(
        pixels(20, 5, size)[rank::world],
        examples(20, 5).take(np.arange(20)[rank::world]),
        TRAINING.batch,
        TRAINING.seed,
    ).for_stage(step.stages[0])
    return {
        "losses": losses,
        "weights": {name: sketch(tensor) for name, tensor in step.method.state_dict().items()},
        "held_out": len(held_out),
        "validation": step.validate(held_out),
    }


if __name__ == "__main__":
    # In single precision, sums in another order flip a few of ReLU's signs, which hides whether the method is the same.
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign]
    place, at, of = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(1)
    if of > 1:
        torch.distributed.init_process_group("gloo", init_method=f"file://{place}", rank=at, world_size=of)
    print(json.dumps(learn(sys.argv[1], at, of)), flush=True)
    if of > 1:
        torch.distributed.destroy_process_group()
    os._exit(0)  # what is told is told: gloo's threads, torn down with the interpreter, abort now and then
