"""One of several gloo workers, started as a process: prints its gradients and losses as JSON."""

import json
import os
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from tests.workers.training.tiny_training import CPU, SHORT, Config, examples, pixels, tiny
from workers.contract import Batch, Sparse
from workers.data.dataloader import BatchLoader
from workers.training.train_step import TrainStep

TRAINING = replace(SHORT, batch=8, frozen_epochs=0, optimiser="sgd", learning_rate=0.1, weight_decay=0.0)
CONFIG = Config(dropout=0.0)
STEPS = 3


def batches(step: TrainStep) -> list[Batch]:
    """What all workers see together, in steps of twice the batch."""
    loader = BatchLoader(pixels(64), examples(64), 2 * TRAINING.batch, TRAINING.seed)
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


def learn(rank: int, world: int) -> dict[str, Any]:
    """Take the steps; the losses averaged over workers, and the weights at the end."""
    step = TrainStep(tiny(CONFIG), TRAINING, CPU, world=world, rank=rank)
    step.half = False
    step.begin(0, STEPS)
    losses = []
    for number, batch in enumerate(batches(step)):
        terms = step.step(half(batch, rank, world), 1, number)
        losses.append(step.total(float(sum(terms.values()))) / world)
    held_out = BatchLoader(
        pixels(20, 5)[rank::world],
        examples(20, 5).take(np.arange(20)[rank::world]),
        TRAINING.batch,
        TRAINING.seed,
    ).for_stage(step.stages[0])
    return {
        "losses": losses,
        "weights": {name: tensor.flatten().tolist() for name, tensor in step.method.state_dict().items()},
        "held_out": len(held_out),
        "validation": step.validate(held_out),
    }


if __name__ == "__main__":
    place, at, of = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{place}", rank=at, world_size=of)
    print(json.dumps(learn(at, of)), flush=True)
    torch.distributed.destroy_process_group()
    os._exit(0)  # what is told is told: gloo's threads, torn down with the interpreter, abort now and then
