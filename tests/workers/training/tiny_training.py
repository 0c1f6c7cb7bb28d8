"""A training small enough to repeat: a method of a few hundred weights, random photos, every part real."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schemas.image_ids import ID
from workers import contract
from workers.contract import Batch, LabelSpace, Stage, Training, head_first
from workers.data.columns import Csr
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.training.resume import load, save
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import Progress, TrainLoop

VOCABULARY = 5
CPU = torch.device("cpu")
SHORT = Training(
    batch=8, epochs=2, frozen_epochs=1, learning_rate=0.01, weight_decay=0.01, schedule="plateau", seed=3
)


@dataclass(frozen=True)
class Config:
    """Which photos come, and whether to drop features at random."""

    image_size: int = 8
    sampling: str = "words"
    dropout: float = 0.5


class Tiny(contract.Method):
    """One convolution, no batch normalisation; two loss terms."""

    reads = ("words", "product")
    per_word = frozenset({"words.weight"})

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size, self.dim = config, config.image_size, 6
        self.conv = nn.Conv2d(3, self.dim, 3, 2)
        self.words = nn.Linear(self.dim, len(labels.words), bias=False)

    def features(self, images: Tensor) -> Tensor:
        scaled = images / 255 if images.dtype == torch.uint8 else images
        return F.dropout(
            F.leaky_relu(self.conv(scaled), 0.2).mean((2, 3)), self.config.dropout, self.training
        )

    def embed(self, batch: Batch) -> Tensor:
        return F.normalize(self.features(batch.images), dim=1)

    def stages(self, training: Training) -> list[Stage]:
        return head_first("words", self.words, self, training, self.config.sampling)

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        brighter = 0.5 + torch.rand(len(batch), 1, 1, 1, generator=generator)
        return batch.with_columns(batch.images / 255 * brighter)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        z = self.features(batch.images)
        return {"words": F.cross_entropy(self.words(z), batch.dense("word")), "small": z.square().mean()}

    def word_vectors(self) -> Tensor:
        return self.words.weight.detach()


def tiny(config: Config = Config(), words: int = VOCABULARY, seed: int = 3) -> Tiny:
    """The method as this seed initialises it."""
    torch.manual_seed(seed)
    return Tiny(config, LabelSpace(tuple(f"word {n}" for n in range(words))))


def examples(photos: int, seed: int = 0, words: int = VOCABULARY) -> Dataset:
    """Random photos' words, one to three each, and five groups."""
    random = np.random.default_rng(seed)
    ids = np.sort(np.frombuffer(random.bytes(32 * photos), ID))
    bags = [np.sort(random.choice(words, random.integers(1, 4), replace=False)) for _ in range(photos)]
    return Dataset(ids, {"words": Csr.of(bags, VOCABULARY), "product": random.integers(0, 5, photos)})


def pixels(photos: int, seed: int = 0, size: int = 8) -> np.ndarray:
    """(N, 3, S, S) noise."""
    return np.random.default_rng(seed).integers(0, 256, (photos, 3, size, size), np.uint8)


class StoppedError(Exception):
    """The process ends here, as far as a test is concerned."""


class Run:
    """What a worker has after it loaded its shard; `stop_after` checkpoints it is gone."""

    def __init__(
        self,
        training: Training = SHORT,
        config: Config = Config(),
        photos: int = 37,
        held_out: int = 9,
    ) -> None:
        self.method = tiny(config, seed=training.seed)
        self.step = TrainStep(self.method, training, CPU)
        self.step.half = False
        self.loaders = [
            BatchLoader(pixels(n, seed), examples(n, seed), training.batch, training.seed, method=method)
            for n, seed, method in [(photos, 0, self.method), (held_out, 1, None)]
        ]
        self.events: list[dict[str, Any]] = []

    @property
    def train(self) -> BatchLoader:
        """The photos to learn from in the order of the last stage."""
        return self.loaders[0].for_stage(self.step.stages[-1])

    def run(self, folder: Path, stop_after: int = 0, resume: bool = False, every: float = 0.0) -> Progress:
        """Train, with a checkpoint in `folder` every `every` seconds: 0 is after every step."""
        progress = load(folder, self.step) if resume else Progress()
        left = [stop_after]

        def save_checkpoint(progress: Progress) -> None:
            save(folder, self.step, progress)
            left[0] -= 1
            if left[0] == 0:
                raise StoppedError

        loop = TrainLoop(
            self.step, *self.loaders, self.pack, save_checkpoint, self.events.append, every, progress
        )
        return loop.run()

    def pack(self) -> bytes:
        """The weights as bytes."""
        return b"".join(tensor.numpy().tobytes() for tensor in self.method.state_dict().values())
