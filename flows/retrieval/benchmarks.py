"""The benchmarks of an evaluation: who asks, who answers, what counts as right."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flows.queries.newest_crawls import labelled_crawls, products
from flows.queries.search import WordLayer
from flows.retrieval.ground_truth import Column, LabelledPhotos, match
from infra.lake import Lake
from infra.parts import PartWriter
from schemas.errors import LakeError
from schemas.manifest import Manifest
from workers.retrieval.nearest import best, similarities
from workers.retrieval.probe import fit_probe
from workers.retrieval.score import (
    Measure,
    average_precision,
    average_precision_at_r,
    found_at,
    label_found_at,
    precision_at,
    r_precision,
    relevant_ranks,
)
from workers.retrieval.zero_shot import Synonyms, label_scores, read_labels

RECALL_AT = (1, 5, 10, 20, 50)
WHOLE_RANKING = {
    "r-precision": r_precision,
    "map-at-r": average_precision_at_r,
    "average-precision": average_precision,
}
LABEL_AT = (1, 3, 5)
NEIGHBOURS = 10
KEPT_HITS = 50
SMALLEST_SLICE = 5  # queries: below this an interval says nothing
PROBE_PHOTOS = 50_000  # 200 MB of vectors at 1,000 dimensions; more moves a straight line little

Vectors = NDArray[np.float32]


@dataclass
class Benchmark:
    """Held-out photos of a label run, and those a probe may learn from.

    queries   (image_id, product_id) of every query photo
    gallery   image_ids searched, each once
    answers   product_id -> rows of its photos in the gallery
    learnt    image_id -> (product_id, near-duplicate group) of photos of the train split, where asked for
    category  product_id -> innermost category, "" when the shop does not say
    keys      product_id -> what a file of truths may call it: the shop's own key, then its SKUs
    """

    queries: list[tuple[str, str]] = field(default_factory=list)
    gallery: list[str] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    learnt: dict[str, tuple[str, int]] = field(default_factory=dict)
    category: dict[str, str] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)

    def first_photos(self) -> list[tuple[str, str]]:
        """Return the first gallery photo of every product: (image_id, product_id)."""
        return [(self.gallery[places[0]], product) for product, places in self.answers.items()]


@dataclass
class MethodVectors:
    """One method's vectors on a benchmark. Raises LakeError where a photo has no vector."""

    lake: Lake
    benchmark: Benchmark
    name: str
    fingerprint: str
    runs: list[Manifest]

    @cached_property
    def by_photo(self) -> dict[str, Vectors]:
        """The vector of every photo of the benchmark that has one; a photo whose bytes no decoder reads has none."""
        benchmark = self.benchmark
        photos = {image_id for image_id, _ in benchmark.queries} | set(benchmark.gallery)
        photos |= benchmark.learnt.keys()
        by_photo: dict[str, Vectors] = {}
        for run in self.runs:
            for batch in self.lake.batches(run, "vectors", ["image_id", "vector"], rows=20_000):
                rows = [n for n, image_id in enumerate(batch["image_id"].to_pylist()) if image_id in photos]
                if rows:
                    part = batch.take(pa.array(rows, pa.int64()))
                    column = part["vector"]
                    matrix = column.flatten().to_numpy().reshape(-1, column.type.list_size)
                    by_photo.update(zip(part["image_id"].to_pylist(), matrix, strict=True))
        if not by_photo:
            raise LakeError(self.lake.uri, f"holds no vectors of {self.name} for the held-out photos")
        return by_photo

    def matrix(self, image_ids: Sequence[str]) -> Vectors:
        """Return (N, D); a photo without a vector gets zeros, so that it finds nothing and is found last."""
        dim = len(next(iter(self.by_photo.values())))
        nothing = np.zeros(dim, np.float32)
        return np.stack([self.by_photo.get(image_id, nothing) for image_id in image_ids])


def read_benchmark(
    lake: Lake, labels: Manifest, probe: bool = False, learnt: Collection[str] = frozenset()
) -> Benchmark:
    """Read queries and gallery of a label run, both without duplicates: files of pairs repeat photos.

    probe   also the photos of the train split, or PROBE_PHOTOS of them: the smallest of their SHA-256,
            which is a sample that is the same every time
    learnt  products that a model learnt from: nobody asks for them, and their photos only distract
    """
    benchmark = Benchmark()
    places: dict[str, int] = {}  # of each gallery photo
    queries: set[tuple[str, str]] = set()
    for batch in lake.batches(labels, "labels", ["product_id", "image_id", "split", "group"], rows=20_000):
        for row in batch.to_pylist():
            pair = (row["image_id"], row["product_id"])
            if row["split"] == "gallery":
                place = places.setdefault(row["image_id"], len(places))
                if row["product_id"] in learnt:
                    continue
                if place not in (answers := benchmark.answers.setdefault(row["product_id"], [])):
                    answers.append(place)
            elif row["split"] == "query" and pair not in queries and row["product_id"] not in learnt:
                queries.add(pair)
                benchmark.queries.append(pair)
            elif row["split"] == "train" and probe:
                benchmark.learnt.setdefault(row["image_id"], (row["product_id"], row["group"]))
        benchmark.learnt = _smallest(benchmark.learnt, PROBE_PHOTOS)
    benchmark.gallery = list(places)
    matched = benchmark.answers.keys() | {product for product, _ in benchmark.learnt.values()}
    for product in products(lake, labelled_crawls(lake, labels), ["categories", "attributes"]):
        name = product["product_id"]
        benchmark.category[name] = (product["categories"] or [""])[-1]
        if name in matched:
            skus = dict(product["attributes"] or ()).get("sku", "")
            benchmark.keys[name] = [name.partition(":")[2], *(sku for sku in skus.split(", ") if sku)]
    return benchmark


