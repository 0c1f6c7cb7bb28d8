"""Photos per second of `vitrine embed`, through its flow (Ray, lake, parts), beside what the cores can at best.

For each network and file of photos, all in one run:

    forward      a loop over decoded tensors with the folded network, a process a core: the limit where it limits
    decode       a loop that only decodes, a process a core
    both         one after the other on the same cores: the limit of a CPU
    flow         the flow, without its start, which stands beside it
    Ray Data     its documented example of batch inference
    DataLoader   of torch, a worker a core

Each by the wall; and photos per second of a core, which neighbours on a shared machine change less: of the flow all CPU
seconds of its actors' processes count. Goals: flow >= 0.90 of forward where that limits, >= 0.85 of decode where
decoding does, ahead of both plain versions. Photos are those of shared/data where that is, else drawn.

    python tests/bench/embed.py [--photos N] [--rounds N] [--only NETWORK] [--files FILE]   5 minutes on two quiet cores
    python tests/bench/embed.py --join                                1 M photos against a ledger of 1 M
    python tests/bench/embed.py --gpu [--photos N]                    on the GPUs of this machine
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.lake import Lake
from infra.ray_runtime.cluster import ray_cluster
from tests.bench.embedded.bare import Rate, both, decode_rate, forward_rate
from tests.bench.embedded.lake import drawn, pictures, stocked, untrained_model
from tests.bench.embedded.plain import data_loader_rate, ray_data_rate
from workers.contract import registry
from workers.methods.house import SCRATCH

PHOTOS = 512
NETWORKS: dict[str, tuple[str, dict[str, object]]] = {
    "resnet18": ("corbiere", {"backbone": "resnet18", "weights": "random", "image_size": 224}),
    "resnet50": ("corbiere", {"backbone": "resnet50", "weights": "random", "image_size": 224}),
    "house": ("house", {"weights": "random"}),
    "scratch": ("house", SCRATCH),
}
FILES = ("shop", "hires")
JOINED = 1_000_000


def embedded(lake: Lake, gpus: str) -> dict[str, Any]:
    """What the flow's task says of all photos of the newest label run."""
    from flows.parameters.retrieval import (
        EmbedParameters,  # not above: every process of the bare loops reads this file
    )
    from flows.retrieval.embedding.embed import embed_photos

    result: dict[str, Any] = embed_photos.fn(EmbedParameters(lake=lake.uri, gpus=gpus))
    return result


def compare(network: str, file: str, photos: int, rounds: int, plain: bool) -> None:
    """Print a line for each way to embed the same photos, round by round, and their ratios."""
    method, settings = NETWORKS[network]
    data, ratios = pictures(file, photos), list[Ratios]()
    size = int(str(registry.settings_of(method, settings).flat()["image_size"]))
    with tempfile.TemporaryDirectory() as folder, ray_cluster("") as cluster:
        print(
            f"\n{network} {size} px, {file}.parquet, n = {photos} photos, {cluster.cores} cores", flush=True
        )
        for number in range(rounds):
            lake = stocked(f"{folder}/lake-{number}", data, photos)
            checkpoint = untrained_model(lake, method, settings)
            ratios.append(one_round(lake, checkpoint, size, data, photos, cluster.cores))
        which = ratios[0].which
        for beside, name in ((which, "slower"), ("both", "both")):
            wall, core = ([each._asdict()[f"{name}_{of}"] for each in ratios] for of in ("wall", "core"))
            print(f"  flow / {beside}: {spread(wall)} by the wall, {spread(core)} by cores")
        if plain:
            some = (data * photos)[:photos]
            loader = shown("DataLoader", Rate(data_loader_rate(some, checkpoint, size, cluster.cores), 0.0))
            paths = lake.part_paths(lake.newest("crawl"), "images")
            ray_data = shown("Ray Data", Rate(ray_data_rate(paths, checkpoint, size, cluster.cores), 0.0))
            flow = median(each.flow for each in ratios)
            print(f"  flow / DataLoader {flow / loader.wall:.1f}, / Ray Data {flow / ray_data.wall:.1f}")


class Ratios(NamedTuple):
    """Of one round: the flow's photos per second; which loop is the slower one, and the flow beside it and both."""

    flow: float
    which: str
    slower_wall: float
    slower_core: float
    both_wall: float
    both_core: float


