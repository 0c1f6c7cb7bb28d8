"""A training small enough to repeat: a method of a few hundred weights, random photos, every part real."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers.data.dataloader import Feed, feed_of
from workers.data.dataset import ID, Examples
from workers.method import Batch
from workers.training.resume import load, save
from workers.training.train_loop import Fit, Progress
from workers.training.train_step import Learner

VOCABULARY = 5


@dataclass(frozen=True)
class Config:
    """What the trainer reads, and whether to drop features at random."""

    image_size: int = 8
    batch: int = 8
    epochs: int = 2
    frozen_epochs: int = 1
    optimiser: str = "adamw"
    learning_rate: float = 0.01
    momentum: float = 0.0
    weight_decay: float = 0.01
    schedule: str = "plateau"
    ema: float = 0.0
    seed: int = 3
    sampling: str = "words"
    dropout: float = 0.5


class Tiny(nn.Module):
    """One convolution, no batch normalisation; two loss terms."""

    def __init__(self, config: Config = Config(), words: int = VOCABULARY) -> None:
        super().__init__()
        torch.manual_seed(config.seed)
        self.config, self.dim = config, 6
        self.conv = nn.Conv2d(3, self.dim, 3, 2)
        self.words = nn.Linear(self.dim, words, bias=False)

    def features(self, images: Tensor) -> Tensor:
        scaled = images / 255 if images.dtype == torch.uint8 else images
        return F.dropout(
            F.leaky_relu(self.conv(scaled), 0.2).mean((2, 3)), self.config.dropout, self.training
        )

    def embed(self, images: Tensor) -> Tensor:
        return F.normalize(self.features(images), dim=1)

    def augment(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return images / 255 * (0.5 + torch.rand(len(images), 1, 1, 1, generator=generator))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        z = self.features(batch.images)
        return {"words": F.cross_entropy(self.words(z), batch.words), "small": z.square().mean()}

    def word_vectors(self) -> Tensor:
        return self.words.weight.detach()


def examples(photos: int, seed: int = 0, words: int = VOCABULARY) -> Examples:
    """Random photos' words, one to three each, and five groups."""
    random = np.random.default_rng(seed)
    ids = np.sort(np.frombuffer(random.bytes(32 * photos), ID))
    bags = [np.sort(random.choice(words, random.integers(1, 4), replace=False)) for _ in range(photos)]
    starts = np.r_[0, np.cumsum([len(bag) for bag in bags])]
    return Examples(ids, random.integers(0, 5, photos), starts, np.concatenate(bags).astype(np.int32))


def pixels(photos: int, seed: int = 0, size: int = 8) -> np.ndarray:
    """(N, 3, S, S) noise."""
    return np.random.default_rng(seed).integers(0, 256, (photos, 3, size, size), np.uint8)


class StoppedError(Exception):
    """The process ends here, as far as a test is concerned."""


class Training:
    """What a worker has after it loaded its shard; `stop_after` checkpoints it is gone."""

    def __init__(self, config: Config, photos: int = 37, held_out: int = 9) -> None:
        self.module = Tiny(config)
        self.learner = Learner(self.module, config, torch.device("cpu"))
        self.learner.half = False
        shards = [(photos, 0, self.module), (held_out, 1, None)]
        self.feeds: list[Feed] = [
            feed_of(pixels(n, seed), examples(n, seed), config, VOCABULARY, module=module)
            for n, seed, module in shards
        ]
        self.told: list[dict[str, Any]] = []

    def run(self, folder: Path, stop_after: int = 0, resume: bool = False, every: float = 0.0) -> Progress:
        """Train, with a checkpoint in `folder` every `every` seconds: 0 is after every step."""
        progress = load(folder, self.learner) if resume else Progress()
        left = [stop_after]

        def keep(progress: Progress) -> None:
            save(folder, self.learner, progress)
            left[0] -= 1
            if left[0] == 0:
                raise StoppedError

        fit = Fit(
            self.learner,
            *self.feeds,
            self.pack,
            keep,
            self.told.append,
            every,
            progress,
        )
        return fit.run()

    def pack(self) -> bytes:
        """The weights as bytes."""
        return b"".join(tensor.numpy().tobytes() for tensor in self.module.state_dict().values())
