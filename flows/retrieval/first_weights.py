"""The network of a train run as it was before it had learnt anything: what a trained one is compared with."""

from flows.learn.train import train_words
from flows.parameters.train import TrainParameters
from infra.lake import Lake
from schemas.manifest import Manifest
from workers.contract.registry import without_training


def first_weights(lake: Lake, trained: Manifest) -> str:
    """Return the train run of the network of `trained` without training; made once, then found again."""
    method, labels = trained.result["method"], trained.parents[0]
    settings = without_training(trained.parameters["config"])
    for manifest in lake.runs("run", "train", newest_first=True):
        same = manifest.parents == [labels] and manifest.parameters["method"] == method
        if same and manifest.parameters["config"] == settings:
            return manifest.run_id
    untrained = TrainParameters(lake=lake.uri, method=method, labels=labels, settings=settings, gpus="0")
    return str(train_words(untrained)["run_id"])
