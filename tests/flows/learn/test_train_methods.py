"""`train` of methods that learn from more than words, and otherwise than corbiere does, through Ray Train."""

from typing import Any

import numpy as np
import pytest
import torch

from flows.learn.dataset import supervision
from flows.learn.train import checkpoint_of, train_words
from flows.learn.tuning import tune_settings
from flows.parameters.train import TrainParameters
from flows.retrieval.embedding.tool import newest_trained
from infra.lake import Lake
from infra.photo_locations import locate, photo_bytes
from infra.ray_runtime.cluster import Cluster
from schemas.errors import InputError
from schemas.image_ids import hex_of_ids
from tests.flows.learn.annotated_lake import annotated_lake
from workers.contract import Batch, Edits, Method, Predicts
from workers.data.annotations import placed_in_square
from workers.data.decode import decode
from workers.training.weights.checkpoint import untrained


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, ray_here: Cluster) -> tuple[Lake, str]:
    return annotated_lake(str(tmp_path_factory.mktemp("annotated") / "lake"))


def train(
    stocked: tuple[Lake, str], method: str, **settings: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The result and the history."""
    lake, labels = stocked
    wanted = TrainParameters(lake=lake.uri, method=method, labels=labels, settings=settings, gpus="0")
    result: dict[str, Any] = train_words.fn(wanted)
    return result, lake.table(lake.run(result["run_id"]), "history").to_pylist()


def error_of(method: Method, lake: Lake, labels: str) -> float:
    """Mean distance of predicted landmarks from the true ones, in half sides."""
    learnt = supervision(lake, lake.run(labels), "tiny_landmarks")
    data = dict(photo_bytes(lake, locate(lake, learnt.dataset.ids)))
    names = hex_of_ids(learnt.dataset.ids)
    pixels = np.stack([decode(name, data[name], method.image_size) for name in names])
    true = placed_in_square(learnt.dataset, method.image_size).dense("landmarks")[:, :, :2]
    assert isinstance(method, Predicts)
    with torch.no_grad():
        places = method.predict(Batch(torch.from_numpy(pixels)))["landmarks"][:, :, :2].numpy()
    return float(np.linalg.norm(places - true, axis=2).mean())


@pytest.mark.slow
def test_landmarks_are_learnt_in_stages_that_alternate(stocked: tuple[Lake, str]) -> None:
    lake, labels = stocked
    result, history = train(stocked, "tiny_landmarks")

    phases = [row["phase"] for row in history]
    assert phases == (["landmarks"] * 3 + ["category"] * 3) * 2
    assert {term["name"] for term in history[-1]["terms"]} == {"landmarks", "visibility", "category"}
    trained = checkpoint_of(lake, lake.run(result["run_id"]))
    first = untrained("tiny_landmarks", trained.settings.flat(), trained.labels)
    assert error_of(trained.module, lake, labels) < 0.5 * error_of(first.module, lake, labels)
    assert newest_trained(lake).run_id == result["run_id"]


@pytest.mark.slow
def test_two_optimisers_learn_in_turn_after_a_stage_of_pairs(stocked: tuple[Lake, str]) -> None:
    lake, _ = stocked
    result, history = train(stocked, "tiny_adversarial", epochs=1, frozen_epochs=1)

    names = [{term["name"] for term in row["terms"]} for row in history]
    assert names == [{"triplet"}, {"real", "made", "fooled", "cycle"}]
    assert lake.run(result["run_id"]).parameters["config"]["frozen_epochs"] == 1
    module = checkpoint_of(lake, lake.run(result["run_id"])).module
    assert isinstance(module, Edits)
    assert module.edit(torch.eye(module.dim), "pattern", "striped").shape == (module.dim, module.dim)


@pytest.mark.slow
def test_a_method_without_gradients_is_fitted_and_has_no_rate_to_search(stocked: tuple[Lake, str]) -> None:
    lake, labels = stocked
    result, history = train(stocked, "tiny_pca")

    assert [row["phase"] for row in history] == ["fit"] and 0 <= history[0]["loss"] < 1
    module = checkpoint_of(lake, lake.run(result["run_id"])).module
    assert float(module.mean.mean()) > 0.3 and result["images"] > 0
    with pytest.raises(InputError, match="takes no gradient steps"):
        tune_settings.fn(TrainParameters(lake=lake.uri, method="tiny_pca", labels=labels, search=2, gpus="0"))


@pytest.mark.slow
def test_edits_are_learnt_behind_a_frozen_extractor(stocked: tuple[Lake, str]) -> None:
    lake, _ = stocked
    small = {"backbone": "resnet18", "weights": "random", "image_size": 32, "embedding": 32, "edit_units": 32}
    result, history = train(stocked, "flam", **small, epochs=1, frozen_epochs=2, batch=32)

    assert [row["phase"] for row in history] == ["extractor", "attributes", "attributes", "edits", "edits"]
    module = checkpoint_of(lake, lake.run(result["run_id"])).module
    assert isinstance(module, Edits)
    assert module.edit(torch.eye(module.dim), "pattern", "striped").shape == (module.dim, module.dim)


@pytest.mark.slow
def test_hand_made_features_are_fitted_and_describe_photos(stocked: tuple[Lake, str]) -> None:
    lake, labels = stocked
    result, history = train(stocked, "wtbi_describer", image_size=48)

    assert [row["phase"] for row in history] == ["fit"]
    learnt = supervision(lake, lake.run(labels), "wtbi_describer")
    data = dict(photo_bytes(lake, locate(lake, learnt.dataset.ids)))
    pixels = [decode(name, data[name], 48) for name in hex_of_ids(learnt.dataset.ids)]
    module = checkpoint_of(lake, lake.run(result["run_id"])).module
    assert isinstance(module, Predicts)
    with torch.no_grad():
        told = module.predict(Batch(torch.from_numpy(np.stack(pixels))))["category"].argmax(1).numpy()
    assert (told == learnt.dataset.dense("category")).mean() > 0.95


def test_zero_epochs_keep_the_first_weights_of_any_method(stocked: tuple[Lake, str]) -> None:
    result, history = train(stocked, "tiny_adversarial", epochs=0, frozen_epochs=0)

    assert history == [] and result["images"] == 0 and result["origin"] == "random"
