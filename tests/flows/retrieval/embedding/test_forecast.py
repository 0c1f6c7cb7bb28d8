"""flows/retrieval/embedding/forecast.py: what an embedding will cost, by receipts of earlier ones."""

from pathlib import Path
from typing import Any

import pytest

from flows.progress import duration
from flows.retrieval.embedding.forecast import forecast
from infra.lake import Lake
from schemas.manifest import Count

TOLD = {
    "method": "house", "images_per_second": 20.0, "start_seconds": 10.0, "cpu_s_per_1000": 90.0,
    "gpu_s_per_1000": 0.0, "bytes_per_1000": 20e6, "workers": 2,
}  # fmt: skip
ASKED = {"fingerprint": "new", "method": "house", "compute": "float32"}


def embedded(lake: Lake, fingerprint: str, photos: int, compute: str = "float32", **told: Any) -> str:
    """Commit an embed run of so many photos; returns its id."""
    run = lake.begin(
        "run", "embed", f"{fingerprint}{photos}{told}", parameters={"compute": compute, "method": "house"}
    )
    run.counts["embed"] = Count(photos, photos)
    said = {"fingerprint": fingerprint, "embedded": photos, **TOLD, **told}
    return lake.commit(run, {name: value for name, value in said.items() if value is not None}).run_id


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def test_what_the_same_vectors_cost_before_they_cost_again(lake: Lake) -> None:
    run = embedded(lake, "new", 500)
    embedded(lake, "other", 900, images_per_second=999.0)

    told = forecast(lake, 12_000, **ASKED)

    assert told is not None and (told.run, told.same) == (run, True)
    assert told.seconds == 10 + 12_000 / 20 and told.cpu_seconds == 1080 and told.bytes == 240e6
    assert str(told) == (
        f"12,000 photos, about 10 min, 1,080 CPU-s, 240 MB read, by the rate of run {run} (20.0 photos/s, 2 workers)"
    )


def test_after_another_training_the_same_method_says_it_and_that_it_is_another_model(lake: Lake) -> None:
    embedded(lake, "old", 500, compute="bfloat16", images_per_second=5_000.0)
    run = embedded(lake, "old", 500, gpu_s_per_1000=3.0, workers=1)
    embedded(lake, "older", 500, method="corbiere")

    told = forecast(lake, 2_000, **ASKED)

    assert told is not None and told.run == run and not told.same
    assert "6 GPU-s" in str(told) and "1 worker, of another model of this method" in str(told)


def test_the_rate_of_a_handful_of_photos_counts_only_where_there_is_no_other(lake: Lake) -> None:
    few = embedded(lake, "new", 20)
    alone = forecast(lake, 50, **ASKED)
    many = embedded(lake, "new", 500)
    embedded(lake, "new", 7, images_per_second=0.4)

    told = forecast(lake, 50, **ASKED)

    assert alone is not None and alone.run == few
    assert told is not None and told.run == many


def test_nothing_is_told_where_nothing_tells_it(lake: Lake) -> None:
    assert forecast(lake, 50, **ASKED) is None
    embedded(lake, "new", 500, cpu_s_per_1000=None)  # of a version that did not measure it
    embedded(lake, "new", 0, images_per_second=0.0)

    assert forecast(lake, 50, **ASKED) is None
    embedded(lake, "new", 500)
    assert forecast(lake, 0, **ASKED) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "about 1 s"),
        (40, "about 40 s"),
        (540, "about 9 min"),
        (4_000, "about 67 min"),
        (11_520, "about 3.2 h"),
    ],
)
def test_times_are_told_no_better_than_they_are_known(seconds: float, said: str) -> None:
    assert duration(seconds) == said
