"""One of several gloo workers, or one alone, started as a process: prints the losses and weights of a method as JSON.

python -m tests.workers.methods.annotated_workers METHOD PLACE RANK WORLD; of each photo another part is known.
"""

import json
import os
import sys
from typing import Any

import torch
from torch import Tensor

from tests.workers.contract.labelled_photos import LABELS, photos, pixels, small
from workers.contract import Batch, KnowsFrequencies, Method, Sparse, registry
from workers.data.dataloader import BatchLoader
from workers.training.loaders import frequencies_of
from workers.training.steps.train_step import TrainStep

PHOTOS, STEPS = 12, 3
SETTINGS = {"dropout": 0.0, "optimiser": "sgd", "learning_rate": 0.01, "batch_norm": True, "batch": PHOTOS}


def part(batch: Batch, rank: int, world: int) -> Batch:
    """The photos of a batch that one worker gets."""
    size = len(batch) // world
    mine = slice(rank * size, (rank + 1) * size)

    def of_mine(column: Tensor | Sparse) -> Tensor | Sparse:
        if isinstance(column, Tensor):
            return column[mine]
        held = (column.rows >= mine.start) & (column.rows < mine.stop)
        return Sparse(column.rows[held] - mine.start, column.ids[held])

    return Batch(batch.images[mine], {name: of_mine(column) for name, column in batch.columns.items()})


def learn(name: str, rank: int, world: int) -> dict[str, Any]:
    """Take the steps of the last stage; the losses averaged over workers, and the weights at the end."""
    settings = registry.settings_of(name, small(name, **SETTINGS).flat())
    assert settings.training is not None
    method: Method = registry.build(settings, LABELS)
    known = photos(PHOTOS, seed=1).select(method.reads)
    assert isinstance(method, KnowsFrequencies)
    counts = frequencies_of(known, method)
    method.count({kind: torch.from_numpy(count) for kind, count in counts.items()}, PHOTOS)
    step = TrainStep(method.double(), settings.training, torch.device("cpu"), world=world, rank=rank)
    step.half = False
    step.begin(len(step.stages) - 1, STEPS)
    batch = BatchLoader(pixels(PHOTOS, 32), known, PHOTOS).make(0, 0).batch
    columns = {name: column.double() if isinstance(column, Tensor) and column.is_floating_point() else column
               for name, column in batch.columns.items()}  # fmt: skip
    batch = batch.with_columns(batch.images.double() / 255, **columns)
    losses = []
    for number in range(STEPS):
        terms = step.step(part(batch, rank, world), 1, number)
        losses.append({term: step.total(float(value)) / world for term, value in terms.items()})
    weights = {key: tensor.double().abs().sum().item() for key, tensor in method.state_dict().items()}
    return {"losses": losses, "weights": weights}


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
