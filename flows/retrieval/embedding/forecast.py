"""What an embedding will cost, told before it begins, by the receipt of an earlier one."""

from dataclasses import dataclass

from flows.progress import duration
from infra.lake import Lake
from schemas.manifest import Manifest

ENOUGH = 100  # photos: the rate of fewer says little
_KEPT = (
    "images_per_second",
    "start_seconds",
    "cpu_s_per_1000",
    "gpu_s_per_1000",
    "bytes_per_1000",
    "workers",
)


@dataclass(frozen=True)
class Forecast:
    """What so many photos will cost where they cost what those of `run` did.

    seconds                   by the clock, with what it takes to start
    cpu_seconds, gpu_seconds  of all workers
    bytes                     read of photos
    rate                      photos per second, with so many `workers`
    same                      whether the run was of the same vectors, and not only of the same method
    """

    photos: int
    seconds: float
    cpu_seconds: float
    gpu_seconds: float
    bytes: float
    run: str
    rate: float
    workers: int
    same: bool

    def __str__(self) -> str:
        costs = [f"{self.cpu_seconds:,.0f} CPU-s"]
        if self.gpu_seconds:
            costs.append(f"{self.gpu_seconds:,.0f} GPU-s")
        costs.append(f"{self.bytes / 1e6:,.0f} MB read")
        whose = "" if self.same else ", of another model of this method"
        workers = f"{self.workers} worker{'s' if self.workers != 1 else ''}"
        return (
            f"{self.photos:,} photos, {duration(self.seconds)}, {', '.join(costs)}, "
            f"by the rate of run {self.run} ({self.rate:,.1f} photos/s, {workers}{whose})"
        )


def forecast(lake: Lake, photos: int, *, fingerprint: str, method: str, compute: str) -> Forecast | None:
    """Tell what an embedding of so many photos will cost; None where no receipt says, or there is nothing to embed.

    The newest run of the same fingerprint counts, else of the same method in the same precision, as after another
    training; in both the newest with ENOUGH photos, else the one with most.
    """
    if not photos:
        return None
    runs = [run for run in lake.runs("run", "embed", newest_first=True) if _tells(run)]
    same = [run for run in runs if run.result["fingerprint"] == fingerprint]
    alike = [
        run
        for run in runs
        if run.result["method"] == method and run.parameters.get("compute", compute) == compute
    ]
    told = same or alike
    if not told:
        return None
    run = next((run for run in told if _photos(run) >= ENOUGH), max(told, key=_photos))
    cost = {name: float(run.result[name]) for name in _KEPT}
    thousands = photos / 1000
    return Forecast(
        photos=photos,
        seconds=cost["start_seconds"] + photos / cost["images_per_second"],
        cpu_seconds=cost["cpu_s_per_1000"] * thousands,
        gpu_seconds=cost["gpu_s_per_1000"] * thousands,
        bytes=cost["bytes_per_1000"] * thousands,
        run=run.run_id,
        rate=cost["images_per_second"],
        workers=int(cost["workers"]),
        same=bool(same),
    )


def _tells(run: Manifest) -> bool:
    """Whether a run embedded anything, in a version that kept what it cost."""
    return all(name in run.result for name in _KEPT) and run.result["images_per_second"] > 0


def _photos(run: Manifest) -> int:
    """How many photos a run read."""
    return run.counts["embed"].came_in if "embed" in run.counts else int(run.result["embedded"])
