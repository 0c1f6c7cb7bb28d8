"""Methods that learn products from a shop's photos and customers', through Ray: trained, embedded, each as its own."""

from typing import Any

import numpy as np
import pytest
import torch

from flows.learn.dataset import supervision
from flows.learn.train import checkpoint_of, train_words
from flows.parameters.retrieval import EmbedParameters
from flows.parameters.train import TrainParameters
from flows.retrieval.embedding.embed import embed_photos
from infra.lake import Lake
from infra.photo_locations import locate, photo_bytes
from infra.ray_runtime.cluster import Cluster
from schemas.image_ids import ids_of_hex
from tests.flows.learn.annotated_lake import PHOTOS, annotated_lake
from workers.contract import Batch
from workers.data.decode import decode

SMALL = {
    "backbone": "resnet18",
    "weights": "random",
    "image_size": 32,
    "epochs": 1,
    "frozen_epochs": 0,
    "batch": 16,
}
TERMS = {
    "darn": {"attributes", "triplets"},
    "grnet": {"pairs", "triplets"},
    "proxy_anchor": {"products"},
}
OWN = {
    "darn": {"cells": 1, "fc1": 32, "fc2": 8},
    "grnet": {"scales": 2, "node": 8, "layers": 1},
    "proxy_anchor": {"proxies": PHOTOS, "embedding": 32, "photo_size": 40},
}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, ray_here: Cluster) -> tuple[Lake, str]:
    return annotated_lake(str(tmp_path_factory.mktemp("pairs") / "lake"))


@pytest.mark.slow
@pytest.mark.parametrize("method", list(TERMS))
def test_what_is_learnt_is_what_photos_are_embedded_with(stocked: tuple[Lake, str], method: str) -> None:
    lake, labels = stocked
    wanted = TrainParameters(
        lake=lake.uri, method=method, labels=labels, settings=SMALL | OWN[method], gpus="0"
    )

    result: dict[str, Any] = train_words.fn(wanted)
    embedded = embed_photos.fn(
        EmbedParameters(lake=lake.uri, train=result["run_id"], labels=labels, gpus="0")
    )

    history = lake.table(lake.run(result["run_id"]), "history").to_pylist()
    assert {term["name"] for term in history[-1]["terms"]} == TERMS[method] and result["images"] > 0
    table = lake.table(lake.run(embedded["run_id"]), "vectors", ["image_id", "vector"])
    names, module = (
        table["image_id"].to_pylist(),
        checkpoint_of(lake, lake.run(result["run_id"])).module.eval(),
    )
    data = dict(photo_bytes(lake, locate(lake, ids_of_hex(names))))
    pixels = torch.from_numpy(np.stack([decode(name, data[name], 32) for name in names]))
    taken = {
        row["image_id"]: row["domain"] for row in lake.table(lake.run(labels), "annotations").to_pylist()
    }
    domain = torch.tensor([int(taken[name] == "street") for name in names])
    with torch.no_grad():
        expected = module.embed(Batch(pixels, {"domain": domain} if "domain" in module.reads else {}))
    assert len(names) == PHOTOS
    np.testing.assert_allclose(np.stack(table["vector"].to_numpy()), expected, atol=2e-2)


def test_without_annotations_products_alone_are_learnt_from(tmp_path: Any) -> None:
    lake, labels = annotated_lake(str(tmp_path / "lake"), annotations=False)

    learnt = supervision(lake, lake.run(labels), "grnet")

    assert len(learnt.dataset) == PHOTOS and (learnt.dataset.dense("domain") == -1).all()
    assert learnt.refused == {"no_annotation": 0}


def test_half_a_pair_is_learnt_from_though_no_attribute_of_it_is_known(tmp_path: Any) -> None:
    lake, labels = annotated_lake(str(tmp_path / "lake"))

    assert len(supervision(lake, lake.run(labels), "darn").dataset) == PHOTOS
