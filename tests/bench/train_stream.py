"""Photos of a shard that no cache holds, as batches: per second beside a bare decode loop, and the memory of it all.

Small JPEGs (96 x 128, about 4 KB) of 500 pictures, under as many ids as photos are asked for: their bytes, row groups
and decoding are those of other photos, their pixels repeat. Ours is an epoch of drawn batches at 64 px, through a lane
of Ray Data with a task a core, once alone and with --learn with a network that learns from each batch; the bare loop
reads and decodes the same row groups in order and lets them go, with a process a core. On a shared machine the wall
clock measures the neighbours, so both rates are told per second of a core, too. Memory is what this process and its
children hold together, each page once (PSS), Ray and its object store included.

    python tests/bench/train_stream.py [--photos N ...] [--learn]
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.ray_runtime.cluster import ray_cluster
from schemas.image_ids import ids_of_column, joined
from schemas.row_slice import RowSlice
from tests.bench.label import Watched, cpu_of
from workers.contract import LabelSpace, Trains, registry
from workers.data.columns import Csr
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.data.decode_lane import DecodeLane
from workers.data.shards import decoded
from workers.data.streamed_loader import StreamedLoader
from workers.training.steps.train_step import TrainStep
from workers.training.weights.checkpoint import on_device

SIZES = (10_000, 100_000)
SIZE, BATCH, VOCABULARY, WORDS_EACH = 64, 256, 30_000, 8
PICTURES, GROUP, PART = 500, 500, 20_000
BARE = 20_000  # photos of the bare loop, at most
SETTINGS = {
    "backbone": "resnet18",
    "weights": "random",
    "image_size": SIZE,
    "batch": BATCH,
    "frozen_epochs": 0,
}
Rate = tuple[float, float]  # photos per second by the wall, and per second of a core
LOCAL, CPU = pafs.LocalFileSystem(), torch.device("cpu")


def jpegs() -> list[bytes]:
    """Smooth pictures, as large as the thumbnails of a shop."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(PICTURES):
        coarse = Image.fromarray(random.integers(0, 256, (8, 6, 3), np.uint8))
        file = io.BytesIO()
        coarse.resize((96, 128), Image.Resampling.BICUBIC).save(file, "JPEG", quality=88)
        found.append(file.getvalue())
    return found


def stocked(folder: str, photos: int) -> list[RowSlice]:
    """Part files of images, and where each photo lies."""
    pictures, random, slices = jpegs(), np.random.default_rng(1), []
    for first in range(0, photos, PART):
        count = min(PART, photos - first)
        ids = pa.array([random.bytes(32) for _ in range(count)], pa.binary(32))
        chosen = [pictures[n] for n in random.integers(0, PICTURES, count)]
        path = f"{folder}/part-{first // PART:05d}.parquet"
        table = pa.table({"id": ids, "bytes": pa.array(chosen, pa.binary())})
        pq.write_table(table, path, row_group_size=GROUP, compression="none", use_dictionary=False)
        for group, at in enumerate(range(0, count, GROUP)):
            here = ids.slice(at, GROUP)
            slices.append(RowSlice(path, group, np.arange(len(here), dtype=np.int32), ids_of_column(here)))
    return slices


def known(slices: list[RowSlice]) -> Dataset:
    """Eight words of each photo."""
    ids = joined(one.ids for one in slices)
    words = np.random.default_rng(0).integers(0, VOCABULARY, (len(ids), WORDS_EACH)).astype(np.int32)
    bags = Csr(np.arange(len(ids) + 1) * WORDS_EACH, np.sort(words).ravel(), VOCABULARY)
    return Dataset(ids, {"words": bags, "product": np.arange(len(ids))})


