"""One trial of a search: a short training on a few photos, judged after every epoch."""

from dataclasses import replace
from typing import Any

import pyarrow.fs as pafs
import ray
import torch
from ray import tune

from workers.contract import LabelSpace, registry
from workers.data.pixel_cache import PixelCache
from workers.device import prepare_for_training
from workers.training.loaders import Shards
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import TrainLoop
from workers.training.weights.checkpoint import on_device

JUDGED_IN = 64  # photos a batch: terms that compare within a batch must not depend on the trial's own


def run_trial(
    values: dict[str, Any],
    base: dict[str, Any],
    method: str,
    labels: LabelSpace,
    filesystem: pafs.FileSystem,
    dataset: Any,
    train: Any,
    validation: Any,
    threads: int,
    cache: PixelCache,
) -> None:
    """What Ray Tune runs: train on `train`, report {"loss"} on `validation` after every epoch.

    values             what this trial tries; the other flat settings are those of `base`
    labels             the names that the method learns
    dataset            object reference of workers.data.dataset.Dataset
    train, validation  object references of lists of schemas.row_slice.RowSlice
    cache              where trials find what the first of them decoded
    """
    changes = {name: rounded(value) for name, value in values.items()}
    settings = registry.settings_of(method, base | changes)
    assert settings.training is not None
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    prepare_for_training(device)
    module = on_device(registry.build(settings, labels), device)
    step = TrainStep(module, settings.training, device)
    shards = Shards(filesystem, ray.get(dataset), module, settings.training, device, threads, threads, cache)

    def on_progress(event: dict[str, Any]) -> None:
        if "phase" in event:
            judged = event["loss"] if event["validation_loss"] is None else event["validation_loss"]
            tune.report({"loss": judged})

    held_out = shards.held_out(ray.get(validation)).loader
    TrainLoop(
        step,
        shards.train(ray.get(train)).loader,
        replace(held_out, batch=JUDGED_IN),
        pack=bytes,
        save_checkpoint=lambda progress: None,
        on_progress=on_progress,
        checkpoint_every=float("inf"),
    ).run()


def rounded(value: Any) -> Any:
    """Three digits are all that a search can tell, and what a person would type."""
    return float(f"{value:.3g}") if isinstance(value, float) else value
