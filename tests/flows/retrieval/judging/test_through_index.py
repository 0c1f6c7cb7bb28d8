"""flows/retrieval/judging/through_index.py: exact search over products, and what Lite, a server and filters find."""

from collections.abc import Iterator

import numpy as np
import pytest

from flows.parameters.retrieval import IndexParameters
from flows.retrieval.indexing.index import load_collection
from flows.retrieval.judging.benchmark import Benchmark, read_benchmark
from flows.retrieval.judging.through_index import ThroughIndex, index_scores
from infra.milvus.store import VectorStore
from tests.workers.report.small_lake import SmallLake


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return SmallLake(tmp_path_factory.mktemp("lake"), products=48)


@pytest.fixture
def store(small: SmallLake, milvus_address: str) -> Iterator[VectorStore]:
    load_collection.fn(IndexParameters(lake=small.lake.uri))
    with VectorStore(milvus_address) as opened:
        yield opened


@pytest.fixture(scope="module")
def benchmark(small: SmallLake) -> Benchmark:
    return read_benchmark(small.lake, small.labels)


def slow_ranks(small: SmallLake, queries: list[tuple[str, str]], most: float = float("inf")) -> list[int]:
    """Rank of each query's product among all cheaper than `most`, by the best photo that is not the query itself."""
    ranks = []
    for image, product in queries:
        scores = {
            other.product_id: max(
                float(small.vectors["corbiere", image] @ small.vectors["corbiere", photo])
                for photo in ids
                if photo != image
            )
            for other, _, _, ids in small.products
            if float(other.price or 0) < most
        }
        own = scores.get(product)
        ranks.append(0 if own is None else 1 + sum(score > own for score in scores.values()))
    return ranks


def test_products_are_ranked_by_their_best_photo_and_a_flat_index_finds_the_same(
    small: SmallLake, store: VectorStore, benchmark: Benchmark
) -> None:
    through = ThroughIndex(small.lake, small.lake.newest("index"), benchmark)

    exact, found = through.exact(), through.by_index(store)

    assert exact.ranks.tolist() == slow_ranks(small, through.queries)
    assert found.ranks.tolist() == exact.ranks.tolist()  # FLAT looks at everything
    assert found.products == exact.products
    cheap = through.by_index(store, "price < 200")
    assert cheap.ranks.tolist() == slow_ranks(small, through.queries, 200)


def test_one_line_says_where_recall_is_lost(
    small: SmallLake, store: VectorStore, benchmark: Benchmark
) -> None:
    indexed = small.lake.newest("index")

    measures, told = index_scores(small.lake, indexed, store, benchmark, ["in_stock == true", "price < 200"])

    assert {measure.benchmark for measure in measures} == {
        "live-retrieval:exact", "live-retrieval:index",
        "live-retrieval:exact where price < 200", "live-retrieval:index where price < 200",
    }  # fmt: skip
    everything, cheap = (np.array(slow_ranks(small, sorted(benchmark.queries), m)) for m in (1e9, 200))
    all_20, cheap_20 = (float(((ranks > 0) & (ranks <= 20)).mean()) for ranks in (everything, cheap))
    assert told["line"] == (
        f"R@20 exact {all_20:.3f} -> index {all_20:.3f} -> where price < 200 {cheap_20:.3f} (exact {cheap_20:.3f})"
    )
    assert told["nothing_passes"] == ["in_stock == true"]  # no shop of this lake tells its stock
    assert (told["overlap_at_10"], told["entities"]) == (1.0, 4 * 48)
