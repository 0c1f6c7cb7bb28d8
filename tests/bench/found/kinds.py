"""Recall@10 and queries a second of each kind of index, one query a call and a hundred, beside faiss in memory."""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from infra.milvus.store import VectorStore
from tests.bench.found.drawn_vectors import drawn, entities_of
from tests.bench.found.loads import PRINT
from tests.bench.found.places import milvuses

K, QUERIES, ALONE_S = 10, 500, 5.0
Search = Callable[[NDArray[np.float32]], NDArray[np.int64]]


def options(parser: argparse.ArgumentParser) -> None:
    """Add this part's options."""
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000], help="sizes of the index")
    parser.add_argument("--kinds", nargs="+", default=["FLAT", "HNSW", "IVF_SQ8"], help="kinds of index")


def measure(given: argparse.Namespace) -> None:
    """Print one line per index."""
    faiss.omp_set_num_threads(1)
    for rows in given.rows:
        vectors, queries = drawn(rows), drawn(rows, seed=1)[:QUERIES]
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        right = flat.search(queries, K)[1]
        _tell(rows, "faiss flat", _first(flat), queries, right, 0.0)
        begun = time.perf_counter()
        graph = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction, graph.hnsw.efSearch = 200, 128
        graph.add(vectors)
        built = time.perf_counter() - begun
        _tell(rows, "faiss HNSW", _first(graph), queries, right, built)
        table = entities_of(vectors)
        with tempfile.TemporaryDirectory() as folder, milvuses(Path(folder)) as places:
            for name, address in places.items():
                for kind in given.kinds:
                    with VectorStore(address) as store:
                        begun = time.perf_counter()
                        store.load(kind, PRINT, [table], index=kind)
                        built = time.perf_counter() - begun
                        _tell(rows, f"{name} {kind}", _of(store, kind), queries, right, built)
                        store.drop(kind)


def _first(index: Any) -> Search:
    def search(asked: NDArray[np.float32]) -> NDArray[np.int64]:
        rows: NDArray[np.int64] = index.search(asked, K)[1]
        return rows

    return search


def _of(store: VectorStore, collection: str) -> Search:
    def search(asked: NDArray[np.float32]) -> NDArray[np.int64]:
        hits = store.search(collection, asked, K, fields=["entity_id"])
        return np.array([[int(hit.facts["entity_id"].rpartition(" ")[2]) for hit in found] for found in hits])

    return search


def _tell(
    rows: int, name: str, search: Search, queries: NDArray[np.float32], right: NDArray[np.int64], built: float
) -> None:
    search(queries[:1])
    begun = time.perf_counter()
    found = np.concatenate([search(queries[first : first + 100]) for first in range(0, len(queries), 100)])
    together = len(queries) / (time.perf_counter() - begun)
    begun, asked = time.perf_counter(), 0
    while time.perf_counter() - begun < ALONE_S and asked < len(queries):
        search(queries[asked : asked + 1])
        asked += 1
    alone = asked / (time.perf_counter() - begun)
    recall = np.mean([len(set(own) & set(true)) / K for own, true in zip(found, right, strict=True)])
    print(
        f"{rows:>9,} {name:<15} recall@{K} {recall:.3f}  {alone:8,.0f} queries/s alone, {together:8,.0f} by 100"
        f"  built in {built:.1f} s",
        flush=True,
    )
