"""From weak labels to a checkpoint: a method learns the words of a label run."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np
from prefect import flow, task

from flows.orchestration import worth_retrying
from flows.training import Example, fit
from infra.lake import Lake
from infra.open_run import OpenRun
from infra.placing import put
from schemas.errors import InputError
from schemas.ids import digest
from schemas.manifest import Count, Manifest, Part
from schemas.score import HISTORY
from schemas.vector import word_vectors_schema
from workers.checkpoint import Checkpoint, pack, unpack, untrained
from workers.method import LearnsWords, config_of


@flow(name="train")
def train(
    lake: str,
    method: str = "corbiere",
    labels: str | None = None,
    settings: dict[str, Any] | None = None,
    workers: int = 1,
    gpus: str = "auto",
) -> dict[str, Any]:
    """Train `method` on the newest label run, or the named one.

    settings  values of the method's Config to change, such as {"backbone": "resnet18", "epochs": 8};
              zero epochs keep the first weights, which is the untrained network of the reports
    workers   Ray Train workers; gradients are averaged over them
    gpus      auto: a GPU per worker where the cluster has them | 0: CPU | n: that many, or refuse
    """
    return train_words(lake, method, labels, settings or {}, workers, gpus)


@task(retries=1, retry_condition_fn=worth_retrying)
def train_words(
    lake: str, method: str, labels: str | None, settings: dict[str, Any], workers: int, gpus: str
) -> dict[str, Any]:
    """Learn, and commit checkpoint, history and word vectors."""
    begun = time.monotonic()
    place = Lake(lake)
    config = config_of(method, settings)
    source = place.run(labels) if labels else place.newest("label")
    parameters = {"method": method, "config": asdict(config), "workers": workers, "gpus": gpus}
    key = digest({"train": source.run_id} | parameters)
    run = place.begin("run", "train", key, parents=[source.run_id], parameters=parameters)
    words = kept_words(place, source)
    history: list[dict[str, Any]] = []
    if getattr(config, "epochs", 0) + getattr(config, "frozen_epochs", 0) == 0:
        first = untrained(method, settings, words)
        data = pack(first.name, first.module, first.config, words, first.origin)
    else:
        examples, wordless = _examples(place, source)
        refused = {"no_words": wordless} if wordless else {}
        run.counts["train"] = Count(len(examples) + wordless, len(examples), refused)
        data, history = fit(place, method, asdict(config), words, examples, workers, gpus)
    ready = unpack(data, method)
    name = f"checkpoints/{ready.sha256}.safetensors"
    put(place.filesystem, f"{run.folder}/{name}", data)
    run.files["checkpoints"] = [Part(name, 0, len(data), ready.sha256)]
    _write_tables(run, history, ready)
    run.seconds["train"] = time.monotonic() - begun
    last = history[-1] if history else {}
    rates = [row["images_per_second"] for row in history]
    result = {
        "run_id": run.run_id,
        "checkpoint": ready.sha256,
        "method": method,
        "origin": ready.origin,
        "metrics": {name: last[name] for name in ("epoch", "loss", "validation_loss") if name in last},
        "images": last.get("images", 0),
        "images_per_second": round(float(np.mean(rates)), 1) if rates else 0.0,
        "seconds": round(run.seconds["train"], 2),
    }
    place.commit(run, result)
    return result


def kept_words(lake: Lake, labels: Manifest) -> tuple[str, ...]:
    """The vocabulary of a label run, index = word_id."""
    table = lake.table(labels, "vocabulary", ["word_id", "word", "kept"])
    kept = sorted((row["word_id"], row["word"]) for row in table.to_pylist() if row["kept"])
    return tuple(word for _, word in kept)


def checkpoint_of(lake: Lake, trained: Manifest) -> Checkpoint:
    """The checkpoint that a train run committed, checked against its hash."""
    part = trained.files["checkpoints"][0]
    with lake.filesystem.open_input_stream(f"{lake.folder(trained)}/{part.path}") as stream:
        return unpack(stream.read(), trained.run_id, part.sha256)


def _examples(lake: Lake, labels: Manifest) -> tuple[list[Example], int]:
    """The photos to learn from, and how many have no word; a photo of two products has the words of both."""
    bags: dict[str, tuple[int, set[int]]] = {}
    for batch in lake.batches(labels, "labels", ["image_id", "words", "split", "group"], rows=10_000):
        for row in batch.to_pylist():
            if row["split"] == "train":
                bags.setdefault(row["image_id"], (row["group"], set()))[1].update(row["words"])
    examples = [Example(image_id, group, sorted(bag)) for image_id, (group, bag) in bags.items() if bag]
    if not examples:
        raise InputError(labels.run_id, "has no photo with a known word to learn from")
    return examples, len(bags) - len(examples)


def _write_tables(run: OpenRun, history: list[dict[str, Any]], ready: Checkpoint) -> None:
    writer = run.writer(HISTORY)
    for row in history:
        writer.write(row)
    run.add(HISTORY, writer.close())
    if isinstance(ready.module, LearnsWords) and ready.words:
        vectors = ready.module.word_vectors().numpy()
        schema = word_vectors_schema(vectors.shape[1])
        writer = run.writer(schema)
        for number, (word, vector) in enumerate(zip(ready.words, vectors, strict=True)):
            writer.write({"word_id": number, "word": word, "vector": vector})
        run.add(schema, writer.close())
