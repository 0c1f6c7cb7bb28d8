"""Where recall is lost: the products of a whole index compared exactly, then found by it, then behind a filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.parameters.retrieval import IN_STOCK
from flows.queries.products_found import nearest_products
from flows.retrieval.embedding.ledger import vector_runs
from flows.retrieval.judging.benchmark import Benchmark
from flows.retrieval.judging.photo_vectors import PhotoVectors
from infra.lake import Lake
from infra.milvus.rows import Hit
from infra.milvus.store import VectorStore
from schemas.entity import entity_id
from schemas.manifest import Manifest
from workers.retrieval.ranking import TIE, Gallery, rank
from workers.retrieval.score import Measure, found_at

QUERIES = 2_000  # those of the smallest ids: a query costs milliseconds, and more narrow the interval little
RECALL_AT = (1, 5, 10, 20, 50)
HEADLINE, OVERLAP = 20, 10
BENCHMARK = "live-retrieval"
_NAMES = {IN_STOCK: "in stock only"}
_FIELDS = ("entity_id", "product_id")


@dataclass(frozen=True)
class Found:
    """What was found one way: each query's rank of its own product, 0 beyond the last, and the first products."""

    ranks: NDArray[np.int64]
    products: list[list[str]]

    def recall(self, k: int) -> float:
        """Recall@k."""
        return float(found_at(k, self.ranks).mean())


class ThroughIndex:
    """One index with the queries of a benchmark: searched exactly, and as users search it."""

    def __init__(self, lake: Lake, indexed: Manifest, benchmark: Benchmark) -> None:
        self.indexed = indexed
        table = lake.table(indexed, "indexed", ["image_id", "product_id"])
        photos, products = table["image_id"].to_pylist(), table["product_id"].to_pylist()
        order = sorted(range(len(products)), key=products.__getitem__)
        self._photos = [photos[place] for place in order]
        self._products = [products[place] for place in order]
        self.queries = sorted(benchmark.queries)[:QUERIES]
        self.clusters = benchmark.clusters(product for _, product in self.queries)
        fingerprint = indexed.result["fingerprint"]
        wanted = {*self._photos, *(image for image, _ in self.queries)}
        self._vectors = PhotoVectors(lake, vector_runs(lake, fingerprint), wanted)
        self._asked = self._vectors.of([image for image, _ in self.queries])

    def exact(self, passing: set[str] | None = None) -> Found:
        """Compare every product, or those with a photo among `passing` (entity ids), by its best photo."""
        pairs = [
            (image, product)
            for image, product in zip(self._photos, self._products, strict=True)
            if passing is None or entity_id(image, product) in passing
        ]
        places = {pair: place for place, pair in enumerate(pairs)}
        names = [product for _, product in pairs]
        starts = [place for place, name in enumerate(names) if not place or name != names[place - 1]]
        number = {names[start]: answer for answer, start in enumerate(starts)}
        right = [
            np.array([number[product]] if product in number else [], np.int64) for _, product in self.queries
        ]
        gallery = Gallery(
            self._vectors.matrix,
            self._vectors.rows(image for image, _ in pairs),
            np.array(starts, np.int64),
        )
        itself = np.array([places.get(query, -1) for query in self.queries], np.int64)
        found = rank(self._asked, gallery, right, OVERLAP, itself)
        return Found(found.first, [[names[starts[answer]] for answer in row] for row in found.answers])

    def by_index(self, store: VectorStore, where: str = "") -> Found:
        """Search as users do, with the query's own photo left out where it is indexed itself."""
        loaded = set(zip(self._photos, self._products, strict=True))
        itself = [entity_id(*query) if query in loaded else "" for query in self.queries]
        found = nearest_products(
            store,
            self.indexed.result["collection"],
            self._asked,
            RECALL_AT[-1],
            where,
            _FIELDS,
            fingerprint=self.indexed.result["fingerprint"],
            itself=itself,
        )
        ranks = [_rank(hits, product) for hits, (_, product) in zip(found, self.queries, strict=True)]
        products = [[hit.facts["product_id"] for hit in hits[:OVERLAP]] for hits in found]
        return Found(np.array(ranks, np.int64), products)

    def measures(self, name: str, found: Found) -> list[Measure]:
        """Recall at several k, as scores of the benchmark `live-retrieval:<name>`."""
        return [
            Measure(f"{BENCHMARK}:{name}", "all", "recall", k, found_at(k, found.ranks), self.clusters)
            for k in RECALL_AT
        ]


def index_scores(
    lake: Lake, indexed: Manifest, store: VectorStore, benchmark: Benchmark, filters: Sequence[str]
) -> tuple[list[Measure], dict[str, Any]]:
    """Measure what the index and each filter cost; returns the measures, and what is told beside them.

    A filter that nothing passes, such as on stock that no shop tells, is left out and named.
    """
    through = ThroughIndex(lake, indexed, benchmark)
    exact, found = through.exact(), through.by_index(store)
    measures = through.measures("exact", exact) + through.measures("index", found)
    steps, empty = [f"exact {exact.recall(HEADLINE):.3f}", f"index {found.recall(HEADLINE):.3f}"], []
    for where in filters:
        passing = store.ids(indexed.result["collection"], where)
        if not passing:
            empty.append(where)
            continue
        ideal, filtered = through.exact(passing), through.by_index(store, where)
        measures += through.measures(f"exact where {where}", ideal)
        measures += through.measures(f"index where {where}", filtered)
        name = _NAMES.get(where, f"where {where}")
        steps.append(f"{name} {filtered.recall(HEADLINE):.3f} (exact {ideal.recall(HEADLINE):.3f})")
    return measures, {
        "run_id": indexed.run_id,
        "collection": indexed.result["collection"],
        "entities": indexed.result["entities"],
        "queries": len(through.queries),
        "line": f"R@{HEADLINE} " + " -> ".join(steps),
        f"overlap_at_{OVERLAP}": _overlap(exact.products, found.products),
        "nothing_passes": empty,
    }


def _rank(hits: Sequence[Hit], product: str) -> int:
    """Pessimistic rank of the product among hits, 0 where it is not among them."""
    for hit in hits:
        if hit.facts["product_id"] == product:
            return sum(other.similarity >= hit.similarity - TIE for other in hits)
    return 0


def _overlap(exact: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """Mean share of the exact first products that the other way returns among its first, too."""
    shares = [len(set(a) & set(b)) / len(a) for a, b in zip(exact, found, strict=True) if a]
    return round(float(np.mean(shares)), 4) if shares else 0.0
