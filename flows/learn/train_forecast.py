"""What a training will cost, told before it begins, by the receipt of an earlier one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.progress import duration
from infra.lake import Lake
from infra.ray_runtime.placement import Placement
from schemas.manifest import Manifest
from workers.contract import EPOCHS

PRICE = ("backbone", "image_size", "photo_size", "scales")  # settings that say what one photo costs a method


@dataclass(frozen=True)
class TrainForecast:
    """What it costs to draw so many photos where each costs what those of `run` did.

    drawn                     photos of all epochs
    seconds                   by the clock, with what it takes to start
    cpu_seconds, gpu_seconds  of all workers
    rate                      photos per second, of so many `workers`
    """

    drawn: int
    seconds: float
    cpu_seconds: float
    gpu_seconds: float
    run: str
    rate: float
    workers: int

    def __str__(self) -> str:
        costs = [f"{self.cpu_seconds:,.0f} CPU-s"]
        if self.gpu_seconds:
            costs.append(f"{self.gpu_seconds:,.0f} GPU-s")
        workers = f"{self.workers} worker{'s' if self.workers != 1 else ''}"
        return (
            f"{self.drawn:,} photos in all epochs, {duration(self.seconds)}, {', '.join(costs)}, "
            f"by the rate of run {self.run} ({self.rate:,.1f} photos/s, {workers})"
        )


def forecast(
    lake: Lake, method: str, settings: Mapping[str, Any], photos: int, placement: Placement
) -> TrainForecast | None:
    """Tell what a training on so many photos will cost; None where no receipt says.

    The newest run of the method counts that learnt on as many workers of the same kind, with photos and a network of
    the same size. One that went on where a killed one stopped is left out: its receipt is of the second half.
    """
    for run in lake.runs("run", "train", newest_first=True):
        if run.parameters.get("method") == method and _alike(run, settings, placement):
            before = run.result["images"]
            drawn = round(before * photos * _epochs(settings) / _asked(run))
            rate = float(run.result["images_per_second"])
            start = max(0.0, run.seconds["train"] - before / rate)
            return TrainForecast(
                drawn=drawn,
                seconds=start + drawn / rate,
                cpu_seconds=run.cost.get("cpu_seconds", 0.0) * drawn / before,
                gpu_seconds=run.cost.get("gpu_seconds", 0.0) * drawn / before,
                run=run.run_id,
                rate=rate,
                workers=placement.workers,
            )
    return None


def _alike(run: Manifest, settings: Mapping[str, Any], placement: Placement) -> bool:
    result, config = run.result, run.parameters["config"]
    return (
        not result.get("resumed_at")
        and result.get("images", 0) > 0
        and result.get("images_per_second", 0) > 0
        and _asked(run) > 0
        and result.get("workers") == placement.workers
        and (run.cost.get("gpu_seconds", 0.0) > 0) == placement.on_gpu
        and all(config.get(name) == settings.get(name) for name in PRICE)
    )


def _epochs(settings: Mapping[str, Any]) -> int:
    return sum(int(settings.get(name, 0)) for name in EPOCHS)


def _asked(run: Manifest) -> int:
    """Photos that a run was to learn from, times its epochs: what it drew is in proportion."""
    if "train" not in run.counts:
        return 0
    count = run.counts["train"]
    return (count.went_out + count.rejected.get("decode", 0)) * _epochs(run.parameters["config"])