def one_round(lake: Lake, checkpoint: str, size: int, data: list[bytes], photos: int, cores: int) -> Ratios:
    """The flow and the bare loops one after the other, so that neighbours of the machine are the same to all."""
    result = embedded(lake, "0")
    assert result["embedded"] == photos, result["receipt"]
    flow = shown("flow", Rate(result["images_per_second"], 1000 / result["cpu_s_per_1000"]))
    print(f"  {result['verdict']} Its start took {result['start_seconds']:.1f} s.", flush=True)
    forward = shown("forward", forward_rate(checkpoint, data, cores))
    decode = shown("decode", decode_rate(size, data, cores))
    limit = shown("both", both(forward, decode))
    which, slower = min((("forward", forward), ("decode", decode)), key=lambda pair: pair[1].core)
    return Ratios(
        flow.wall,
        which,
        flow.wall / slower.wall,
        flow.core / slower.core,
        flow.wall / limit.wall,
        flow.core / limit.core,
    )


def spread(values: list[float]) -> str:
    """The median, and the range where there are several."""
    several = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return f"{median(values):.2f}{several}"


def shown(name: str, rate: Rate) -> Rate:
    """Print a rate; return it."""
    core = f"  {rate.core:8.1f} per second of a core" if rate.core else ""
    print(f"  {name:<10} {rate.wall:8.1f} photos/s{core}", flush=True)
    return rate


def on_gpu(photos: int) -> None:
    """The flow on the GPUs of this machine: rate, busy shares, verdict."""
    method, settings = NETWORKS["resnet50"]
    with tempfile.TemporaryDirectory() as folder:
        lake = stocked(f"{folder}/lake", drawn(2_000, (300, 400)), photos)
        untrained_model(lake, method, settings)
        result = embedded(lake, "auto")
    print(f"resnet50 224 px, n = {photos} photos of 300 x 400: {result['images_per_second']:,.0f} photos/s")
    print(f"  busy {result['busy']}, start {result['start_seconds']:.1f} s; {result['verdict']}")


def join() -> None:
    """Print what the ledger's join takes: 1 M wanted photos, 1 M done, 400,000 of them planted among the wanted."""
    import resource

    import numpy as np

    from flows.retrieval.embedding.ledger import work_list
    from infra.vector_parts import write_vectors
    from schemas.image_ids import ID
    from schemas.vector import vectors_schema

    random = np.random.default_rng(0)
    wanted = np.unique(np.frombuffer(random.bytes(32 * JOINED), ID))
    planted = wanted[random.permutation(len(wanted))[:400_000]]
    done = np.concatenate([planted, np.frombuffer(random.bytes(32 * (JOINED - len(planted))), ID)])
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        run = lake.begin("run", "embed", "bench")
        for n, some in enumerate(np.array_split(done, 200)):
            part = write_vectors(
                lake.filesystem, run.folder, "f", n, some, np.ones((len(some), 1), np.float32)
            )
            run.add(vectors_schema(1), [part])
        lake.commit(run, {"fingerprint": "f"})
        begun, computed = time.perf_counter(), time.process_time()
        work = work_list(lake, wanted, "f")
        seconds, cpu = time.perf_counter() - begun, time.process_time() - computed
    assert (work.reused, len(work.todo)) == (len(planted), len(wanted) - len(planted))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(
        f"1 M wanted against 1 M done in 200 parts: {seconds:.2f} s, {cpu:.2f} s of a core; peak of all {peak} MiB"
    )


def main() -> None:
    """Print what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--photos", type=int, default=0)
    asked.add_argument("--only", nargs="*", choices=[*NETWORKS], default=[*NETWORKS])
    asked.add_argument("--files", nargs="*", choices=FILES, default=FILES)
    asked.add_argument("--limits", action="store_true", help="Neither Ray Data's example nor a DataLoader.")
    asked.add_argument("--rounds", type=int, default=1)
    asked.add_argument("--join", action="store_true")
    asked.add_argument("--gpu", action="store_true")
    given = asked.parse_args()
    if given.join:
        join()
    elif given.gpu:
        on_gpu(given.photos or 100_000)
    else:
        for network in given.only:
            for file in given.files:
                compare(network, file, given.photos or PHOTOS, given.rounds, not given.limits)


if __name__ == "__main__":
    main()
