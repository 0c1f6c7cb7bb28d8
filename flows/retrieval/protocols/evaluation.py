"""A method by the rules of a published benchmark: recognition on DeepFashion-C, retrieval on the other two.

A run of flow `benchmark`, whose scores are those of schemas/score.py. The benchmark's name says how the answer was had:
`deepfashion-c` the method's own outputs, `deepfashion-c/zero-shot` names looked up among learnt words, and
`deepfashion-c/probe` a linear reading of its frozen vectors, which learns from the train split. They are never mixed.
`consumer2shop/reranked` is a ranking whose top the method has compared again, photo with photo.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from flows.flow_of import flow_of
from flows.parameters.retrieval import EvaluateParameters
from flows.progress import stage
from flows.retrieval.embedding.tool import newest_trained
from flows.retrieval.protocols.asked_methods import AskedMethod, asked_methods, speaker, vectors_of
from flows.retrieval.protocols.benchmark_photos import BenchmarkRun, Truth
from flows.retrieval.protocols.closer_look import ranks_reranked
from flows.retrieval.protocols.predictions import predictions
from flows.retrieval.protocols.readings import probe_scores, zero_shot_scores
from flows.retrieval.protocols.recognition_scores import (
    Scored,
    attribute_scores,
    category_scores,
    landmark_scores,
)
from flows.running.night import begin
from flows.running.stage_task import stage_task
from infra.lake import Lake
from schemas.ids import digest
from schemas.manifest import Count
from schemas.score import SCORES
from workers.retrieval.protocols import instance_retrieval
from workers.retrieval.protocols.instance_retrieval import CONSUMER_TO_SHOP_AT, IN_SHOP_AT, Question
from workers.retrieval.score import Measure
from workers.retrieval.zero_shot import read_synonyms

RECOGNITION, IN_SHOP = "deepfashion-c", "in-shop"
SMALLEST_SLICE = 5  # queries: below this an interval says nothing


@flow_of(EvaluateParameters, name="evaluate benchmark")
def evaluate_benchmark(parameters: EvaluateParameters) -> dict[str, Any]:
    """Score a train run, the newest by default, by the protocol of the benchmark that it learnt from."""
    return benchmark_model(parameters)


def benchmark_model(parameters: EvaluateParameters) -> dict[str, Any]:
    """Embed the benchmark's photos with the model and its baselines, and score them all."""
    lake = Lake(parameters.lake)
    trained = lake.run(parameters.train, "train") if parameters.train else newest_trained(lake)
    labels = lake.run(parameters.labels or trained.parents[0], "label").run_id
    run = BenchmarkRun.of(lake, lake.run(labels), parameters.benchmark)
    splits = ["query", "gallery"]
    if run.kind == RECOGNITION and parameters.probe:
        splits.append("train")
    if run.kind not in (RECOGNITION, IN_SHOP) and parameters.gallery == "val+test":
        splits.append("val")
    methods = asked_methods(parameters, lake, trained, labels, splits)
    result: dict[str, Any] = score_benchmark(parameters, labels, methods)
    return result


@stage_task()
def score_benchmark(
    parameters: EvaluateParameters, labels: str, methods: Sequence[AskedMethod]
) -> dict[str, Any]:
    """Score the methods and commit their scores."""
    begun, lake = time.monotonic(), Lake(parameters.lake)
    benchmark = BenchmarkRun.of(lake, lake.run(labels), parameters.benchmark)
    recorded = {"methods": {method.name: method.fingerprint for method in methods}} | parameters.recorded()
    parents = [labels, *(method.embed_run for method in methods)]
    parents += [method.train_run for method in methods if method.train_run]
    key = digest({"benchmark": labels} | recorded)
    run = begin(lake, "run", "benchmark", key, parents=parents, parameters=recorded)
    run.drop(SCORES)
    writer, rows = run.writer(SCORES), []
    facts, scored = _protocol(parameters, benchmark, methods)
    with stage("benchmark", len(methods), "methods") as step:
        for name, several in scored:
            rows += several
            step.advance(note=name)
    for row in rows:
        writer.write(row)
    run.add(SCORES, writer.close())
    run.counts["benchmark"] = Count(len(methods), len(methods))
    run.seconds["benchmark"] = time.monotonic() - begun
    result = {
        "run_id": run.run_id,
        "benchmark": benchmark.name,
        "data": benchmark.data,
        "labels": labels,
        **facts,
        "scores": rows,
        "seconds": round(run.seconds["benchmark"], 2),
    }
    lake.commit(run, result)
    return result


