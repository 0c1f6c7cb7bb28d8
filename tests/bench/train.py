"""What the training machinery costs: images per second beside a bare torch loop, with 1 and 2 workers.

`workers.training.train_loop` (drawing, augmenting ahead, loss, optimiser, bookkeeping) and a bare loop over the same
tensors, model, batches and augmentation, in turn, in one process; with two workers each side is DDP over
gloo. Goal: ratio >= 0.85. The ratio by CPU seconds, too: on a shared machine the wall clock measures the
neighbours. Memory: tests/bench/train_memory.py.

With --gpu on the first GPU instead, a ResNet-50 at 224 px in bfloat16, beside the bare loop, whose photos lie on
the card, and beside the card's limit, which is the bare step on one batch again and again.

    python tests/bench/train.py [--quick] [--rounds N] [--gpu]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


from schemas.image_ids import ID
from workers.contract import Batch, LabelSpace, registry
from workers.data.augment import unit
from workers.data.columns import Csr
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.device import sent
from workers.training.checkpoint import on_device
from workers.training.train_loop import TrainLoop
from workers.training.train_step import TrainStep

SETTINGS = {"backbone": "resnet18", "weights": "random", "batch": 64, "frozen_epochs": 0, "epochs": 1}
SETTINGS |= {"image_size": 64, "optimiser": "adamw", "learning_rate": 0.001, "sampling": "photos"}
GPU = SETTINGS | {"backbone": "resnet50", "image_size": 224, "batch": 128}
CPU = torch.device("cpu")
VOCABULARY, WORDS_EACH = 500, 8
Rates = dict[str, list[tuple[float, float]]]  # by side: images per second by wall and by CPU, per round


def synthetic(photos: int) -> Dataset:
    """Photos with eight words each."""
    random = np.random.default_rng(0)
    words = random.integers(0, VOCABULARY, (photos, WORDS_EACH)).astype(np.int32)
    ids = np.sort(np.frombuffer(random.bytes(32 * photos), ID))
    bags = Csr(np.arange(photos + 1) * WORDS_EACH, words.ravel(), VOCABULARY)
    return Dataset(ids, {"words": bags, "product": np.arange(photos)})


class Sides:
    """The machinery and the bare loop, each with its own module and optimiser."""

    def __init__(
        self,
        photos: int,
        rank: int,
        world: int,
        settings: dict[str, Any] = SETTINGS,
        device: torch.device = CPU,
    ) -> None:
        chosen = registry.settings_of("corbiere", settings)
        assert chosen.training is not None
        training, self.device = chosen.training, device
        labels = LabelSpace(tuple(f"word {n}" for n in range(VOCABULARY)))
        side = chosen.config.image_size
        pixels = np.random.default_rng(rank).integers(0, 256, (photos, 3, side, side), np.uint8)
        self.steps: list[TrainStep] = []
        self.loaders: list[BatchLoader] = []
        for _ in range(2):
            method = on_device(registry.build(chosen, labels), device)
            step = TrainStep(method, training, device, world=world, rank=rank)
            step.begin(0, 10_000)
            self.steps.append(step)
            loader = BatchLoader(
                pixels, synthetic(photos), training.batch, rank=rank, method=method, device=device
            )
            self.loaders.append(loader.for_stage(step.stages[0]))
        self.held_out = replace(self.loaders[0], pixels=pixels[:0], dataset=synthetic(0), draws=0)
        # What a bare loop needs lies ready: pixels as one tensor, and each step's photos and words.
        self.pixels = torch.from_numpy(pixels).to(device)
        plain = replace(self.loaders[1], method=None)
        self.ready = [plain.make(1, number) for number in range(plain.steps)]
        self.photos = sum(len(step.photos) for step in self.ready)

    def timed(self, epoch: Callable[[], object]) -> tuple[float, float]:
        """Images per second of one epoch, by the wall and by the CPU that all threads took."""
        self._wait()
        begun, cpu = time.perf_counter(), time.process_time()
        epoch()
        self._wait()
        return self.photos / (time.perf_counter() - begun), self.photos / (time.process_time() - cpu)

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def machinery(self) -> tuple[float, float]:
        """One epoch as `vitrine train` takes it."""
        loop = TrainLoop(
            self.steps[0],
            self.loaders[0],
            self.held_out,
            pack=bytes,
            save_checkpoint=lambda progress: None,
            on_progress=lambda event: None,
        )
        return self.timed(loop.run)

    def bare(self) -> tuple[float, float]:
        """The same by a dozen lines of torch."""
        return self.timed(self._bare_epoch)

    def limit(self) -> tuple[float, float]:
        """The step alone: every batch is the first one, as it lies on the device."""
        self.steps[1].method.train()
        batch = unit(self.ready[0].batch)
        return self.timed(lambda: [self._bare_step(batch) for _ in self.ready])

    def _bare_epoch(self) -> None:
        method, generator = self.steps[1].method, torch.Generator()
        method.train()
        for step in self.ready:
            photos = self.pixels[sent(torch.from_numpy(step.photos), self.device)]
            self._bare_step(method.augment(step.batch.with_columns(photos), generator))

    def _bare_step(self, batch: Batch) -> None:
        step = self.steps[1]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=step.half):
            loss = step.losses[0](batch)["words"]
        step.optimisers[0].zero_grad()
        loss.backward()
        step.optimisers[0].step()


def speed(photos: int, rounds: int, rank: int, world: int) -> Rates:
    """Rates of both sides, round by round, after one round that warms up."""
    sides = Sides(photos, rank, world)
    found: Rates = {"machinery": [], "bare": []}
    for n in range(rounds + 1):
        rates = {"machinery": sides.machinery(), "bare": sides.bare()}
        for name, rate in rates.items() if n else ():
            found[name].append(rate)
    return found


def on_gpu(photos: int, rounds: int, settings: dict[str, Any], device: torch.device) -> None:
    """Print what a GPU learns in a second, beside a bare loop and beside what it can do at most."""
    sides = Sides(photos, 0, 1, settings, device)
    for side in (sides.machinery, sides.bare):
        side()
    rates = np.array([[sides.machinery()[0], sides.bare()[0], sides.limit()[0]] for _ in range(rounds)])
    ours, bare, limit = np.median(rates, axis=0)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(
        f"{name}: {ours:.0f} images/s, bare loop {bare:.0f}, its limit {limit:.0f}; median ratio of {rounds} rounds "
        f"{np.median(rates[:, 0] / rates[:, 1]):.2f} to the bare loop (goal 0.85), "
        f"{np.median(rates[:, 0] / rates[:, 2]):.2f} to the limit",
        flush=True,
    )


def several(photos: int, rounds: int, world: int) -> Rates:
    """The same with a process per worker; rates are those of rank 0 times `world`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--photos", str(photos), "--rounds", str(rounds)]
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        processes = [
            subprocess.Popen(
                [*command, "--rank", str(rank), "--world", str(world), "--meet", f"{folder}/meet"],
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            for rank in range(world)
        ]
        said = [process.communicate()[0] for process in processes]
    rates: Rates = json.loads(said[0])
    return {name: [(world * wall, world * cpu) for wall, cpu in values] for name, values in rates.items()}


def main() -> None:
    """Print rates, ratios and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer photos, rounds and products")
    parser.add_argument("--gpu", action="store_true", help="a ResNet-50 at 224 px on the first GPU")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--photos", type=int, default=0)
    for name in ("--rank", "--world"):
        parser.add_argument(name, type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--meet", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    rounds = given.rounds or (3 if given.quick else 7)
    photos = given.photos or (256 if given.quick else 1024)
    if given.gpu:
        if not torch.cuda.is_available():
            sys.exit("train: asked for a GPU and found none")
        on_gpu(given.photos or 2048, rounds, GPU, torch.device("cuda:0"))
        return
    torch.set_num_threads(1)
    if given.world:
        torch.distributed.init_process_group(
            "gloo", init_method=f"file://{given.meet}", rank=given.rank, world_size=given.world
        )
        print(json.dumps(speed(photos, rounds, given.rank, given.world)))
        return
    for world in (1, 2):
        rates = speed(photos, rounds, 0, 1) if world == 1 else several(photos, rounds, 2)
        both = np.array([rates[name] for name in ("machinery", "bare")])  # (side, round, wall or CPU)
        ours, bare = np.median(both[:, :, 0], axis=1)
        wall, cpu = np.median(both[0] / both[1], axis=0)
        print(
            f"{world} worker{'s' * (world > 1)}: {ours:.1f} images/s, bare loop {bare:.1f}, "
            f"median ratio of {rounds} rounds {wall:.2f} by wall, {cpu:.2f} by CPU (goal 0.85)",
            flush=True,
        )


if __name__ == "__main__":
    main()
