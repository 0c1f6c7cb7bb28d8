"""The network of a train run as it was before it had learnt anything: what a trained one is compared with.

It has the first weights that the trained one began from, so that what is told is what learning from the shop gave, and
not what ImageNet had given before.
"""

import logging
from typing import Any

from flows.learn.train import train_words
from flows.parameters.train import TrainParameters
from infra.lake import Lake
from schemas.errors import CheckpointError
from schemas.manifest import Manifest
from workers.contract.registry import with_weights_replaced, without_training

log = logging.getLogger(__name__)


def first_weights(lake: Lake, trained: Manifest) -> str:
    """Return the train run of the network of `trained` without training; made once, then found again.

    Where the weights that it began from cannot be had any more, the network has random ones, and a warning says so.
    """
    settings = without_training(trained.result["method"], trained.parameters["config"])
    try:
        return _found_or_made(lake, trained, settings)
    except CheckpointError as error:
        log.warning("untrained is from random weights, the first ones cannot be had: %s", error)
        return _found_or_made(lake, trained, with_weights_replaced(settings))


def _found_or_made(lake: Lake, trained: Manifest, settings: dict[str, Any]) -> str:
    method, labels = trained.result["method"], trained.parents[0]
    for manifest in lake.runs("run", "train", newest_first=True):
        same = manifest.parents == [labels] and manifest.parameters["method"] == method
        if same and manifest.parameters["config"] == settings:
            return manifest.run_id
    untrained = TrainParameters(lake=lake.uri, method=method, labels=labels, settings=settings, gpus="0")
    return str(train_words(untrained)["run_id"])
