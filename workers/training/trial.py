"""One trial of a search: a short training on a few photos, judged after every epoch."""

from dataclasses import replace
from typing import Any

import pyarrow.fs as pafs
import ray
import torch
from ray import tune

from workers import method as methods
from workers.data.dataloader import Feed, feed_of
from workers.data.dataset import Examples, ids_of_hex
from workers.data.shards import PixelCache, Places
from workers.training.checkpoint import on_device
from workers.training.train_loop import Fit
from workers.training.train_step import Learner

JUDGED_IN = 64  # photos a batch: terms that compare within a batch must not depend on the trial's own


def run_trial(
    values: dict[str, Any],
    base: dict[str, Any],
    method: str,
    words: int,
    filesystem: pafs.FileSystem,
    every: Any,
    train: Any,
    validation: Any,
    threads: int,
) -> None:
    """What Ray Tune runs: train on `train`, report {"loss"} on `validation` after every epoch.

    values             what this trial tries; the other values of the Config are those of `base`
    words              size of the vocabulary
    every              object reference of workers.data.dataset.Examples
    train, validation  object references of workers.data.shards.Places
    """
    changes = {name: rounded(value) for name, value in values.items()}
    settings = methods.config_of(method, base | changes)
    examples: Examples = ray.get(every)
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module = on_device(methods.build(method, settings, words), device)

    def feed(part: Any, size: int, module: Any) -> Feed:
        places: Places = ray.get(part)
        pieces = places.share(0, 1)
        cache = PixelCache(filesystem, places.units(pieces), len(places), size, threads)
        mine = examples.take(examples.find(ids_of_hex(cache.image_ids)))
        return feed_of(cache.pixels, mine, settings, words, module=module)

    def tell(event: dict[str, Any]) -> None:
        if "phase" in event:
            judged = event["loss"] if event["validation_loss"] is None else event["validation_loss"]
            tune.report({"loss": judged})

    held_out = feed(validation, settings.image_size, None)
    held_out = replace(held_out, order=replace(held_out.order, batch=JUDGED_IN))
    Fit(
        Learner(module, settings, device),
        feed(train, methods.photo_size(settings), module),
        held_out,
        pack=bytes,
        keep=lambda progress: None,
        tell=tell,
        checkpoint_every=float("inf"),
    ).run()


def rounded(value: Any) -> Any:
    """Three digits are all that a search can tell, and what a person would type."""
    return float(f"{value:.3g}") if isinstance(value, float) else value