def _protocol(
    parameters: EvaluateParameters, benchmark: BenchmarkRun, methods: Sequence[AskedMethod]
) -> tuple[dict[str, Any], Iterator[tuple[str, list[dict[str, Any]]]]]:
    """What is told of the whole, and the rows of each method as they come."""
    if benchmark.kind == RECOGNITION:
        truth = Truth.of(benchmark, ["test"])
        seen = {
            "test photos": len(truth),
            "categories": len(truth.categories),
            "attributes": len(truth.names),
        }
        return seen, ((method.name, _recognition(parameters, benchmark, truth, method)) for method in methods)
    ks: Sequence[int]
    if benchmark.kind == IN_SHOP:
        question, ks = instance_retrieval.in_shop(benchmark.shown(["query", "gallery"])), IN_SHOP_AT
    else:
        shown = benchmark.shown(["val", "test"])
        question, ks = instance_retrieval.consumer_to_shop(shown, parameters.gallery), CONSUMER_TO_SHOP_AT
    facts = {
        "queries": len(question.queries),
        "gallery": len(question.gallery),
        "gallery_rule": question.rule,
        "queries_without_answer": question.unanswered,
    }
    return facts, (
        (method.name, list(_retrieval(parameters, benchmark, question, ks, method))) for method in methods
    )


def _recognition(
    parameters: EvaluateParameters, benchmark: BenchmarkRun, truth: Truth, method: AskedMethod
) -> list[dict[str, Any]]:
    """Rows of one method, by every way that it can answer in."""
    lake, name = benchmark.lake, benchmark.name
    found: dict[str, list[Scored]] = {}
    able = speaker(lake, method)
    if able is not None and able.predicts:
        said = predictions(lake, able.checkpoint, able.labels, truth.images, parameters.gpus)
        own = found[name] = []
        if said.category:
            scores = said.scores(said.category, able.labels.categories, truth.images, truth.categories)
            own += category_scores(scores, truth)
        if said.attributes:
            scores = said.scores(said.attributes, able.labels.attributes, truth.images, truth.names)
            own += attribute_scores(scores, truth)
        own += landmark_scores(said, able.side, truth)
    if able is not None and able.words is not None:
        vectors = vectors_of(lake, method, truth.images)
        synonyms = read_synonyms(parameters.synonyms)
        found[f"{name}/zero-shot"] = list(zero_shot_scores(able.words, synonyms, vectors, truth))
    if parameters.probe:
        found[f"{name}/probe"] = list(probe_scores(benchmark, method, truth))
    return [
        scored.row(reading, method.name, method.fingerprint, truth.groups)
        for reading, several in found.items()
        for scored in several
    ]


def _retrieval(
    parameters: EvaluateParameters,
    benchmark: BenchmarkRun,
    question: Question,
    ks: Sequence[int],
    method: AskedMethod,
) -> Iterator[dict[str, Any]]:
    """Rows of one method, and those after a closer look where it has one."""
    lake, name = benchmark.lake, benchmark.name
    queries = vectors_of(lake, method, [image for image, _ in question.queries])
    gallery = vectors_of(lake, method, question.gallery)
    found = {name: instance_retrieval.scores(question, queries, gallery, ks)}
    if (able := speaker(lake, method)) is not None and able.reranks:
        ranks = ranks_reranked(lake, able.checkpoint, question, queries, gallery, parameters.gpus)
        found[f"{name}/reranked"] = instance_retrieval.scores_of(ranks, ks)
    items = [item for _, item in question.queries]
    slices = {"all": list(range(len(items)))}
    for place, kind in enumerate(question.kinds):
        slices.setdefault(kind or "no category", []).append(place)
    for part, members in slices.items():
        if part != "all" and len(members) < SMALLEST_SLICE:
            continue
        own = [items[place] for place in members]
        for reading, scores in found.items():
            for (metric, k), values in scores.items():
                if part == "all" or metric == "recall":
                    measure = Measure(reading, part, metric, k, values[members], own)
                    yield measure.row(method.fingerprint, method.name)
