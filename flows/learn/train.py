"""From weak labels to a checkpoint: a method learns the words of a label run."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.flow_of import flow_of
from flows.learn.dataset import Supervision, label_space, supervision
from flows.learn.kept_photos import pixel_cache
from flows.learn.placed import placed
from flows.learn.ray_trainer import EVENTS, Trained, Wanted, fit, remove_scratch
from flows.learn.train_forecast import forecast
from flows.learn.tuning import tune_settings
from flows.parameters.train import TrainParameters
from flows.progress import say
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.atomic_write import write_atomically
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.errors import InputError
from schemas.ids import digest
from schemas.manifest import Count, Manifest, Part
from schemas.score import HISTORY, WORD_SCORES
from schemas.vector import word_vectors_schema
from workers.contract import NamesWords, registry
from workers.training.weights.checkpoint import Checkpoint, pack, unpack, untrained
from workers.training.weights.warm_start import warm_start
from workers.training.weights.weights_choice import decided, said


@flow_of(TrainParameters, name="train")
def train(parameters: TrainParameters) -> dict[str, Any]:
    """Train a method on the newest label run, or the named one, after a search for its settings where asked."""
    found = tune_settings(parameters) if parameters.search else {}
    chosen = (parameters.settings or {}) | found.get("best", {})
    trained = train_words(parameters.model_copy(update={"settings": chosen}))
    return trained | {name: found[name] for name in ("set", "trials") if name in found}


@stage_task()
def train_words(parameters: TrainParameters) -> dict[str, Any]:
    """Learn, and commit checkpoint, history, word vectors and word scores."""
    begun = time.monotonic()
    place, method = Lake(parameters.lake), parameters.method
    source = place.run(parameters.labels, "label") if parameters.labels else place.newest("label")
    earlier = _parent(place, parameters.parent, method)
    chosen = decided(registry.settings_of(method, inherited(earlier) | (parameters.settings or {})))
    recorded = parameters.recorded() | {"config": chosen.flat()}
    recorded |= {"from": earlier.run_id} if earlier else {}
    parents = [source.run_id] + ([earlier.run_id] if earlier else [])
    key = digest({"train": source.run_id} | recorded)
    if done := done_before(place, "train", key=key):
        return done.result
    learnt = supervision(place, source, method) if chosen.learns else None  # nothing to learn leaves no run
    if earlier is not None or not chosen.learns:  # a parent that does not fit is refused before Ray starts
        trained = _first_weights(place, chosen, source, earlier)
    placement = placed(parameters, chosen, learnt) if learnt else None  # what cannot be had leaves no run
    run = begin(place, "run", "train", key, parents=parents, parameters=recorded)
    if learnt and placement:
        wanted = Wanted(
            method=method,
            settings=chosen.flat(),
            placement=placement,
            start=_checkpoint_path(place, earlier) if earlier else "",
            begins=f"run {earlier.run_id}" if earlier else said(chosen),
            cache=pixel_cache(parameters.cache_gib),
            minutes=parameters.checkpoint_minutes,
        )
        if told := forecast(place, method, chosen.flat(), len(learnt.dataset), placement):
            say(f"forecast: {told}")
        trained = _learnt(place, run, learnt, wanted)
    ready = unpack(trained.data, method)
    name = f"checkpoints/{ready.sha256}.safetensors"
    write_atomically(place.filesystem, f"{run.folder}/{name}", trained.data)
    run.files["checkpoints"] = [Part(name, 0, len(trained.data), ready.sha256)]
    _write_tables(run, trained, ready)
    run.seconds["train"] = time.monotonic() - begun
    run.cost = {"cpu_seconds": trained.cpu_seconds, "gpu_seconds": trained.gpu_seconds}
    result = _result(run, trained, ready) | ({"workers": placement.workers} if placement else {})
    if trained.history and place.is_local:
        result["watch"] = f"tensorboard --logdir {run.folder}/{EVENTS}"
    place.commit(run, result)
    remove_scratch(run)
    return result


def checkpoint_of(lake: Lake, trained: Manifest) -> Checkpoint:
    """The checkpoint that a train run committed, checked against its hash."""
    with lake.filesystem.open_input_stream(_checkpoint_path(lake, trained)) as stream:
        return unpack(stream.read(), trained.run_id, trained.files["checkpoints"][0].sha256)


def inherited(parent: Manifest | None) -> dict[str, Any]:
    """The parent's settings, but for where its own first weights came from: they are replaced."""
    return registry.with_weights_replaced(parent.parameters["config"]) if parent else {}


