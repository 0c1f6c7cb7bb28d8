"""How good it is: every query against the whole gallery, beside what an untrained network and colour alone find."""

import time
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from flows.embed import embed_photos, newest_trained, vector_runs
from flows.judge import Judged, item_scores, neighbour_scores, read_benchmark, read_truth, zero_shot_scores
from flows.orchestration import worth_retrying
from flows.progress import stage
from flows.train import train_words
from infra.lake import Lake
from schemas.errors import InputError
from schemas.ids import digest
from schemas.manifest import Count
from schemas.score import HITS, SCORES

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
) -> dict[str, Any]:
    """Score a train run, the newest by default, on the held-out products of a label run.

    labels     label run whose held-out products are scored; the one it was trained on by default
    baselines  also score the same network untrained and a colour histogram, on the same photos
    truth      Parquet or CSV file with clean columns to score against, never to learn from
    columns    columns of `truth` to score: zero-shot labels and neighbours
    truth_key  column of `truth` that holds the shop's own product id
    """
    result = judge(lake, train, labels, baselines, truth, columns, truth_key, gpus)
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
) -> dict[str, Any]:
    """The steps of `evaluate`, for flows that evaluate at their end."""
    place = Lake(lake)
    trained = place.run(train) if train else newest_trained(place)
    source = labels or trained.parents[0]
    main = trained.result["method"]
    runs: dict[str, tuple[str | None, str | None]] = {main: (trained.run_id, None)}
    if baselines:
        first = trained.parameters["config"] | {"epochs": 0, "frozen_epochs": 0, "weights": "random"}
        runs |= {
            UNTRAINED: (_first_weights(place, main, trained.parents[0], first), None),
            COLOUR: (None, COLOUR),
        }
    embedded = {
        name: embed_photos(lake, run_id, source, method, None if name == main else TEST_SPLITS, gpus)
        for name, (run_id, method) in runs.items()
    }
    fingerprints = {name: result["fingerprint"] for name, result in embedded.items()}
    parents = [source, *(r["run_id"] for r in embedded.values()), *(run for run, _ in runs.values() if run)]
    return score_photos(lake, source, parents, fingerprints, main, runs, truth, columns, truth_key)


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
) -> dict[str, Any]:
    """Compare, score, and commit hits and scores."""
    begun = time.monotonic()
    place = Lake(lake)
    answers = read_truth(truth, truth_key, columns) if truth else {}
    parameters: dict[str, Any] = {
        "main": main,
        "methods": list(fingerprints),
        "truth": truth,
        "columns": columns,
    }
    key = digest({"evaluate": fingerprints, "labels": labels} | parameters)
    run = place.begin("run", "evaluate", key, parents=parents, parameters=parameters)
    for schema in (HITS, SCORES):
        run.drop(schema)
    hits, scores = run.writer(HITS), run.writer(SCORES)
    benchmark = read_benchmark(place, place.run(labels))
    if not len(benchmark.gallery):
        raise InputError(
            labels, "has no held-out photo to score with; label more products or raise --test-share"
        )
    with stage("evaluate", len(fingerprints), "methods") as step:
        for name, fingerprint in fingerprints.items():
            judged = Judged(place, benchmark, name, fingerprint, list(vector_runs(place, fingerprint)))
            for row in item_scores(judged, hits):
                scores.write(row)
            for column, (labels_of, label_names) in answers.items():
                for row in neighbour_scores(judged, column, labels_of):
                    scores.write(row)
                if run_id := runs[name][0]:
                    for row in zero_shot_scores(place, judged, run_id, column, labels_of, label_names):
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
        "gallery": len(benchmark.gallery),
        "scores": written,
        "seconds": round(run.seconds["evaluate"], 2),
    }
    place.commit(run, result)
    return result


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
    found: str = train_words(str(lake.uri), method, labels, settings, 1, "0")["run_id"]
    return found


def _rows(lake: Lake, folder: str, path: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    with lake.filesystem.open_input_file(f"{folder}/{path}") as file:
        rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows
