"""The benchmarks of an evaluation: who asks, who answers, what counts as right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from flows.catalogue import labelled_crawls, products
from flows.search import word_layer
from infra.lake import Lake
from infra.parts import PartWriter
from schemas.errors import InputError, LakeError
from schemas.manifest import Manifest
from workers.nearest import best, pessimistic_ranks, similarities
from workers.score import found_at, label_found_at, precision_at, score_row
from workers.zero_shot import label_scores, label_vectors

RECALL_AT = (1, 5, 10, 20, 50)
LABEL_AT = (1, 3, 5)
NEIGHBOURS = 10
KEPT_HITS = 50
SMALLEST_SLICE = 5  # queries: below this an interval says nothing

Vectors = NDArray[np.float32]


@dataclass
class Benchmark:
    """Held-out photos of a label run.

    queries   (image_id, product_id) of every query photo
    gallery   image_ids searched, each once
    answers   product_id -> rows of its photos in the gallery
    category  product_id -> innermost category, "" when the shop does not say
    keys      product_id -> what a file of truths may call it: the shop's own key, then its SKUs
    """

    queries: list[tuple[str, str]] = field(default_factory=list)
    gallery: list[str] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    category: dict[str, str] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Judged:
    """One method's vectors on a benchmark. Raises LakeError where a photo has no vector."""

    lake: Lake
    benchmark: Benchmark
    name: str
    fingerprint: str
    runs: list[Manifest]

    @cached_property
    def by_id(self) -> dict[str, Vectors]:
        """Vector of every held-out photo that has one; a photo whose bytes no decoder reads has none."""
        wanted = {image_id for image_id, _ in self.benchmark.queries} | set(self.benchmark.gallery)
        found: dict[str, Vectors] = {}
        for run in self.runs:
            for batch in self.lake.batches(run, "vectors", ["image_id", "vector"], rows=20_000):
                here = [n for n, image_id in enumerate(batch["image_id"].to_pylist()) if image_id in wanted]
                part = batch.take(pa.array(here, pa.int64()))
                column = part["vector"]
                matrix = (
                    column.flatten().to_numpy().reshape(-1, column.type.list_size)
                    if here
                    else np.empty((0, 1))
                )
                found.update(zip(part["image_id"].to_pylist(), matrix, strict=True))
        if not found:
            raise LakeError(self.lake.uri, f"holds no vectors of {self.name} for the held-out photos")
        return found

    def matrix(self, image_ids: Sequence[str]) -> Vectors:
        """(N, D); a photo without a vector gets zeros, so that it finds nothing and is found last."""
        dim = len(next(iter(self.by_id.values())))
        nothing = np.zeros(dim, np.float32)
        return np.stack([self.by_id.get(image_id, nothing) for image_id in image_ids])


def read_benchmark(lake: Lake, labels: Manifest) -> Benchmark:
    """Queries and gallery of a label run, both without duplicates (METHODS 2.5)."""
    found = Benchmark()
    rows: dict[str, int] = {}
    asked: set[tuple[str, str]] = set()
    for batch in lake.batches(labels, "labels", ["product_id", "image_id", "split"], rows=20_000):
        for row in batch.to_pylist():
            pair = (row["image_id"], row["product_id"])
            if row["split"] == "gallery":
                place = rows.setdefault(row["image_id"], len(rows))
                found.answers.setdefault(row["product_id"], []).append(place)
            elif row["split"] == "query" and pair not in asked:
                asked.add(pair)
                found.queries.append(pair)
    found.gallery = list(rows)
    for product in products(lake, labelled_crawls(lake, labels), ["categories", "attributes"]):
        name = product["product_id"]
        found.category[name] = (product["categories"] or [""])[-1]
        if name in found.answers:
            skus = dict(product["attributes"] or ()).get("sku", "")
            found.keys[name] = [name.partition(":")[2], *(sku for sku in skus.split(", ") if sku)]
    return found


def item_scores(judged: Judged, hits: PartWriter) -> Iterable[dict[str, object]]:
    """Recall@k of finding the query's own product, overall and per category; writes one row of hits per query."""
    benchmark = judged.benchmark
    if not benchmark.queries:
        return
    queries = judged.matrix([image_id for image_id, _ in benchmark.queries])
    gallery = judged.matrix(benchmark.gallery)
    right = [np.array(benchmark.answers.get(product, []), np.int64) for _, product in benchmark.queries]
    ranks = np.zeros(len(queries), np.int64)
    for piece, block in similarities(queries, gallery):
        ranks[piece] = pessimistic_ranks(block, right[piece])
        places, values = best(block, KEPT_HITS)
        for row, (query, _) in enumerate(benchmark.queries[piece]):
            hits.write(
                {
                    "fingerprint": judged.fingerprint,
                    "query_id": query,
                    "image_ids": [benchmark.gallery[place] for place in places[row]],
                    "similarities": values[row],
                    "rank": int(ranks[piece][row]),
                    "searched": "exact",
                    "filter": "",
                }
            )
    owners = [product for _, product in benchmark.queries]
    slices = {"all": np.arange(len(owners))} | _by_category(benchmark, owners)
    for name, members in slices.items():
        for k in RECALL_AT:
            yield score_row(
                "item-retrieval",
                name,
                "recall",
                k,
                found_at(k, ranks[members]),
                [owners[n] for n in members],
                judged.fingerprint,
                judged.name,
            )


def neighbour_scores(judged: Judged, column: str, truth: dict[str, str]) -> Iterable[dict[str, object]]:
    """P@10: share of a gallery photo's ten nearest other photos whose product has the same value of `column`."""
    images, owners, values = _with_truth(judged.benchmark, truth)
    if len(images) <= NEIGHBOURS:
        return
    vectors = judged.matrix(images)
    near: list[list[str]] = []
    for piece, block in similarities(vectors, vectors):
        block[np.arange(len(block)), np.arange(piece.start, piece.stop)] = -np.inf  # not itself
        near += [[values[place] for place in row] for row in best(block, NEIGHBOURS)[0]]
    found = precision_at(NEIGHBOURS, near, values)
    yield score_row(
        f"neighbours:{column}", "all", "precision", NEIGHBOURS, found, owners, judged.fingerprint, judged.name
    )


def zero_shot_scores(
    lake: Lake, judged: Judged, trained: str, column: str, truth: dict[str, str], names: list[str]
) -> Iterable[dict[str, object]]:
    """Top-k accuracy of naming `column` by looking its values up among the learnt words."""
    images, owners, values = _with_truth(judged.benchmark, truth)
    ids, words = word_layer(lake, lake.run(trained))
    vectors, _ = label_vectors(names, ids, words)
    scores = label_scores(judged.matrix(images), vectors)
    number = {name: n for n, name in enumerate(names)}
    labels = np.array([number[value] for value in values])
    for k in LABEL_AT:
        found = label_found_at(k, scores, labels)
        yield score_row(
            f"zero-shot:{column}", "all", "accuracy", k, found, owners, judged.fingerprint, judged.name
        )


def read_truth(path: str, key: str, columns: list[str] | None) -> dict[str, tuple[dict[str, str], list[str]]]:
    """Per column: the shop's product id -> value, and the sorted distinct values.

    Raises InputError where the file or a column is not there.
    """
    if not Path(path).exists():
        raise InputError(path, "no such file")
    try:
        names = pq.read_schema(path).names if path.endswith(".parquet") else pacsv.open_csv(path).schema.names
        wanted = columns or [name for name in names if name in ("article_type", "base_colour", "category")]
        if missing := [name for name in (key, *wanted) if name not in names]:
            raise InputError(path, f"has no column {missing[0]}; it has {', '.join(names)}")
        if path.endswith(".parquet"):
            table = pq.read_table(path, columns=[key, *wanted])
        else:
            table = pacsv.read_csv(path).select([key, *wanted])
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(path, f"cannot be read ({str(error).splitlines()[0]})") from error
    keys = [str(value) for value in table[key].to_pylist()]
    found = {}
    for column in wanted:
        values = [str(value or "") for value in table[column].to_pylist()]
        found[column] = (dict(zip(keys, values, strict=True)), sorted({value for value in values if value}))
    return found


def _with_truth(benchmark: Benchmark, truth: dict[str, str]) -> tuple[list[str], list[str], list[str]]:
    """Gallery photos whose product has a true value: image ids, product ids, values."""
    found = [
        (benchmark.gallery[place], product, value)
        for product, places in benchmark.answers.items()
        if (value := next((truth[key] for key in benchmark.keys.get(product, ()) if truth.get(key)), ""))
        for place in places[:1]
    ]
    if not found:
        raise InputError(
            "truth", "names no product of the gallery; --truth-key must be the shop's product id or SKU"
        )
    images, owners, values = ([row[n] for row in found] for n in range(3))
    return images, owners, values


def _by_category(benchmark: Benchmark, owners: list[str]) -> dict[str, NDArray[np.int64]]:
    members: dict[str, list[int]] = {}
    for n, product in enumerate(owners):
        if name := benchmark.category.get(product, ""):
            members.setdefault(name, []).append(n)
    return {name: np.array(rows) for name, rows in sorted(members.items()) if len(rows) >= SMALLEST_SLICE}