def bare(slices: list[RowSlice], tasks: int) -> Rate:
    """A loop that reads row groups and decodes, nothing else, in a process a core."""
    some = slices[: BARE // GROUP]
    hands = [some[n::tasks] for n in range(tasks)]
    with ProcessPoolExecutor(tasks, get_context("spawn")) as pool:
        list(pool.map(decoded_count, [hand[:1] for hand in hands]))  # imports
        begun, pids = time.perf_counter(), list(pool._processes)
        cpu = sum(map(cpu_of, pids))
        count = sum(pool.map(decoded_count, hands))
        seconds = time.perf_counter() - begun
        return count / seconds, count / (sum(map(cpu_of, pids)) - cpu)


def decoded_count(slices: list[RowSlice]) -> int:
    """Read and decode; how many there were."""
    return sum(len(part.pixels) for part in decoded(LOCAL, slices, SIZE, 1))


class Learner:
    """A loader of the shard in the order of its stage, and a network that can learn from its batches."""

    def __init__(self, slices: list[RowSlice], tasks: int, learn: bool) -> None:
        chosen = registry.settings_of("corbiere", SETTINGS)
        assert chosen.training is not None
        names = LabelSpace(tuple(f"word {n}" for n in range(VOCABULARY)))
        method = on_device(registry.build(chosen, names), CPU)
        assert isinstance(method, Trains)
        self.learn, self.step = learn, TrainStep(method, chosen.training, CPU)
        self.step.begin(0, 10_000)
        nothing = np.empty((0, 3, SIZE, SIZE), np.uint8)
        shard = BatchLoader(nothing, known(slices), BATCH, method=method if learn else None)
        lane = DecodeLane(LOCAL, slices, SIZE, tasks)
        self.loader = StreamedLoader(shard, lane).for_stage(self.step.stages[0])

    def epoch(self) -> tuple[int, float]:
        """Photos of an epoch, and how many of them came per second after its first batch."""
        first, count = 0.0, 0
        for batch in self.loader.batches(1):
            first = first or time.perf_counter()
            if self.learn:
                self.step.step(batch.batch, 1, batch.number)
            count += len(batch.photos)
        return count, count / (time.perf_counter() - first)


def measure(photos: int, learn: bool) -> dict[str, Any]:
    """Rates, and bytes at the peak and before."""
    torch.set_num_threads(1)
    tasks = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        slices = stocked(folder, photos)
        rates = [bare(slices, tasks)]
        with ray_cluster("", tasks):
            learner = Learner(slices, tasks, learn)
            with Watched() as before:
                time.sleep(2)
            begun = time.perf_counter()
            with Watched() as watched:
                count, later = learner.epoch()
            seconds = time.perf_counter() - begun
        rates.append(bare(slices, tasks))
    cpu = sum(watched.cpu[pid] - before.cpu.get(pid, 0.0) for pid in watched.cpu)
    wall_bare, cpu_bare = np.mean(rates, axis=0)
    found = {
        "bare": wall_bare,
        "cpu_bare": cpu_bare,
        "ours": count / seconds,
        "cpu": count / cpu,
        "later": later,
    }
    return found | {"before": before.all, "all": watched.all, "tasks": tasks}


def main() -> None:
    """Print one line per size, each measured in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--photos", type=int, nargs="*", default=SIZES, help="sizes")
    parser.add_argument("--learn", action="store_true", help="with a ResNet-18 that learns from each batch")
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one, given.learn)))
        return
    for photos in given.photos:
        command = [sys.executable, __file__, "--one", str(photos), *(["--learn"] if given.learn else [])]
        told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        found = json.loads(told.splitlines()[-1])
        print(
            f"{photos:>9,} photos, {found['tasks']} cores: {found['ours']:,.0f} photos/s ({found['later']:,.0f} from "
            f"the first batch on), bare {found['bare']:,.0f}, ratio {found['ours'] / found['bare']:.2f}; per second of "
            f"a core {found['cpu']:,.0f}, bare {found['cpu_bare']:,.0f}, ratio {found['cpu'] / found['cpu_bare']:.2f}; "
            f"peak of all processes {found['all'] / 2**20:,.0f} MiB, {found['before'] / 2**20:,.0f} before the epoch "
            f"({photos * 3 * SIZE * SIZE / 2**30:,.1f} GiB decoded)",
            flush=True,
        )


if __name__ == "__main__":
    main()
