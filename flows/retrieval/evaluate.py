"""How good it is: every query against the whole gallery, beside what an untrained network and colour alone find."""

import time
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from flows.learn.train import train_words
from flows.orchestration import worth_retrying
from flows.parameters.train import TrainParameters
from flows.progress import stage
from flows.queries.search import WordLayer, word_layer
from flows.retrieval.benchmarks import (
    Benchmark,
    Judged,
    item_scores,
    neighbour_scores,
    probe_scores,
    read_benchmark,
    zero_shot_scores,
)
from flows.retrieval.embed import embed_photos, newest_trained, vector_runs
from flows.retrieval.ground_truth import Column, read_truth
from infra.lake import Lake
from schemas.errors import InputError
from schemas.ids import digest
from schemas.manifest import Count
from schemas.score import HITS, SCORES
from workers.contract.registry import without_training
from workers.retrieval.score import Measure, difference
from workers.retrieval.zero_shot import read_synonyms

TEST_SPLITS = ["query", "gallery"]
UNTRAINED, COLOUR = "untrained", "histogram"


@flow(name="evaluate")
def evaluate(
    lake: str,
    train: str | None = None,
    labels: str | None = None,
    baselines: bool = True,
    truth: str | None = None,
    columns: list[str] | None = None,
    truth_key: str = "product_id",
    gpus: str = "auto",
    synonyms: str | None = None,
    probe: bool = True,
) -> dict[str, Any]:
    """Score a train run, the newest by default, on the held-out products of a label run.

    labels     label run whose held-out products are scored; the one it was trained on by default
    baselines  also score the same network untrained and a colour histogram, on the same photos
    truth      Parquet or CSV file with clean columns to score against, never to learn from
    columns    columns of `truth` to score: zero-shot labels, probe and neighbours; "a+b" for neighbours that
               agree in both
    truth_key  column of `truth` that holds the shop's own product id
    synonyms   YAML file with other names of labels, see workers/synonyms.yaml
    probe      also fit a linear probe on the train split's values of each column; then the baselines
               embed those photos too
    """
    result = judge(lake, train, labels, baselines, truth, columns, truth_key, gpus, synonyms, probe)
    publish_scores(result)
    return result


def judge(
    lake: str,
    train: str | None,
    labels: str | None,
    baselines: bool,
    truth: str | None,
    columns: list[str] | None,
    truth_key: str,
    gpus: str,
    synonyms: str | None = None,
    probe: bool = True,
) -> dict[str, Any]:
    """The steps of `evaluate`, for flows that evaluate at their end."""
    place = Lake(lake)
    read_synonyms(synonyms)  # a file that cannot be read is refused before an hour of embedding
    if truth:
        read_truth(truth, truth_key, columns)
    trained = place.run(train) if train else newest_trained(place)
    source = labels or trained.parents[0]
    main = trained.result["method"]
    runs: dict[str, tuple[str | None, str | None]] = {main: (trained.run_id, None)}
    if baselines:
        first = without_training(trained.parameters["config"])
        runs |= {
            UNTRAINED: (_first_weights(place, main, trained.parents[0], first), None),
            COLOUR: (None, COLOUR),
        }
    few = None if truth and probe else TEST_SPLITS  # a probe learns from the train split's photos
    embedded = {
        name: embed_photos(lake, run_id, source, method, None if name == main else few, gpus)
        for name, (run_id, method) in runs.items()
    }
    fingerprints = {name: result["fingerprint"] for name, result in embedded.items()}
    parents = [source, *(r["run_id"] for r in embedded.values()), *(run for run, _ in runs.values() if run)]
    return score_photos(
        lake, source, parents, fingerprints, main, runs, truth, columns, truth_key, synonyms, probe
    )


def publish_scores(result: dict[str, Any]) -> None:
    """The headline scores as a table artifact of the flow run, for the Prefect UI."""
    rows = [
        {
            name: row[name]
            for name in ("method", "benchmark", "metric", "k", "value", "ci_low", "ci_high", "n")
        }
        for row in result["scores"]
        if row["slice"] == "all"
    ]
    create_table_artifact(key="scores", table=rows, description=f"Scores of run {result['run_id']}")


