"""How good the top of the ranking is after a method that compares photos closer than vectors do has ordered it anew."""

from collections.abc import Iterator

import numpy as np

from flows.retrieval.judging.benchmarks import RECALL_AT, WHOLE_RANKING, MethodVectors
from infra.lake import Lake
from infra.photo_locations import locate
from schemas.image_ids import ids_of_hex
from schemas.manifest import Manifest
from workers.retrieval.nearest import best, similarities
from workers.retrieval.rerank import TOP, Rerank, ranks_after
from workers.retrieval.score import Measure, found_at

BENCHMARK = "reranked"


def reranked_scores(lake: Lake, trained: Manifest, method: MethodVectors, gpus: str) -> Iterator[Measure]:
    """Measure item retrieval with the first TOP photos of every ranking compared again; the rest stay where they are.

    trained  the train run of a method that `Reranks`
    """
    benchmark = method.benchmark
    if not benchmark.queries:
        return
    names = [image_id for image_id, _ in benchmark.queries]
    queries, gallery = method.vectors.of(names), method.vectors.of(benchmark.gallery)
    tops = np.concatenate([best(block, TOP)[0] for _, block in similarities(queries, gallery)])
    tool = Rerank(lake.filesystem, f"{lake.folder(trained)}/{trained.files['checkpoints'][0].path}", gpus)
    asked, answers = ids_of_hex(names), ids_of_hex(benchmark.gallery)
    seen = tool.local(locate(lake, np.unique(np.concatenate([asked, answers[np.unique(tops)]]))))
    scores = tool.top_scores(seen, seen.rows(asked), seen.rows(answers)[tops])
    right = [np.array(benchmark.answers.get(product, []), np.int64) for _, product in benchmark.queries]
    ranks = [
        ranks_after(row, right[piece.start + n], tops[piece.start + n], scores[piece.start + n])
        for piece, block in similarities(queries, gallery)
        for n, row in enumerate(block)
    ]
    first = np.array([own[0] if len(own) else 0 for own in ranks], np.int64)
    clusters = benchmark.clusters(product for _, product in benchmark.queries)
    for k in RECALL_AT:
        yield Measure(BENCHMARK, "all", "recall", k, found_at(k, first), clusters)
    for metric, score in WHOLE_RANKING.items():
        yield Measure(BENCHMARK, "all", metric, 0, score(ranks), clusters)
