"""Learning without gradients: every photo shown once, as it is embedded."""

import time
from collections.abc import Iterator
from typing import Any

import torch

from schemas.errors import InputError
from workers.contract import Batch, Fits, Method
from workers.data.augment import as_embedded
from workers.data.streamed_loader import Loader
from workers.training.train_loop import Progress

PHASE = "fit"


def fit(method: Method, train: Loader, progress: Progress, world: int) -> dict[str, Any]:
    """Fit the method, count it as one more epoch of the progress, and return its row of the history.

    Raises InputError as `fit_to_all`.
    """
    began = time.monotonic()
    losses = fit_to_all(method, train, world)
    progress.images += len(train) * world
    row = {
        "phase": PHASE,
        "epoch": progress.epoch,
        "images": progress.images,
        "loss": sum(losses.values()),
        "terms": [{"name": name, "loss": value} for name, value in losses.items()],
        "validation_loss": None,
        "learning_rate": 0.0,
        "images_per_second": len(train) / max(time.monotonic() - began, 1e-9),
    }
    progress.history.append(row)
    progress.epoch, progress.fitted, progress.done = progress.epoch + 1, True, True
    return row


@torch.no_grad()
def fit_to_all(method: Method, train: Loader, world: int) -> dict[str, float]:
    """Fit the method to every photo; returns its named losses.

    Raises InputError with several workers where each would see its own photos alone.
    """
    if world > 1 and not method.fits_together:
        raise InputError(f"{world} workers", "this method fits without gradients, on one worker")
    assert isinstance(method, Fits), type(method)
    method.eval()
    return method.fit(_as_embedded(train, method.image_size))


def _as_embedded(train: Loader, size: int) -> Iterator[Batch]:
    for step in train.plain().batches():
        yield as_embedded(step.batch, size)