@task(retries=1, retry_condition_fn=worth_retrying)
def score_photos(
    lake: str,
    labels: str,
    parents: list[str],
    fingerprints: dict[str, str],
    main: str,
    runs: dict[str, tuple[str | None, str | None]],
    truth: str | None,
    columns: list[str] | None,
    truth_key: str,
    synonyms: str | None = None,
    probe: bool = True,
) -> dict[str, Any]:
    """Compare, score, and commit hits and scores."""
    begun = time.monotonic()
    place = Lake(lake)
    answers = read_truth(truth, truth_key, columns) if truth else []
    names = read_synonyms(synonyms)
    parameters: dict[str, Any] = {
        "main": main,
        "methods": list(fingerprints),
        "truth": truth,
        "columns": columns,
        "synonyms": synonyms,
        "probe": probe,
    }
    key = digest({"evaluate": fingerprints, "labels": labels, "names": names} | parameters)
    run = place.begin("run", "evaluate", key, parents=parents, parameters=parameters)
    for schema in (HITS, SCORES):
        run.drop(schema)
    hits, scores = run.writer(HITS), run.writer(SCORES)
    benchmark = read_benchmark(place, place.run(labels), probe and bool(answers))
    if not len(benchmark.gallery):
        raise InputError(
            labels, "has no held-out photo to score with; label more products or raise --test-share"
        )
    told = _Told(main)
    with stage("evaluate", len(fingerprints), "methods") as step:
        for name, fingerprint in fingerprints.items():
            judged = Judged(place, benchmark, name, fingerprint, list(vector_runs(place, fingerprint)))
            for measure in item_scores(judged, hits):
                told.hear(name, measure)
            words = _words(place, runs[name][0]) if answers else None
            for column in answers:
                _score_column(judged, column, words, names, probe, told)
            for row in told.rows(name, fingerprint):
                scores.write(row)
            step.advance(note=name)
    run.add(HITS, hits.close())
    run.add(SCORES, scores.close())
    run.counts["evaluate"] = Count(len(benchmark.queries) * len(fingerprints), hits.rows)
    run.seconds["evaluate"] = time.monotonic() - begun
    written = [row for part in run.files["scores"] for row in _rows(place, run.folder, part.path)]
    result = {
        "run_id": run.run_id,
        "main": {"method": main, "fingerprint": fingerprints[main]},
        "queries": len(benchmark.queries),
        "queries_without_answer": _without_answer(benchmark),
        "gallery": len(benchmark.gallery),
        "scores": written,
        "differences": told.differences(),
        "zero_shot": told.zero_shot,
        "probe": told.probe,
        "seconds": round(run.seconds["evaluate"], 2),
    }
    place.commit(run, result)
    return result


class _Told:
    """What was measured, by method, and what is told beside the numbers."""

    def __init__(self, main: str) -> None:
        self.main = main
        self.zero_shot: dict[str, dict[str, Any]] = {}  # column -> method -> what could not be named
        self.probe: dict[str, dict[str, Any]] = {}  # column -> method -> how it was fitted
        self._measures: dict[str, list[Measure]] = {}

    def hear(self, method: str, measure: Measure) -> None:
        """One more measure of a method."""
        self._measures.setdefault(method, []).append(measure)

    def rows(self, method: str, fingerprint: str) -> list[dict[str, object]]:
        """The scores of a method as rows of SCORES."""
        return [measure.row(fingerprint, method) for measure in self._measures.get(method, ())]

    def differences(self) -> list[dict[str, Any]]:
        """How much the main method is better than each other one, paired query by query."""
        found = []
        for method in self._measures.keys() - {self.main}:
            theirs = {(m.benchmark, m.metric, m.k): m for m in self._measures[method] if m.slice == "all"}
            for own in self._measures.get(self.main, ()):
                other = theirs.get((own.benchmark, own.metric, own.k))
                if own.slice != "all" or other is None:
                    continue
                gain, low, high = difference(own.values, other.values, own.clusters)
                row = {"benchmark": own.benchmark, "metric": own.metric, "k": own.k, "against": method}
                found.append(row | {"difference": gain, "ci_low": low, "ci_high": high})
        return sorted(found, key=lambda row: (row["against"], row["benchmark"], row["metric"], row["k"]))


def _score_column(
    judged: Judged,
    column: Column,
    words: WordLayer | None,
    synonyms: list[list[str]],
    probe: bool,
    told: _Told,
) -> None:
    """Neighbours, zero-shot names where the method has words, and a probe; each under its own name."""
    name = judged.name
    for measure in neighbour_scores(judged, column):
        told.hear(name, measure)
    if column.joined:  # two values at once have no name to look up
        return
    if words is not None:
        measures, told.zero_shot.setdefault(column.name, {})[name] = zero_shot_scores(
            judged, column, words, synonyms
        )
        for measure in measures:
            told.hear(name, measure)
    if probe:
        measures, told.probe.setdefault(column.name, {})[name] = probe_scores(judged, column)
        for measure in measures:
            told.hear(name, measure)


def _words(lake: Lake, run_id: str | None) -> WordLayer | None:
    """The word layer of a train run; None for a method that learns no words."""
    trained = lake.run(run_id) if run_id else None
    return word_layer(lake, trained) if trained and trained.files.get("word_vectors") else None


def _without_answer(benchmark: Benchmark) -> int:
    """Queries whose product has no photo in the gallery; they count as misses (METHODS 2.5)."""
    return sum(product not in benchmark.answers for _, product in benchmark.queries)


def _first_weights(lake: Lake, method: str, labels: str, settings: dict[str, Any]) -> str:
    """The train run of the untrained network with this Config; made once, then found again."""
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


def _rows(lake: Lake, folder: str, path: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    with lake.filesystem.open_input_file(f"{folder}/{path}") as file:
        rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows
