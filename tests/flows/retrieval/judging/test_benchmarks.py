"""flows/retrieval/judging/benchmarks.py: who asks and who answers, and scores recomputed photo by photo."""

from typing import Any

import numpy as np
import pytest

from flows.retrieval.judging.benchmark import Benchmark, read_benchmark
from flows.retrieval.judging.benchmarks import (
    NEIGHBOURS,
    MethodVectors,
    item_scores,
    neighbour_scores,
    probe_scores,
)
from flows.retrieval.judging.ground_truth import Column
from infra.parts import PartWriter
from schemas.errors import LakeError
from schemas.score import HITS
from tests.workers.report.small_lake import SmallLake


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return SmallLake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def benchmark(small: SmallLake) -> Benchmark:
    return read_benchmark(small.lake, small.labels)


@pytest.fixture(scope="module")
def method(small: SmallLake, benchmark: Benchmark) -> MethodVectors:
    return MethodVectors(small.lake, benchmark, "corbiere", "print-corbiere", [small.embeds["corbiere"]])


def hits(small: SmallLake, folder: str) -> PartWriter:
    return PartWriter(small.lake.filesystem, folder, HITS)


def test_held_out_products_ask_with_their_first_photo_and_answer_with_the_others(
    small: SmallLake, benchmark: Benchmark
) -> None:
    held_out = [
        entry for n, entry in enumerate(small.products) if n % 3 != 2
    ]  # as the small lake splits them

    assert set(benchmark.queries) == {(ids[0], product.product_id) for product, *_, ids in held_out}
    assert set(benchmark.gallery) == {photo for *_, ids in held_out for photo in ids[1:]}
    for product, *_, ids in held_out:
        places = benchmark.answers[product.product_id]
        assert {benchmark.gallery[place] for place in places} == set(ids[1:])
    assert len(benchmark.first_photos()) == len(held_out)
    assert benchmark.learnt == {}
    assert benchmark.keys[held_out[1][0].product_id] == [held_out[1][0].product_id.split(":")[1]]


def test_a_probe_gets_the_photos_of_the_train_split_with_product_and_group(small: SmallLake) -> None:
    learnt = read_benchmark(small.lake, small.labels, probe=True).learnt

    expected = {
        photo: (product.product_id, n)
        for n, (product, *_, ids) in enumerate(small.products)
        if n % 3 == 2
        for photo in ids
    }
    assert learnt == expected


def test_items_are_ranked_as_a_slow_loop_ranks_them(
    small: SmallLake, benchmark: Benchmark, method: MethodVectors, tmp_path: Any
) -> None:
    writer = hits(small, str(tmp_path))

    measures = {(m.slice, m.metric, m.k): m for m in item_scores(method, writer)}

    ranks = []
    for photo, product in benchmark.queries:
        similarity = [
            float(small.vectors["corbiere", photo] @ small.vectors["corbiere", g]) for g in benchmark.gallery
        ]
        order = sorted(range(len(similarity)), key=lambda place: -similarity[place])
        ranks.append(1 + min(order.index(place) for place in benchmark.answers[product]))
    for k in (1, 5, 20):
        assert measures["all", "recall", k].values.tolist() == [float(rank <= k) for rank in ranks]
    parts = writer.close()
    assert sum(part.rows for part in parts) == len(benchmark.queries)


def test_neighbours_are_counted_without_the_photo_itself(
    small: SmallLake, benchmark: Benchmark, method: MethodVectors
) -> None:
    kinds = {product.product_id.split(":")[1]: kind for product, kind, *_ in small.products}

    measure = next(
        each for each in neighbour_scores(method, Column("kind", kinds)) if each.metric == "precision"
    )

    photos = benchmark.first_photos()
    kind_of = {photo: kinds[product.split(":")[1]] for photo, product in photos}
    for (photo, _), value in zip(photos, measure.values, strict=True):
        others = [other for other, _ in photos if other != photo]
        others.sort(
            key=lambda other: -float(small.vectors["corbiere", photo] @ small.vectors["corbiere", other])
        )
        near = others[:NEIGHBOURS]
        assert value == pytest.approx(np.mean([kind_of[other] == kind_of[photo] for other in near]))


def test_a_photo_without_a_vector_finds_nothing_and_a_method_without_any_is_refused(
    small: SmallLake, benchmark: Benchmark, method: MethodVectors
) -> None:
    matrix = method.vectors.of([benchmark.gallery[0], "nobody's"])

    assert matrix[0].tolist() == small.vectors["corbiere", benchmark.gallery[0]].tolist()
    assert not matrix[1].any()
    with pytest.raises(LakeError, match="no vectors of other"):
        _ = MethodVectors(small.lake, benchmark, "other", "print-other", []).vectors


def test_a_probe_needs_two_values_in_the_train_split(small: SmallLake, method: MethodVectors) -> None:
    keys = [product.product_id.split(":")[1] for product, *_ in small.products]

    measures, fitted = probe_scores(method, Column("kind", dict.fromkeys(keys, "dress")))

    assert measures == []
    assert "no two values" in fitted["skipped"]