def item_scores(method: MethodVectors, hits: PartWriter) -> Iterator[Measure]:
    """Measure how well the query's own product is found, overall and per category; write a row of hits per query."""
    benchmark = method.benchmark
    if not benchmark.queries:
        return
    queries = method.matrix([image_id for image_id, _ in benchmark.queries])
    gallery = method.matrix(benchmark.gallery)
    right = [np.array(benchmark.answers.get(product, []), np.int64) for _, product in benchmark.queries]
    ranks: list[NDArray[np.int64]] = []
    for piece, block in similarities(queries, gallery):
        ranks += relevant_ranks(block, right[piece])
        places, values = best(block, KEPT_HITS)
        for row, (query, _) in enumerate(benchmark.queries[piece]):
            hits.write(
                {
                    "fingerprint": method.fingerprint,
                    "query_id": query,
                    "image_ids": [benchmark.gallery[place] for place in places[row]],
                    "similarities": values[row],
                    "rank": int(ranks[piece.start + row][:1].sum()),
                    "searched": "exact",
                    "filter": "",
                }
            )
    first = np.array([own[0] if len(own) else 0 for own in ranks], np.int64)
    owners = [product for _, product in benchmark.queries]
    slices = {"all": np.arange(len(owners))} | _by_category(benchmark, owners)
    for name, members in slices.items():
        own = [owners[n] for n in members]
        for k in RECALL_AT:
            yield Measure("item-retrieval", name, "recall", k, found_at(k, first[members]), own)
    for metric, score in WHOLE_RANKING.items():
        yield Measure("item-retrieval", "all", metric, 0, score(ranks), owners)


def neighbour_scores(method: MethodVectors, column: Column) -> Iterator[Measure]:
    """Measure P@10: how many of a gallery photo's ten nearest others show a product of the same value of `column`."""
    photos = match(column, method.benchmark.first_photos(), method.benchmark.keys)
    if len(photos.image_ids) <= NEIGHBOURS:
        return
    vectors = method.matrix(photos.image_ids)
    near: list[list[str]] = []
    for piece, block in similarities(vectors, vectors):
        block[np.arange(len(block)), np.arange(piece.start, piece.stop)] = -np.inf  # not itself
        near += [[photos.values[place] for place in row] for row in best(block, NEIGHBOURS)[0]]
    precision = precision_at(NEIGHBOURS, near, photos.values)
    yield Measure(f"neighbours:{column.name}", "all", "precision", NEIGHBOURS, precision, photos.owners)


def zero_shot_scores(
    method: MethodVectors, column: Column, words: WordLayer, synonyms: Synonyms
) -> tuple[list[Measure], dict[str, Any]]:
    """Measure the top-k accuracy of naming `column` by looking its values up among the learnt words.

    Returns  the measures, and what could not be named: labels, those unknown, photos that carry one.
    """
    photos = match(column, method.benchmark.first_photos(), method.benchmark.keys)
    read = read_labels(column.labels, words.ids, words.vectors, synonyms, words.offsets)
    scores = label_scores(method.matrix(photos.image_ids), read)
    unknown = set(read.unknown)
    summary = {
        "labels": len(read.labels),
        "unknown": read.unknown,
        "photos": len(photos.image_ids),
        "unknown_photos": sum(value in unknown for value in photos.values),
    }
    return _accuracies(f"zero-shot:{column.name}", scores, column.labels, photos), summary


def probe_scores(method: MethodVectors, column: Column) -> tuple[list[Measure], dict[str, Any]]:
    """Measure the top-k accuracy of a linear probe, learnt from the train split's clean values: no zero-shot reading.

    Returns  the measures, none where the train split has no two values; and how the probe was fitted.
    """
    benchmark = method.benchmark
    photos = match(column, benchmark.first_photos(), benchmark.keys)
    learnt = [
        (image, value, group)
        for image, (product, group) in benchmark.learnt.items()
        if image in method.by_photo and (value := column.value(benchmark.keys.get(product, ())))
    ]
    if len({value for _, value, _ in learnt}) < 2 or len({group for *_, group in learnt}) < 2:
        return [], {"photos": len(learnt), "skipped": "the train split has no two values to tell apart"}
    images, values, groups = zip(*learnt, strict=True)
    probe = fit_probe(method.matrix(images), values, groups)
    scores = probe.scores(method.matrix(photos.image_ids), column.labels)
    summary = {
        "photos": len(images),
        "labels": len(probe.labels),
        "never_shown": sorted(set(photos.values) - set(probe.labels)),
        "strength": probe.strength,
        "validation": {f"{strength:g}": round(value, 4) for strength, value in probe.tried.items()},
    }
    return _accuracies(f"probe:{column.name}", scores, column.labels, photos), summary


def _accuracies(
    benchmark: str, scores: Vectors, labels: Sequence[str], photos: LabelledPhotos
) -> list[Measure]:
    number = {name: n for n, name in enumerate(labels)}
    right = np.array([number[value] for value in photos.values])
    return [
        Measure(benchmark, "all", "accuracy", k, label_found_at(k, scores, right), photos.owners)
        for k in LABEL_AT
    ]


def _by_category(benchmark: Benchmark, owners: list[str]) -> dict[str, NDArray[np.int64]]:
    members: dict[str, list[int]] = {}
    for n, product in enumerate(owners):
        if name := benchmark.category.get(product, ""):
            members.setdefault(name, []).append(n)
    return {name: np.array(rows) for name, rows in sorted(members.items()) if len(rows) >= SMALLEST_SLICE}


def _smallest(photos: dict[str, tuple[str, int]], most: int) -> dict[str, tuple[str, int]]:
    return photos if len(photos) <= most else {name: photos[name] for name in sorted(photos)[:most]}
