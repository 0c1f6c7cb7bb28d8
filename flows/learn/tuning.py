"""A small search over learning rate, weight decay and batch, by Ray Tune, on a few thousand photos."""

import os
import time
from functools import partial
from typing import Any

import numpy as np
import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler

from flows.learn.dataset import Supervision, parts, supervision
from flows.learn.kept_photos import pixel_cache
from flows.learn.placed import placed
from flows.learn.ray_trainer import SCRATCH, remove_scratch
from flows.orchestration import our_error
from flows.parameters.train import TrainParameters
from flows.progress import stage
from flows.running.night import begin
from flows.running.stage_task import stage_task
from flows.running.started_ray import started_ray
from infra.lake import Lake
from infra.open_run import OpenRun
from infra.photo_locations import locate
from infra.ray_runtime.placement import AUTO, Placement, wanted_gpus
from schemas.errors import CheckpointError, InputError, LakeError
from schemas.ids import digest
from workers.contract import Training, Trains, registry
from workers.training.trial import rounded, run_trial
from workers.training.weights.weights_choice import decided

PHOTOS, JUDGED = 3_000, 500  # most photos a trial learns from and is judged on
TRIED_EPOCHS = 3
SEED = 0


@stage_task()
def tune_settings(parameters: TrainParameters) -> dict[str, Any]:
    """Try `search` settings, commit what came of each, best first; the same request finds what is committed.

    Random draws around the method's own values; ASHA (Li et al., MLSys 2020) ends the worse half early.
    Raises InputError for a method that takes no steps or where nothing is to be learnt, and then leaves no run;
    CheckpointError where no trial learnt anything.
    """
    begun = time.monotonic()
    place, trials = Lake(parameters.lake), parameters.search
    source = place.run(parameters.labels, "label") if parameters.labels else place.newest("label")
    recorded = {"method": parameters.method, "settings": parameters.settings or {}, "trials": trials}
    key = digest({"tune": source.run_id} | recorded)
    try:
        return place.newest("tune", key=key).result
    except LakeError:
        pass
    chosen = _searchable(parameters)
    learnt = supervision(place, source, parameters.method)
    placement = placed(
        parameters, chosen, learnt
    )  # of the training to come: refused now, not after the search
    run = begin(place, "run", "tune", key, parents=[source.run_id], parameters=recorded)
    with stage("search", trials, "trials") as step:
        rows = _tried(place, run, learnt, chosen, parameters, placement)
        step.reach(trials)
    run.seconds["tune"] = time.monotonic() - begun
    best = {name: value for name, value in rows[0].items() if name not in ("loss", "epochs")}
    result = {
        "run_id": run.run_id,
        "key": key,
        "best": best,
        "set": " ".join(f"--set {name}={value}" for name, value in best.items()),
        "trials": rows,
        "seconds": round(run.seconds["tune"], 2),
    }
    place.commit(run, result)
    return result


def space(training: Training) -> dict[str, Any]:
    """Where a trial's values are drawn from: around the method's own."""
    rate, batch = training.learning_rate, training.batch
    return {
        "learning_rate": tune.loguniform(rate / 10, rate * 10),
        "weight_decay": tune.loguniform(1e-4, 1e-1),
        "batch": tune.choice([max(2, batch // 2), batch, batch * 2]),
    }


def _searchable(parameters: TrainParameters) -> registry.Settings:
    """The method's settings. Raises InputError for one that takes no steps."""
    chosen = decided(registry.settings_of(parameters.method, parameters.settings or {}))
    if chosen.training is None or not issubclass(registry.method_class(parameters.method), Trains):
        raise InputError(
            f"search for {parameters.method}", "it takes no gradient steps whose rate could be searched"
        )
    return chosen


def _tried(
    lake: Lake,
    run: OpenRun,
    learnt: Supervision,
    chosen: registry.Settings,
    parameters: TrainParameters,
    placement: Placement,
) -> list[dict[str, Any]]:
    """One row per trial that learnt anything, best first: its values, loss in nats, epochs.

    Each has what a worker of the training has; side by side are as many as there are GPUs, else cores, or workers asked
    for.
    """
    assert chosen.training is not None
    short = registry.without_training(parameters.method, chosen.flat())
    short["epochs"] = min(TRIED_EPOCHS, chosen.training.epochs)
    with started_ray(lake) as cluster:
        side_by_side = wanted_gpus(parameters.gpus, cluster) or cluster.cores
        if parameters.workers != AUTO:
            side_by_side = min(placement.workers, side_by_side)
        trial = partial(
            run_trial,
            base=short,
            method=parameters.method,
            threads=placement.threads,
            cache=pixel_cache(parameters.cache_gib),
            **_few_photos(lake, learnt),
        )
        tuner = tune.Tuner(
            tune.with_resources(trial, {name.lower(): n for name, n in placement.resources.items()}),
            param_space=space(chosen.training),
            tune_config=_search(parameters.search, side_by_side),
            run_config=tune.RunConfig(
                name=SCRATCH, storage_path=run.folder, storage_filesystem=lake.filesystem, verbose=0
            ),
        )
        # The new output draws boxes also when told to be silent.
        os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
        grid = tuner.fit()
    remove_scratch(run)
    return _ranked([grid[n] for n in range(len(grid))])


def _few_photos(lake: Lake, learnt: Supervision) -> dict[str, Any]:
    """What a trial learns from and is judged on, as arguments of `run_trial`."""
    train, validation = parts(learnt.dataset)
    if not len(validation):
        train, validation = train[1::2], train[::2]
    return {
        "labels": learnt.labels,
        "filesystem": lake.filesystem,
        "dataset": ray.put(learnt.read()),
        "train": ray.put(locate(lake, learnt.dataset.ids[train[:PHOTOS]])),
        "validation": ray.put(locate(lake, learnt.dataset.ids[validation[:JUDGED]])),
    }


def _search(trials: int, side_by_side: int) -> tune.TuneConfig:
    return tune.TuneConfig(
        metric="loss",
        mode="min",
        num_samples=trials,
        max_concurrent_trials=side_by_side,
        scheduler=ASHAScheduler(max_t=TRIED_EPOCHS, grace_period=1, reduction_factor=2),
        search_alg=tune.search.BasicVariantGenerator(random_state=SEED, max_concurrent=side_by_side),
    )


def _ranked(results: list[Any]) -> list[dict[str, Any]]:
    """Rows of the trials that learnt anything, best first."""
    rows = [
        {name: rounded(value) for name, value in (result.config or {}).items()}
        | {"loss": result.metrics["loss"], "epochs": result.metrics["training_iteration"]}
        for result in results
        if result.metrics and np.isfinite(result.metrics.get("loss", np.nan))
    ]
    if not rows:
        error = next((result.error for result in results if result.error), None)
        raise (error and our_error(error)) or CheckpointError("search", f"no trial learnt anything ({error})")
    return sorted(rows, key=lambda row: row["loss"])
