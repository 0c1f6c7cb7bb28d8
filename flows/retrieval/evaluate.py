"""How good it is: every query against the whole gallery, beside what an untrained network and colour alone find."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefect.artifacts import create_table_artifact

from flows.flow_of import flow_of
from flows.learn.train import train_words
from flows.parameters.retrieval import EmbedParameters, EvaluateParameters
from flows.parameters.train import TrainParameters
from flows.progress import stage
from flows.queries.learnt_from import asked_though_learnt, label_runs_behind
from flows.queries.search import WordLayer, word_layer
from flows.retrieval.benchmarks import (
    Benchmark,
    MethodVectors,
    item_scores,
    neighbour_scores,
    probe_scores,
    read_benchmark,
    zero_shot_scores,
)
from flows.retrieval.embed import embed_photos, newest_trained, vector_runs
from flows.retrieval.evaluation_check import judge
from flows.retrieval.ground_truth import Column, check_files, read_truth
from flows.retrieval.measurements import Measurements
from flows.running.night import begin
from flows.running.stage_task import stage_task
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.errors import InputError
from schemas.ids import digest
from schemas.manifest import Count, Manifest
from schemas.score import HITS, SCORES
from workers.contract.registry import without_training
from workers.retrieval.zero_shot import Synonyms, read_synonyms

TEST_SPLITS = ("query", "gallery")
NAMED = 20  # products that the result names
UNTRAINED, COLOUR = "untrained", "histogram"


@dataclass(frozen=True)
class ScoredMethod:
    """A method with its vectors: who is scored, under which name.

    embed_run  the run that embedded the photos last; earlier ones may hold some of its vectors
    train_run  None for a method without weights
    """

    name: str
    fingerprint: str
    embed_run: str
    train_run: str | None


@flow_of(EvaluateParameters, name="evaluate")
def evaluate(parameters: EvaluateParameters) -> dict[str, Any]:
    """Score a train run, the newest by default, on the held-out products of a label run."""
    result = evaluate_model(parameters)
    publish_scores(result)
    return result


def evaluate_model(parameters: EvaluateParameters) -> dict[str, Any]:
    """Embed the held-out photos with the model and its baselines, and score them all."""
    place = Lake(parameters.lake)
    check_files(parameters)  # refused before an hour of embedding
    trained = place.run(parameters.train) if parameters.train else newest_trained(place)
    labels = parameters.labels or trained.parents[0]
    notes = judge(place, parameters, labels)
    wanted = EmbedParameters(lake=parameters.lake, labels=labels, gpus=parameters.gpus)
    by_name = {trained.result["method"]: wanted.model_copy(update={"train": trained.run_id})}
    if parameters.baselines:
        # A probe learns from the train split's photos.
        splits = None if parameters.truth and parameters.probe else TEST_SPLITS
        few = wanted.model_copy(update={"splits": splits})
        by_name[UNTRAINED] = few.model_copy(update={"train": _first_weights(place, trained)})
        by_name[COLOUR] = few.model_copy(update={"method": COLOUR})
    methods = [_embedded(name, embedding) for name, embedding in by_name.items()]
    result: dict[str, Any] = score_photos(parameters, labels, methods)
    return result | {"notes": [*notes, *left_out_note(result["moved"])]}


def publish_scores(result: dict[str, Any]) -> None:
    """Show the headline scores as a table artifact of the flow run, in the Prefect UI."""
    rows = [
        {
            name: row[name]
            for name in ("method", "benchmark", "metric", "k", "value", "ci_low", "ci_high", "n")
        }
        for row in result["scores"]
        if row["slice"] == "all"
    ]
    create_table_artifact(key="scores", table=rows, description=f"Scores of run {result['run_id']}")


@stage_task()
def score_photos(
    parameters: EvaluateParameters, labels: str, methods: Sequence[ScoredMethod]
) -> dict[str, Any]:
    """Compare, score, and commit hits and scores; the first method is the one that the others are beside."""
    begun = time.monotonic()
    place = Lake(parameters.lake)
    truth = read_truth(parameters.truth, parameters.truth_key, parameters.columns) if parameters.truth else []
    synonyms = read_synonyms(parameters.synonyms)
    run = _begin(place, parameters, labels, methods)
    hits, scores = run.writer(HITS), run.writer(SCORES)
    learnt = _learnt_by(place, place.run(labels), methods)
    benchmark = read_benchmark(place, place.run(labels), parameters.probe and bool(truth), set(learnt))
    if not len(benchmark.gallery):
        raise InputError(
            labels, "has no held-out photo to score with; label more products or raise --test-share"
        )
    measured = Measurements(methods[0].name)
    with stage("evaluate", len(methods), "methods") as step:
        for method in methods:
            runs = list(vector_runs(place, method.fingerprint))
            vectors = MethodVectors(place, benchmark, method.name, method.fingerprint, runs)
            measured.add(method.name, item_scores(vectors, hits))
            words = _words(place, method.train_run) if truth else None
            for column in truth:
                _score_column(vectors, column, _Reading(words, synonyms, parameters.probe), measured)
            for row in measured.rows(method.name, method.fingerprint):
                scores.write(row)
            step.advance(note=method.name)
    run.add(HITS, hits.close())
    run.add(SCORES, scores.close())
    run.counts["evaluate"] = Count(len(benchmark.queries) * len(methods), hits.rows)
    run.seconds["evaluate"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "main": {"method": methods[0].name, "fingerprint": methods[0].fingerprint},
        "queries": len(benchmark.queries),
        "queries_without_answer": _without_answer(benchmark),
        "gallery": len(benchmark.gallery),
        "moved": _moved(place.run(labels), learnt),
        "scores": [row for part in run.files["scores"] for row in _rows(place, run.folder, part.path)],
        "differences": measured.differences(),
        "zero_shot": measured.zero_shot,
        "probe": measured.probe,
        "seconds": round(run.seconds["evaluate"], 2),
    }
    place.commit(run, result)
    return result


def _begin(
    lake: Lake, parameters: EvaluateParameters, labels: str, methods: Sequence[ScoredMethod]
) -> OpenRun:
    """Open the run, or the one that an interrupted evaluation of the same left behind, without its tables."""
    fingerprints = {method.name: method.fingerprint for method in methods}
    recorded = {"main": methods[0].name, "methods": list(fingerprints)} | parameters.recorded()
    names = read_synonyms(parameters.synonyms)
    key = digest({"evaluate": fingerprints, "labels": labels, "names": names} | recorded)
    parents = [labels, *(method.embed_run for method in methods)]
    parents += [method.train_run for method in methods if method.train_run]
    run = begin(lake, "run", "evaluate", key, parents=parents, parameters=recorded)
    for schema in (HITS, SCORES):
        run.drop(schema)
    return run


@dataclass(frozen=True)
class _Reading:
    """How columns are scored beside neighbours: by a method's words and their synonyms, and by a probe."""

    words: WordLayer | None
    synonyms: Synonyms
    probe: bool


