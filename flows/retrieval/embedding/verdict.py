"""What limited an embedding, what one more core or GPU would give it, and what its photos cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BUSY = 0.6  # of its cores' time, from which on an embedding is held up by itself and not by what it waits for
_ON_CPU = ("read", "decode", "forward", "write")


@dataclass(frozen=True)
class Spent:
    """What an embedding took between the first photo and the last, without what it took to start.

    photos   read, whether or not they became vectors
    elapsed  seconds by the wall
    workers  that embedded, one to each core or GPU
    cores    that worked in all
    on_gpu   whether the forward ran on GPUs
    seconds  in each stage, of all workers together, by the wall
    cpu      computed in each stage
    process  CPU seconds of the workers' processes, with what Ray and Python take in them
    bytes    read of photos
    memory   bytes that a worker took at most
    """

    photos: int
    elapsed: float
    workers: int
    cores: int
    on_gpu: bool
    seconds: Mapping[str, float]
    cpu: Mapping[str, float]
    process: float
    bytes: int
    memory: int

    @property
    def rate(self) -> float:
        """Photos per second."""
        return self.photos / max(self.elapsed, 1e-9)

    @property
    def busy(self) -> dict[str, float]:
        """Share of the time in which each stage had what it works on: the cores, or for a forward on GPUs those."""
        there = max(self.elapsed, 1e-9)
        shares = {stage: self.cpu[stage] / (there * self.cores) for stage in _ON_CPU}
        if self.on_gpu:
            shares["forward"] = self.seconds["forward"] / (there * self.workers)
        return {stage: min(1.0, share) for stage, share in shares.items()}

    @property
    def limits(self) -> str:
        """The stage that is busiest; on GPUs what decodes beside them counts as one."""
        return max(self.busy.items(), key=lambda item: item[1])[0]

    def cost(self) -> dict[str, float]:
        """Return CPU seconds, GPU seconds and bytes per 1,000 photos."""
        thousands = max(self.photos, 1) / 1000
        on_gpu = self.seconds["forward"] if self.on_gpu else 0.0
        return {
            "cpu_s_per_1000": round(self.process / thousands, 2),
            "gpu_s_per_1000": round(on_gpu / thousands, 3),
            "bytes_per_1000": round(self.bytes / thousands),
        }


def verdict(spent: Spent) -> dict[str, Any]:
    """Return the sentence, and its figures by name: what a manifest keeps."""
    busy = {stage: round(share, 3) for stage, share in spent.busy.items()}
    return {
        "verdict": sentence(spent),
        "busy": busy,
        "workers": spent.workers,
        "worker_mib": spent.memory >> 20,
        **spent.cost(),
    }


def sentence(spent: Spent) -> str:
    """Say it in one sentence."""
    if not spent.photos:
        return "nothing was embedded."
    shares = sorted(spent.busy.items(), key=lambda item: -item[1])
    first, *others = (f"{name} {share:.0%}" for name, share in shares)
    cost = spent.cost()
    price = f"1,000 photos cost {cost['cpu_s_per_1000']:,.1f} CPU-s"
    price += f", {cost['gpu_s_per_1000']:,.2f} GPU-s" if spent.on_gpu else ""
    price += f" and {cost['bytes_per_1000'] / 1e6:,.1f} MB read"
    return f"{spent.limits} limits ({first} busy, {', '.join(others)}); {_more(spent)}; {price}."


def _more(spent: Spent) -> str:
    busy, rate = spent.busy, spent.rate
    now = f"{rate:,.1f} photos/s now"
    on_cores = sum(share for stage, share in busy.items() if not (spent.on_gpu and stage == "forward"))
    if spent.on_gpu:
        if spent.limits == "forward":
            return (
                f"one more GPU would give {rate / spent.workers:,.0f} photos/s, one more core nothing ({now})"
            )
        most = rate * (1 / max(busy["forward"], 1e-9))
        gain = min(rate / spent.cores, most - rate)
        return f"one more core would give {gain:,.0f} photos/s, one more GPU nothing ({now})"
    if on_cores < BUSY:
        idle = f"the cores waited, or were with others, {1 - on_cores:.0%} of the time"
        return f"{idle}, so one more would give nothing ({now})"
    without = sum(spent.cpu[stage] for stage in _ON_CPU if stage != "forward")
    on_gpu = spent.photos * spent.cores / max(without, 1e-9)
    core = f"one more core would give {rate / spent.cores:,.1f} photos/s"
    return f"{core}, a GPU at most {on_gpu:,.0f} in all, which is what the cores decode ({now})"