def _parent(lake: Lake, run_id: str | None, method: str) -> Manifest | None:
    if run_id is None:
        return None
    manifest = lake.run(run_id)
    if manifest.flow != "train":
        raise InputError(run_id, f"is a run of {manifest.flow}; --from takes a train run")
    if manifest.parameters["method"] != method:
        raise InputError(run_id, f"was trained as {manifest.parameters['method']}, not {method}")
    return manifest


def _checkpoint_path(lake: Lake, trained: Manifest) -> str:
    return f"{lake.folder(trained)}/{trained.files['checkpoints'][0].path}"


def _learnt(lake: Lake, run: OpenRun, learnt: Supervision, wanted: Wanted) -> Trained:
    trained = fit(lake, run, wanted, learnt)
    refused = learnt.refused | {"decode": trained.undecodable}
    decoded = len(learnt.dataset) - trained.undecodable
    run.counts["train"] = Count(
        decoded + sum(refused.values()), decoded, {reason: n for reason, n in refused.items() if n}
    )
    return trained


def _first_weights(
    lake: Lake, chosen: registry.Settings, labels: Manifest, parent: Manifest | None
) -> Trained:
    names = label_space(lake, labels, chosen.method)
    first = untrained(chosen.method, chosen.flat(), names)
    origin = first.origin
    if parent is not None:
        earlier = checkpoint_of(lake, parent)
        warm_start(chosen.method, first.module, names, earlier)
        origin = f"checkpoint:{earlier.sha256}"
    return Trained(pack(first.module, first.settings, names, origin))


def _result(run: OpenRun, trained: Trained, ready: Checkpoint) -> dict[str, Any]:
    last = trained.history[-1] if trained.history else {}
    rates = [row["images_per_second"] for row in trained.history]
    result = {
        "run_id": run.run_id,
        "checkpoint": ready.sha256,
        "method": ready.name,
        "origin": ready.origin,
        "metrics": {name: last[name] for name in ("epoch", "loss", "validation_loss") if name in last},
        "images": last.get("images", 0),
        "images_per_second": round(float(np.mean(rates)), 1) if rates else 0.0,
        "seconds": round(run.seconds["train"], 2),
    }
    if trained.resumed_at:
        result["resumed_at"] = trained.resumed_at  # images that an interrupted attempt had drawn
    return result


def _write_tables(run: OpenRun, trained: Trained, ready: Checkpoint) -> None:
    for schema in (HISTORY, WORD_SCORES):
        run.drop(schema)  # of a run that was killed while it wrote them
    writer = run.writer(HISTORY)
    for row in trained.history:
        writer.write(row)
    run.add(HISTORY, writer.close())
    if not (isinstance(ready.module, NamesWords) and ready.words):
        return
    vectors = ready.module.word_vectors().detach().float().numpy()
    schema = word_vectors_schema(vectors.shape[1])
    run.drop(schema)
    writer = run.writer(schema)
    for number, (word, vector) in enumerate(zip(ready.words, vectors, strict=True)):
        writer.write({"word_id": number, "word": word, "vector": vector})
    run.add(schema, writer.close())
    if len(trained.aucs):
        writer = run.writer(WORD_SCORES)
        columns = (trained.positives.tolist(), _known(trained.aucs), _known(trained.offsets))
        for number, (word, positives, auc, offset) in enumerate(zip(ready.words, *columns, strict=True)):
            row = {"word_id": number, "word": word, "positives": positives, "auc": auc, "offset": offset}
            writer.write(row)
        run.add(WORD_SCORES, writer.close())


def _known(values: NDArray[Any]) -> list[float | None]:
    """Numbers, None for those that are none."""
    return [None if np.isnan(value) else value for value in values.tolist()]
