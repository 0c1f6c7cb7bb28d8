"""The same training twice: as `vitrine train` takes it, and by the bare loop of tests/bench/bare_training.py.

On photos of noise of which everything is known that a method may read.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from schemas.annotation import LANDMARKS
from schemas.image_ids import ID
from tests.bench.bare_training import BareTraining
from workers.contract import KnowsFrequencies, LabelSpace, Method, Trains, registry
from workers.data.columns import Csr
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.device import sent
from workers.training.loaders import frequencies_of
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import TrainLoop
from workers.training.weights.checkpoint import on_device

Case = tuple[str, dict[str, Any]]  # a method, and its settings
CPU = torch.device("cpu")
VOCABULARY, WORDS_EACH = 500, 8
CATEGORIES, KINDS, VALUES = 50, 5, 200  # as many attributes as DeepFashion's
PHOTOS_EACH = 4  # of a product, two by its shop and two by customers
LONG = 100_000  # steps that the stage is said to have: long enough to be compiled on a GPU
LABELS = LabelSpace(
    words=tuple(f"word {n}" for n in range(VOCABULARY)),
    categories=tuple(f"category {n:02}" for n in range(CATEGORIES)),
    attributes=tuple(f"kind {kind}: {value:03}" for kind in range(KINDS) for value in range(VALUES)),
    landmarks=LANDMARKS,
)


def synthetic(photos: int) -> Dataset:
    """Photos with eight words, one value of each kind, a category and eight landmarks each."""
    random = np.random.default_rng(0)
    words = random.integers(0, VOCABULARY, (photos, WORDS_EACH)).astype(np.int32)
    kinds = (random.integers(0, VALUES, (photos, KINDS)) + VALUES * np.arange(KINDS)).astype(np.int32)
    landmarks = random.uniform(-1, 1, (photos, len(LANDMARKS), 3)).astype(np.float32)
    landmarks[:, :, 2] = 1
    each = np.arange(photos + 1)
    columns: dict[str, np.ndarray | Csr] = {
        "words": Csr(each * WORDS_EACH, words.ravel(), VOCABULARY),
        "attributes": Csr(each * KINDS, kinds.ravel(), KINDS * VALUES),
        "category": random.integers(0, CATEGORIES, photos),
        "landmarks": landmarks,
        "domain": np.arange(photos) % 2,
        "product": np.arange(photos) // PHOTOS_EACH,
    }
    return Dataset(np.sort(np.frombuffer(random.bytes(32 * photos), ID)), columns)


class Sides:
    """One stage of a method by the machinery and by the bare loop, each made when it is first asked for.

    photos  an epoch of this worker;  stage  the place among the method's stages that have epochs
    Each side is a call that takes one epoch and tells images of all workers per second, by the wall and by the CPU
    that this worker's threads took.
    """

    def __init__(
        self,
        case: Case,
        photos: int,
        rank: int = 0,
        world: int = 1,
        device: torch.device = CPU,
        stage: int = 0,
    ) -> None:
        name, settings = case
        self.chosen = registry.settings_of(name, settings)
        assert self.chosen.training is not None
        self.training, self.device, self.world, self.rank = self.chosen.training, device, world, rank
        reads = registry.method_class(name).reads
        self.examples, self.place = synthetic(photos).select(reads), stage
        side = max(self.training.photo_size or 0, self.chosen.config.image_size)
        self.pixels = np.random.default_rng(rank).integers(0, 256, (photos, 3, side, side), np.uint8)
        self.photos = 0  # of an epoch of all workers, once a side is made

    def machinery(self) -> tuple[float, float]:
        """One epoch as `vitrine train` takes it."""
        step, loader = self._learner
        loop = TrainLoop(
            step,
            loader,
            replace(loader, pixels=self.pixels[:0], dataset=synthetic(0), draws=0),
            pack=bytes,
            save_checkpoint=lambda progress: None,
            on_progress=lambda event: None,
        )
        return self._timed(loop.run)

    def bare(self) -> tuple[float, float]:
        """The same by a few lines of torch."""
        return self._timed(self.by_hand.epoch)

    def limit(self) -> tuple[float, float]:
        """The bare step alone."""
        return self._timed(self.by_hand.same_batch)

    @cached_property
    def by_hand(self) -> BareTraining:
        """The bare loop; what it needs lies ready: pixels as one tensor, and each step's photos and columns."""
        method = self._method()
        stage = [stage for stage in method.stages(self.training) if stage.epochs][self.place]
        plain = replace(self._loader(method).for_stage(stage), method=None)
        ready = [plain.make(1, number) for number in range(plain.steps)]
        self.photos = self.world * sum(len(step.photos) for step in ready)
        batches = [(sent(torch.from_numpy(step.photos), self.device), step.batch) for step in ready]
        pixels = torch.from_numpy(self.pixels).to(self.device)
        assert isinstance(method, Method)
        return BareTraining(method, stage, batches, pixels, self.world)

    @cached_property
    def _learner(self) -> tuple[TrainStep, BatchLoader]:
        method = self._method()
        step = TrainStep(method, self.training, self.device, world=self.world, rank=self.rank)
        step.stages = [replace(step.stages[self.place], epochs=1)]
        step.begin(0, LONG)
        loader = self._loader(method).for_stage(step.stages[0])
        self.photos = self.world * sum(len(loader.drawn(1, number)[0]) for number in range(loader.steps))
        return step, loader

    def _loader(self, method: Trains) -> BatchLoader:
        share = self.training.batch // self.world
        return BatchLoader(
            self.pixels, self.examples, share, rank=self.rank, method=method, device=self.device
        )

    def _method(self) -> Any:
        method = on_device(registry.build(self.chosen, LABELS), self.device)
        if isinstance(method, KnowsFrequencies):
            counts = frequencies_of(self.examples, method)
            method.count(
                {kind: torch.from_numpy(count) for kind, count in counts.items()}, len(self.examples)
            )
        return method

    def _timed(self, epoch: Callable[[], object]) -> tuple[float, float]:
        self._wait()
        begun, cpu = time.perf_counter(), time.process_time()
        epoch()
        self._wait()
        wall, taken = time.perf_counter() - begun, time.process_time() - cpu
        return self.photos / wall, self.photos / taken

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        if self.world > 1:
            torch.distributed.barrier()
