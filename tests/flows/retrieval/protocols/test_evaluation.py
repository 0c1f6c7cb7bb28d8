"""flows/retrieval/protocols on real Ray: benchmarks imported from official files, scored by their rules."""

from pathlib import Path
from typing import Any

import pytest

from flows.parameters.retrieval import EmbedParameters, EvaluateParameters
from flows.queries.survey_tables import survey_tables
from flows.retrieval.embedding.embed import embed_photos
from flows.retrieval.protocols.asked_methods import AskedMethod
from flows.retrieval.protocols.benchmark_photos import BenchmarkRun
from flows.retrieval.protocols.evaluation import score_benchmark
from infra.lake import Lake
from infra.ray_runtime.cluster import Cluster
from schemas.annotation import LANDMARKS
from schemas.errors import InputError
from schemas.manifest import Manifest
from tests.flows.retrieval.protocols.benchmark_lakes import imported, label_run, untrained_run


def asked(lake: Lake, labels: Manifest, trained: Manifest | None, *splits: str) -> AskedMethod:
    wanted = EmbedParameters(lake=lake.uri, labels=labels.run_id, gpus="0", splits=splits)
    by = {"train": trained.run_id} if trained else {"method": "histogram"}
    result = embed_photos.fn(wanted.model_copy(update=by))
    return AskedMethod(
        result["method"], result["fingerprint"], result["run_id"], trained.run_id if trained else None
    )


def scored(lake: Lake, labels: Manifest, methods: list[AskedMethod], **options: Any) -> dict[str, Any]:
    wanted = EvaluateParameters.read({"lake": lake.uri, "gpus": "0"} | options)
    result: dict[str, Any] = score_benchmark.fn(wanted, labels.run_id, methods)
    return result


def test_recognition_is_scored_by_every_way_to_answer(tmp_path: Path, ray_here: Cluster) -> None:
    lake, told = imported("deepfashion-c", tmp_path)
    labels = label_run(lake)
    trained = untrained_run(lake, labels, "fashionnet")
    splits = ("train", "gallery")
    methods = [asked(lake, labels, trained, *splits), asked(lake, labels, None, *splits)]

    result = scored(lake, labels, methods, benchmark="mall-deepfashion-c")

    assert told["benchmark"] == "mall-deepfashion-c" and result["data"] == told["read_as"]
    tests = [row for row in lake.table(labels, "annotations").to_pylist() if row["split"] == "test"]
    assert result["test photos"] == len(tests)
    own = [row for row in result["scores"] if row["benchmark"] == "mall-deepfashion-c"]
    assert {row["method"] for row in own} == {"fashionnet"}
    assert {row["slice"] for row in own if row["metric"] == "normalised-error"} == {*LANDMARKS, "average"}
    recalls = {row["metric"] for row in own if row["slice"] == "texture"}
    assert recalls == {f"attribute-recall-{name}" for name in ("micro", "image", "macro", "mmfashion")}
    probes = {row["method"] for row in result["scores"] if row["benchmark"] == "mall-deepfashion-c/probe"}
    assert probes == {"fashionnet", "histogram"}
    assert all(row["ci_low"] <= row["value"] <= row["ci_high"] for row in result["scores"])
    (seen,) = [row for row in own if row["slice"] == "left hem"]
    assert seen["n"] == sum(
        any(mark["name"] == "left hem" and mark["visible"] for mark in row["landmarks"]) for row in tests
    )
    run = lake.run(result["run_id"])
    assert lake.table(run, "scores").to_pylist() == result["scores"]
    table = survey_tables(lake)[0]
    assert [row.method for row in table.measured] == ["fashionnet", "fashionnet, probe", "histogram, probe"]
    assert all(cell is not None for row in table.measured for cell in row.cells)


def test_retrieval_states_its_gallery(tmp_path: Path, ray_here: Cluster) -> None:
    lake, _ = imported("consumer2shop", tmp_path)
    labels = label_run(lake)
    histogram = [asked(lake, labels, None, "query", "gallery", "val")]

    usual = scored(lake, labels, histogram, benchmark="mall-consumer2shop")
    wider = scored(lake, labels, histogram, benchmark="mall-consumer2shop", gallery="val+test")

    known = lake.table(labels, "annotations").to_pylist()
    count = {
        key: sum((row["split"], row["domain"]) == key for row in known)
        for key in (("test", "street"), ("test", "shop"), ("val", "shop"))
    }
    assert usual["queries"] == wider["queries"] == count["test", "street"]
    assert usual["gallery"] == count["test", "shop"]
    assert wider["gallery"] == count["test", "shop"] + count["val", "shop"]
    assert "val+test" in wider["gallery_rule"] and usual["queries_without_answer"] == 0
    recall = {
        row["k"]: row["value"]
        for row in usual["scores"]
        if (row["slice"], row["metric"]) == ("all", "recall")
    }
    assert list(recall) == [1, 10, 20, 50] and 0 <= recall[1] <= recall[20] <= recall[50]
    assert {row["slice"] for row in usual["scores"]} > {"all"}
    measured = survey_tables(lake)[1].measured
    assert [row.method for row in measured] == ["histogram", "histogram"]
    assert {row.data.rpartition("; ")[2] for row in measured} == {
        f"searched: {result['gallery']} {result['gallery_rule']}" for result in (usual, wider)
    }


def test_labels_of_other_data_are_refused(tmp_path: Path) -> None:
    lake, _ = imported("in-shop", tmp_path, products=20)
    labels = label_run(lake)

    for wanted in ("in-shop", "mall-consumer2shop"):
        with pytest.raises(InputError, match=f"was labelled from mall-in-shop, not from {wanted} alone"):
            BenchmarkRun.of(lake, labels, wanted)


def test_a_method_that_compares_photos_is_told_before_and_after(tmp_path: Path, ray_here: Cluster) -> None:
    lake, _ = imported("in-shop", tmp_path, products=24)
    labels = label_run(lake)
    small = {"backbone": "resnet18", "weights": "random", "image_size": 32, "node": 4}
    trained = untrained_run(lake, labels, "grnet", **small)

    result = scored(
        lake, labels, [asked(lake, labels, trained, "query", "gallery")], benchmark="mall-in-shop"
    )

    by_reading = {
        reading: [(row["metric"], row["k"]) for row in result["scores"] if row["benchmark"] == reading]
        for reading in ("mall-in-shop", "mall-in-shop/reranked")
    }
    assert by_reading["mall-in-shop"] == by_reading["mall-in-shop/reranked"] != []
    assert [row.method for row in survey_tables(lake)[2].measured] == ["grnet", "grnet, reranked"]
