"""flows/learn/train_forecast.py: what a training will cost, by the receipt of an earlier one."""

from pathlib import Path
from typing import Any

import pytest

from flows.learn.train_forecast import forecast
from infra.lake import Lake
from infra.ray_runtime.placement import Placement
from schemas.manifest import Count

SETTINGS = {"backbone": "resnet18", "image_size": 64, "epochs": 3, "frozen_epochs": 1, "learning_rate": 0.1}
TWO = Placement(workers=2, on_gpu=False, threads=1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def trained(lake: Lake, *, method: str = "house", config: dict[str, Any] = SETTINGS, **told: Any) -> str:
    """Commit a training on 1,000 photos, of which 4 epochs drew 3,600 at 50 a second; returns its id."""
    run = lake.begin("run", "train", f"{told}{config}", parameters={"method": method, "config": config})
    run.counts["train"] = Count(1_500, 990, {"decode": 10, "no_annotation": 500})
    run.seconds["train"] = 92.0
    gpu_seconds = told.pop("gpu_seconds", 0.0)
    run.cost = {"cpu_seconds": 180.0, "gpu_seconds": gpu_seconds}
    return lake.commit(run, {"images": 3_600, "images_per_second": 50.0, "workers": 2} | told).run_id


def test_photos_and_epochs_cost_what_those_of_the_run_before_did(lake: Lake) -> None:
    run = trained(lake)

    told = forecast(lake, "house", SETTINGS | {"epochs": 7, "learning_rate": 0.2}, 10_000, TWO)

    assert told is not None and told.run == run
    assert told.drawn == 72_000 and round(told.cpu_seconds) == 180 * 20
    assert told.seconds == 20 + 72_000 / 50  # of 92 s, 20 went before the first photo and after the last
    assert str(told) == (
        f"72,000 photos in all epochs, about 24 min, 3,600 CPU-s, by the rate of run {run} (50.0 photos/s, 2 workers)"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"method": "corbiere"},
        {"config": SETTINGS | {"backbone": "resnet50"}},
        {"config": SETTINGS | {"image_size": 128}},
        {"workers": 1},
        {"gpu_seconds": 4.0},
        {"resumed_at": 1_800},
        {"images": 0, "images_per_second": 0.0},
        {"config": {"backbone": "resnet18", "image_size": 64}},
    ],
    ids=str,
)
def test_what_costs_otherwise_tells_nothing(lake: Lake, other: dict[str, Any]) -> None:
    trained(lake, **other)

    assert forecast(lake, "house", SETTINGS, 1_000, TWO) is None
    run = trained(lake)
    trained(lake, **other, again=1)
    told = forecast(lake, "house", SETTINGS, 1_000, TWO)
    assert told is not None and told.run == run and told.seconds == 92


def test_seconds_of_gpus_are_told_where_there_are_some(lake: Lake) -> None:
    trained(lake, workers=1, gpu_seconds=36.0)

    told = forecast(lake, "house", SETTINGS, 500, Placement(workers=1, on_gpu=True, threads=4))

    assert told is not None and told.gpu_seconds == 18 and ", 18 GPU-s, " in str(told)
    assert str(told).endswith("1 worker)")