def _score_column(method: MethodVectors, column: Column, reading: _Reading, measured: Measurements) -> None:
    """Measure neighbours, zero-shot names where the method has words, and a probe; each under its own name."""
    name = method.name
    measured.add(name, neighbour_scores(method, column))
    if column.joined:  # two values at once have no name to look up
        return
    if reading.words is not None:
        measures, unnamed = zero_shot_scores(method, column, reading.words, reading.synonyms)
        measured.zero_shot.setdefault(column.name, {})[name] = unnamed
        measured.add(name, measures)
    if reading.probe:
        measures, fitted = probe_scores(method, column)
        measured.probe.setdefault(column.name, {})[name] = fitted
        measured.add(name, measures)


def _embedded(name: str, parameters: EmbedParameters) -> ScoredMethod:
    """Embed with a model or a method without weights; return it as what is scored under `name`."""
    result = embed_photos(parameters)
    train = None if parameters.method else parameters.train
    return ScoredMethod(name, result["fingerprint"], result["run_id"], train)


def _first_weights(lake: Lake, trained: Manifest) -> str:
    """Return the train run of the network of `trained` without training; made once, then found again."""
    method, labels = trained.result["method"], trained.parents[0]
    settings = without_training(trained.parameters["config"])
    for manifest in lake.runs("run", newest_first=True):
        same = (
            manifest.flow == "train"
            and manifest.parents == [labels]
            and manifest.parameters["method"] == method
        )
        if same and manifest.parameters["config"] == settings:
            return manifest.run_id
    untrained = TrainParameters(lake=lake.uri, method=method, labels=labels, settings=settings, gpus="0")
    return str(train_words(untrained)["run_id"])


def _words(lake: Lake, run_id: str | None) -> WordLayer | None:
    """Read the word layer of a train run; None for a method that learns no words."""
    trained = lake.run(run_id) if run_id else None
    return word_layer(lake, trained) if trained and trained.files.get("word_vectors") else None


def _learnt_by(lake: Lake, labels: Manifest, methods: Sequence[ScoredMethod]) -> list[str]:
    """Held-out products of a label run that a scored model learnt from, ascending: no model is asked for them."""
    models = [lake.run(method.train_run) for method in methods if method.train_run]
    behind = {
        run.run_id: run
        for trained in models
        if trained.result.get("images")
        for run in label_runs_behind(lake, trained)
        if run.run_id != labels.run_id
    }
    learnt: list[str] = asked_though_learnt(lake, labels, behind.values()).to_pylist() if behind else []
    return learnt


def _moved(labels: Manifest, learnt: Sequence[str]) -> dict[str, Any]:
    """Products on another side than their group's name says, as the label run kept them, or left out here."""
    kept = {name: labels.result.get(name, 0) for name in ("kept_in_train", "moved_to_train")}
    return kept | {"left_out": len(learnt), "left_out_products": list(learnt[:NAMED])}


def left_out_note(moved: dict[str, Any]) -> list[str]:
    """A line for people on products that nobody was asked for, if there are any."""
    if not moved["left_out"]:
        return []
    names, more = ", ".join(moved["left_out_products"]), moved["left_out"] - len(moved["left_out_products"])
    names += f" and {more:,} more" if more else ""
    return [f"{moved['left_out']:,} held-out products left out, which a scored model learnt from: {names}"]


def _without_answer(benchmark: Benchmark) -> int:
    """Count queries whose product has no photo in the gallery; they are misses, not left out."""
    return sum(product not in benchmark.answers for _, product in benchmark.queries)


def _rows(lake: Lake, folder: str, path: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    with lake.filesystem.open_input_file(f"{folder}/{path}") as file:
        rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows
