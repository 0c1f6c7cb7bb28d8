"""One of several gloo workers, started as a process: prints its gradients and losses as JSON."""

import json
import sys
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from tests.workers.training.tiny_training import VOCABULARY, Config, Tiny, examples, pixels
from workers.data.dataloader import feed_of
from workers.method import Batch
from workers.training.train_step import Learner

CONFIG = Config(batch=8, dropout=0.0, optimiser="sgd", learning_rate=0.1, weight_decay=0.0)
STEPS = 3


def batches() -> list[Batch]:
    """What all workers see together, in steps of twice the batch."""
    config = Config(**(asdict(CONFIG) | {"batch": 2 * CONFIG.batch}))
    feed = feed_of(pixels(64), examples(64), config, VOCABULARY)
    return [feed.make(1, step).batch for step in range(STEPS)]


def half(batch: Batch, rank: int, world: int) -> Batch:
    """The part of a batch that one worker gets."""
    size = len(batch.words) // world
    mine = slice(rank * size, (rank + 1) * size)
    held = (batch.rows >= mine.start) & (batch.rows < mine.stop)
    return Batch(
        batch.images[mine],
        batch.words[mine],
        batch.rows[held] - mine.start,
        batch.ids[held],
        batch.products[mine],
    )


def learn(rank: int, world: int) -> dict[str, Any]:
    """Take the steps; the losses averaged over workers, and the weights at the end."""
    learner = Learner(Tiny(CONFIG), CONFIG, torch.device("cpu"), world=world, rank=rank)
    learner.half = False
    learner.begin("all", STEPS)
    losses = []
    for number, batch in enumerate(batches()):
        terms = learner.step(half(batch, rank, world), 1, number)
        losses.append(learner.total(float(sum(terms.values()))) / world)
    held_out = feed_of(
        pixels(20, 5)[rank::world], examples(20, 5).take(np.arange(20)[rank::world]), CONFIG, 5
    )
    return {
        "losses": losses,
        "weights": {name: tensor.flatten().tolist() for name, tensor in learner.module.state_dict().items()},
        "held_out": len(held_out),
        "validation": learner.validate(held_out),
    }


if __name__ == "__main__":
    place, at, of = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{place}", rank=at, world_size=of)
    print(json.dumps(learn(at, of)))
    torch.distributed.destroy_process_group()
