"""flows/retrieval/judging/reranking.py: an evaluation measures one that compares photos before and after it has."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from flows.parameters.retrieval import EvaluateParameters, IndexParameters, SearchParameters
from flows.queries.search import search
from flows.retrieval.indexing.index import load_collection
from flows.retrieval.judging.evaluate import ScoredMethod, score_photos
from tests.flows.retrieval.compared_lake import ComparedLake
from workers.data.decode import decode
from workers.layers.pairs.similarity_graph import windows
from workers.training.weights.checkpoint import load


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ComparedLake:
    return ComparedLake(tmp_path_factory.mktemp("compared") / "lake", products=30)


def local_vectors(small: ComparedLake) -> tuple[Any, dict[str, torch.Tensor]]:
    """The method, and what it sees of each photo, rounded as it is kept."""
    method: Any = load(small.lake.filesystem, small.checkpoint).module
    with torch.no_grad():
        seen = {
            name: method.trunk(torch.from_numpy(decode(name, data, method.image_size)[None]))
            for name, data in small.photos.items()
        }
        return method, {name: windows(maps, 2)[0].half().float() for name, maps in seen.items()}


def test_the_top_is_scored_as_the_vectors_and_as_the_closer_look_have_it(small: ComparedLake) -> None:
    scored = [
        ScoredMethod("grnet", "print-grnet", small.embedded.run_id, small.compared.run_id),
        ScoredMethod("histogram", "print-histogram", small.embeds["histogram"].run_id, None),
    ]

    result = score_photos.fn(EvaluateParameters(lake=small.lake.uri, gpus="0"), small.labels.run_id, scored)

    rows = {
        (row["benchmark"], row["method"], row["metric"], row["k"]): row["value"]
        for row in result["scores"]
        if row["slice"] == "all"
    }
    assert {(benchmark, method) for benchmark, method, *_ in rows} == {
        ("item-retrieval", "grnet"), ("reranked", "grnet"), ("item-retrieval", "histogram"),
    }  # fmt: skip
    # Held out are 20 products with a query and three photos to be found: 60, of which 50 are at the top.
    method, seen = local_vectors(small)
    rows_of = small.lake.table(small.labels, "labels").to_pylist()
    gallery = [row for row in rows_of if row["split"] == "gallery"]
    first: dict[int, list[bool]] = {1: [], 5: []}
    for query in (row for row in rows_of if row["split"] == "query"):
        similar = np.array([float(seen[query["image_id"]][0] @ seen[one["image_id"]][0]) for one in gallery])
        top = [gallery[n] for n in np.argsort(-similar, kind="stable")[:50]]
        with torch.no_grad():
            scores = method.rerank(
                seen[query["image_id"]], torch.stack([seen[one["image_id"]] for one in top])
            )
        order = [top[n]["product_id"] for n in torch.argsort(-scores, stable=True)]
        for k in first:
            first[k].append(query["product_id"] in order[:k])
    for k, found in first.items():
        # Photos of few pixels tie or nearly tie here and there, and are then counted against it.
        assert rows["reranked", "grnet", "recall", k] == pytest.approx(np.mean(found), abs=0.1)
    assert rows["reranked", "grnet", "recall", 50] == rows["item-retrieval", "grnet", "recall", 50]
    assert {row["benchmark"] for row in result["differences"]} == {"item-retrieval"}


def test_a_search_by_photo_orders_its_hits_by_the_closer_look(small: ComparedLake, tmp_path: Path) -> None:
    indexed = load_collection.fn(IndexParameters(lake=small.lake.uri, embed=small.embedded.run_id))
    product, *_, ids = small.products[3]
    photo = tmp_path / "asked.png"
    photo.write_bytes(small.photos[ids[1]])

    result = search(SearchParameters(lake=small.lake.uri, image=str(photo), index=indexed["run_id"], k=30))

    hits = result["hits"]
    assert len(hits) == len({hit["product_id"] for hit in hits}) == 30
    closer = [hit["closer"] for hit in hits]
    assert closer == sorted(closer, reverse=True)
    method, seen = local_vectors(small)
    with torch.no_grad():
        expected = method.rerank(seen[ids[1]], torch.stack([seen[hit["image_id"]] for hit in hits]))
    np.testing.assert_allclose(closer, expected.numpy(), atol=2e-2)
    own = next(hit for hit in hits if hit["product_id"] == product.product_id)
    assert own["score"] == pytest.approx(1, abs=1e-3)
    few = search(SearchParameters(lake=small.lake.uri, image=str(photo), index=indexed["run_id"], k=5))
    assert few["hits"] == hits[:5]
