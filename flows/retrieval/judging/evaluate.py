"""How good it is: every query against the whole gallery, beside what an untrained network and colour alone find."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prefect.artifacts import create_table_artifact

from flows.flow_of import flow_of
from flows.parameters.retrieval import IN_STOCK, EmbedParameters, EvaluateParameters
from flows.progress import stage
from flows.queries.learnt_from import asked_though_learnt, label_runs_behind
from flows.queries.live import live
from flows.queries.search import WordLayer, word_layer
from flows.retrieval.embedding.embed import embed_photos
from flows.retrieval.embedding.ledger import vector_runs
from flows.retrieval.embedding.tool import newest_trained
from flows.retrieval.indexing.index import index_of, open_index
from flows.retrieval.judging.benchmark import Benchmark, read_benchmark
from flows.retrieval.judging.benchmarks import (
    MethodVectors,
    item_scores,
    neighbour_scores,
    probe_scores,
    zero_shot_scores,
)
from flows.retrieval.judging.evaluation_check import judge
from flows.retrieval.judging.evaluation_notes import index_notes, left_out_note, moved, told, without_answer
from flows.retrieval.judging.first_weights import first_weights
from flows.retrieval.judging.ground_truth import Column, check_files, read_truth
from flows.retrieval.judging.measurements import Measurements
from flows.retrieval.judging.reranking import reranked_scores
from flows.retrieval.judging.through_index import index_scores
from flows.running.night import begin
from flows.running.stage_task import stage_task
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.errors import InputError
from schemas.ids import digest
from schemas.manifest import Count, Manifest
from schemas.score import HITS, SCORES
from workers.retrieval.rerank import reranks
from workers.retrieval.zero_shot import Synonyms, read_synonyms

TEST_SPLITS = ("query", "gallery")
UNTRAINED, COLOUR, LIVE = "untrained", "histogram", "live"


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
    show_scores(result)
    return result


def evaluate_model(parameters: EvaluateParameters) -> dict[str, Any]:
    """Embed the held-out photos with the model and its baselines, and score them all."""
    place = Lake(parameters.lake)
    check_files(parameters)  # refused before an hour of embedding
    if parameters.index:
        place.run(parameters.index, "index")
    trained = place.run(parameters.train, "train") if parameters.train else newest_trained(place)
    labels = place.run(parameters.labels or trained.parents[0], "label").run_id
    notes = judge(place, parameters, labels)
    wanted = EmbedParameters(lake=parameters.lake, labels=labels, gpus=parameters.gpus)
    by_name = {trained.result["method"]: wanted.model_copy(update={"train": trained.run_id})}
    if parameters.baselines:
        # A probe learns from the train split's photos.
        splits = None if parameters.truth and parameters.probe else TEST_SPLITS
        few = wanted.model_copy(update={"splits": splits})
        by_name[UNTRAINED] = few.model_copy(update={"train": first_weights(place, trained)})
        by_name[COLOUR] = few.model_copy(update={"method": COLOUR})
    if rival := _rival(place, trained, parameters):
        test = wanted.model_copy(update={"splits": TEST_SPLITS})
        by_name[LIVE] = test.model_copy(update={"train": rival})
    methods = [_embedded(name, embedding) for name, embedding in by_name.items()]
    result: dict[str, Any] = score_photos(parameters, labels, methods)
    return result | {"notes": [*notes, *left_out_note(result["moved"]), *index_notes(result["index"])]}


def show_scores(result: dict[str, Any]) -> None:
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
        why = "has no held-out photo to score with; label more products or raise --test-share"
        raise InputError(labels, why)
    measured, through = Measurements(methods[0].name), None
    with stage("evaluate", len(methods), "methods") as step:
        for method in methods:
            runs = list(vector_runs(place, method.fingerprint))
            vectors = MethodVectors(place, benchmark, method.name, method.fingerprint, runs)
            measured.add(method.name, item_scores(vectors, hits))
            if trained := _reranking(place, method.train_run):
                measured.add(method.name, reranked_scores(place, trained, vectors, parameters.gpus))
            words = _words(place, method.train_run) if truth else None
            for column in truth:
                _score_column(vectors, column, _Reading(words, synonyms, parameters.probe), measured)
            if method is methods[0]:
                through = _search_index(place, parameters, method, benchmark, measured)
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
        "queries_without_answer": without_answer(benchmark),
        "gallery": len(benchmark.gallery),
        "leakage": 0,  # read_benchmark refuses any
        "index": through,
        "moved": moved(place.run(labels), learnt),
        "scores": [row for row in _written(place, run) if told(row, methods[0].name)],
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


def _words(lake: Lake, run_id: str | None) -> WordLayer | None:
    """Read the word layer of a train run; None for a method that learns no words."""
    trained = lake.run(run_id) if run_id else None
    return word_layer(lake, trained) if trained and trained.files.get("word_vectors") else None


def _reranking(lake: Lake, run_id: str | None) -> Manifest | None:
    """Return the train run of a method that compares the top of a ranking again; None for any other."""
    trained = lake.run(run_id) if run_id else None
    return trained if trained and reranks(trained.result["method"]) else None


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


def _written(lake: Lake, run: OpenRun) -> Iterator[dict[str, Any]]:
    """Every score of the run, as its table has it."""
    for part in run.files["scores"]:
        with lake.part(f"{run.folder}/{part.path}") as file:
            yield from file.read().to_pylist()


def _rival(lake: Lake, trained: Manifest, parameters: EvaluateParameters) -> str | None:
    """The train run that is live, where it is another one than the one scored."""
    pointed = live(lake) if parameters.live else None
    train = pointed.now.train if pointed else None
    return train if train != trained.run_id else None


def _search_index(
    lake: Lake,
    parameters: EvaluateParameters,
    method: ScoredMethod,
    benchmark: Benchmark,
    measured: Measurements,
) -> dict[str, Any] | None:
    """Measure what the model's index loses; None where it has none yet, or there is no photo to search with."""
    indexed = index_of(lake, method.fingerprint, parameters.index)
    if indexed is None or not benchmark.queries:
        return None
    with open_index(parameters, create=False) as store:
        filters = (IN_STOCK,) if parameters.where is None else parameters.where
        measures, told = index_scores(lake, indexed, store, benchmark, filters)
    measured.add(method.name, measures)
    return told
