"""How many workers a training or an embedding has, on which devices, and what each of them reserves.

On GPUs there is one worker to each. On CPUs a worker computes with one thread, and unless the user says otherwise
there is one per core, as far as the training pays for their start: two threads of one worker wait for each other, and
beside another busy process they wait for it, while two workers of a thread each only share a batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra.ray_runtime.cluster import Cluster
from schemas.errors import InputError

AUTO = "auto"
LEAST_SHARE = (
    8  # photos of a batch for each worker: with fewer, workers exchange gradients more than they compute
)
LEAST_EMBEDDED = 256  # photos for each worker that embeds: what one embeds while another starts
LEAST_DRAWS = 2_000  # photos that each worker draws in all: what it learns while one more starts


@dataclass(frozen=True)
class Work:
    """What there is to share.

    photos  to learn from
    epochs  in all
    batch   photos of a step, of all workers together
    lot     photos of a batch that stay together
    single  whether it can only be done by one worker
    """

    photos: int
    epochs: int
    batch: int
    lot: int = 1
    single: bool = False


@dataclass(frozen=True)
class Placement:
    """Where a training runs.

    workers  processes
    on_gpu   whether each has a GPU
    threads  that each computes and decodes with; as many CPUs are reserved for it
    """

    workers: int
    on_gpu: bool
    threads: int

    @property
    def resources(self) -> dict[str, float]:
        """What one worker reserves, as Ray calls it."""
        return {"CPU": float(self.threads)} | ({"GPU": 1.0} if self.on_gpu else {})

    def lacks(self, there: Mapping[str, float]) -> str:
        """What a cluster of these resources, as Ray calls them, is short of; empty where all workers have room."""
        for name, each in self.resources.items():
            wanted, has = self.workers * each, there.get(name, 0.0)
            if has < wanted:
                return f"its {self.workers} workers want {wanted:g} {name}s, and the cluster has {has:g}"
        return ""

    @property
    def strategy(self) -> Literal["PACK", "SPREAD"]:
        """How Ray places workers: GPUs talk fastest within a machine, and CPUs compute fastest apart."""
        return "PACK" if self.on_gpu else "SPREAD"


def placement(workers: int | Literal["auto"], gpus: str, cluster: Cluster, work: Work) -> Placement:
    """Place a training: so many workers, or by `auto` as many as there are GPUs, else cores that pay.

    Raises InputError with the numbers where workers and GPUs do not agree, or are not there.
    """
    devices = wanted_gpus(gpus, cluster)
    if workers != "auto":
        _check(workers, gpus, devices, cluster)
    if devices:
        count = _sharing(devices, work) if workers == "auto" else workers
        return Placement(count, on_gpu=True, threads=max(1, cluster.cpus_per_gpu))
    return Placement(paying(cluster.cores, work) if workers == "auto" else workers, on_gpu=False, threads=1)


def embedding_placement(gpus: str, cluster: Cluster, photos: int) -> Placement:
    """Place an embedding: a worker to each GPU, with the CPUs beside it to decode, else one of a thread per core.

    Raises InputError where GPUs are asked for that are not there.
    """
    devices = wanted_gpus(gpus, cluster)
    count = max(1, min(devices or cluster.cores, photos // LEAST_EMBEDDED))
    threads = max(1, cluster.cpus_per_gpu) if devices else 1
    return Placement(count, on_gpu=bool(devices), threads=threads)


def wanted_gpus(wanted: str, cluster: Cluster) -> int:
    """How many GPUs to use: all there are for `auto`, else the number asked for.

    Raises InputError where that many are not there: a run asked for a GPU never crawls on the CPU instead.
    """
    if wanted == AUTO:
        return cluster.gpus
    if not wanted.isdecimal():
        raise InputError("gpus", f"must be auto or a number, not {wanted!r}")
    if int(wanted) > cluster.gpus:
        raise InputError("gpus", f"{wanted} asked for, {cluster.where} has {cluster.gpus}")
    return int(wanted)


def paying(cores: int, work: Work) -> int:
    """How many workers of a thread each learn sooner than fewer of them.

    The largest number up to `cores` that shares the batch equally, in whole lots, LEAST_SHARE photos or more to each,
    and leaves each LEAST_DRAWS photos to draw over all epochs.
    """
    draws = work.photos * work.epochs if work.photos >= work.batch else 0
    most = max(1, min(cores, work.batch // LEAST_SHARE, draws // LEAST_DRAWS))
    return next(n for n in range(_sharing(most, work), 0, -1) if work.batch % n == 0)


def _sharing(most: int, work: Work) -> int:
    """The largest number of workers that can share whole lots of a batch equally; where a lot is a photo, any."""
    if work.single:
        return 1
    return next((n for n in range(most, 1, -1) if work.lot == 1 or work.batch % (n * work.lot) == 0), 1)


def _check(workers: int, gpus: str, devices: int, cluster: Cluster) -> None:
    if devices and workers > devices:
        raise InputError(
            "workers", f"{workers} asked for, {devices} GPU{'s' * (devices > 1)} to use: one worker to each"
        )
    if devices and gpus != AUTO and workers < devices:
        raise InputError("workers", f"{workers} asked for beside {devices} GPUs: one worker to each")
    if not devices and workers > cluster.cores:
        cores = f"{cluster.cores} core{'s' * (cluster.cores > 1)}"
        raise InputError("workers", f"{workers} asked for, {cluster.where} has {cores}: one thread to each")
