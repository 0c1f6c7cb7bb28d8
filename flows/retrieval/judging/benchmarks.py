"""The benchmarks of an evaluation: what is asked of a method's vectors, and what counts as right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from flows.queries.search import WordLayer
from flows.retrieval.judging.benchmark import Benchmark
from flows.retrieval.judging.ground_truth import Column, LabelledPhotos, match
from flows.retrieval.judging.photo_vectors import PhotoVectors, Vectors
from infra.lake import Lake
from infra.parts import PartWriter
from schemas.errors import LakeError
from schemas.manifest import Manifest
from workers.retrieval.nearest import best, similarities
from workers.retrieval.probe import fit_probe
from workers.retrieval.ranking import Gallery, rank
from workers.retrieval.score import (
    Measure,
    average_precision,
    average_precision_at_r,
    found_at,
    gain,
    label_found_at,
    precision_at,
    r_precision,
    reciprocal_rank,
)
from workers.retrieval.zero_shot import Synonyms, label_scores, read_labels

RECALL_AT = (1, 5, 10, 20, 50)
WHOLE_RANKING = {
    "r-precision": r_precision,
    "map-at-r": average_precision_at_r,
    "average-precision": average_precision,
    "mrr": reciprocal_rank,
    "ndcg": gain,
}
LABEL_AT = (1, 3, 5)
NEIGHBOURS = 10
KEPT_HITS = 50


@dataclass
class MethodVectors:
    """One method's vectors on a benchmark. Raises LakeError where a photo has no vector."""

    lake: Lake
    benchmark: Benchmark
    name: str
    fingerprint: str
    runs: list[Manifest]

    @cached_property
    def vectors(self) -> PhotoVectors:
        """The vector of every photo of the benchmark that has one; a photo whose bytes no decoder reads has none."""
        benchmark = self.benchmark
        photos = {image_id for image_id, _ in benchmark.queries} | set(benchmark.gallery)
        vectors = PhotoVectors(self.lake, self.runs, photos | benchmark.learnt.keys())
        if not len(vectors):
            raise LakeError(self.lake.uri, f"holds no vectors of {self.name} for the held-out photos")
        return vectors


def item_scores(method: MethodVectors, hits: PartWriter) -> Iterator[Measure]:
    """Measure how well the query's own product is found, overall and per slice; write a row of hits per query."""
    benchmark = method.benchmark
    if not benchmark.queries:
        return
    queries = method.vectors.of([image_id for image_id, _ in benchmark.queries])
    right = [np.array(benchmark.answers.get(product, []), np.int64) for _, product in benchmark.queries]
    gallery = Gallery(method.vectors.matrix, method.vectors.rows(benchmark.gallery))
    found = rank(queries, gallery, right, KEPT_HITS)
    first = found.first
    for row, (query, product) in enumerate(benchmark.queries):
        hits.write(
            {
                "fingerprint": method.fingerprint,
                "query_id": query,
                "product_id": product,
                "image_ids": [benchmark.gallery[place] for place in found.answers[row]],
                "similarities": found.similarities[row],
                "rank": int(first[row]),
                "searched": "exact",
                "filter": "",
            }
        )
    clusters = np.array(benchmark.clusters(product for _, product in benchmark.queries))
    whole = {metric: score(found.ranks) for metric, score in WHOLE_RANKING.items()}
    for name, rows in {"all": range(len(first)), **benchmark.slices}.items():
        members, own = np.array(rows), clusters[rows].tolist()
        for k in RECALL_AT:
            yield Measure("item-retrieval", name, "recall", k, found_at(k, first[members]), own)
        for metric, values in whole.items():
            yield Measure("item-retrieval", name, metric, 0, values[members], own)


def neighbour_scores(method: MethodVectors, column: Column) -> Iterator[Measure]:
    """Measure P@10: how many of a gallery photo's ten nearest others show a product of the same value of `column`."""
    photos = match(column, method.benchmark.first_photos(), method.benchmark.keys)
    if len(photos.image_ids) <= NEIGHBOURS:
        return
    vectors = method.vectors.of(photos.image_ids)
    near: list[list[str]] = []
    for piece, block in similarities(vectors, vectors):
        block[np.arange(len(block)), np.arange(piece.start, piece.stop)] = -np.inf  # not itself
        near += [[photos.values[place] for place in row] for row in best(block, NEIGHBOURS)[0]]
    clusters = method.benchmark.clusters(photos.owners)
    precision = precision_at(NEIGHBOURS, near, photos.values)
    yield Measure(f"neighbours:{column.name}", "all", "precision", NEIGHBOURS, precision, clusters)


def zero_shot_scores(
    method: MethodVectors, column: Column, words: WordLayer, synonyms: Synonyms
) -> tuple[list[Measure], dict[str, Any]]:
    """Measure the top-k accuracy of naming `column` by looking its values up among the learnt words.

    Returns  the measures, and what could not be named: labels, those unknown, photos that carry one.
    """
    photos = match(column, method.benchmark.first_photos(), method.benchmark.keys)
    read = read_labels(column.labels, words.ids, words.vectors, synonyms, words.offsets)
    scores = label_scores(method.vectors.of(photos.image_ids), read)
    unknown = set(read.unknown)
    summary = {
        "labels": len(read.labels),
        "unknown": read.unknown,
        "photos": len(photos.image_ids),
        "unknown_photos": sum(value in unknown for value in photos.values),
    }
    return _accuracies(f"zero-shot:{column.name}", scores, column.labels, photos, method.benchmark), summary


def probe_scores(method: MethodVectors, column: Column) -> tuple[list[Measure], dict[str, Any]]:
    """Measure the top-k accuracy of a linear probe, learnt from the train split's clean values: no zero-shot reading.

    Returns  the measures, none where the train split has no two values; and how the probe was fitted.
    """
    benchmark = method.benchmark
    photos = match(column, benchmark.first_photos(), benchmark.keys)
    learnt = [
        (image, value, group)
        for image, (product, group) in benchmark.learnt.items()
        if image in method.vectors and (value := column.value(benchmark.keys.get(product, ())))
    ]
    if len({value for _, value, _ in learnt}) < 2 or len({group for *_, group in learnt}) < 2:
        return [], {"photos": len(learnt), "skipped": "the train split has no two values to tell apart"}
    images, values, groups = zip(*learnt, strict=True)
    probe = fit_probe(method.vectors.of(images), values, groups)
    scores = probe.scores(method.vectors.of(photos.image_ids), column.labels)
    summary = {
        "photos": len(images),
        "labels": len(probe.labels),
        "never_shown": sorted(set(photos.values) - set(probe.labels)),
        "strength": probe.strength,
        "validation": {f"{strength:g}": round(value, 4) for strength, value in probe.tried.items()},
    }
    return _accuracies(f"probe:{column.name}", scores, column.labels, photos, benchmark), summary


def _accuracies(
    name: str, scores: Vectors, labels: Sequence[str], photos: LabelledPhotos, benchmark: Benchmark
) -> list[Measure]:
    clusters = benchmark.clusters(photos.owners)
    number = {name: n for n, name in enumerate(labels)}
    right = np.array([number[value] for value in photos.values])
    return [Measure(name, "all", "accuracy", k, label_found_at(k, scores, right), clusters) for k in LABEL_AT]
