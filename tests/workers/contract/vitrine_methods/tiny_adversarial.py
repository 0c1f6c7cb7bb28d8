"""A vector of pairs, then a generator against a discriminator on vectors: FLAM's and DARN's shapes in a few weights.

Stage 1 learns an extractor from pairs of one product in two domains (triplets). Stage 2 freezes it; a discriminator
and a generator of edited vectors step in turn, each with its own optimiser.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers import contract
from workers.contract import Batch, Group, LabelSpace, Stage, Training
from workers.data.augment import augment

MARGIN = 0.3


@dataclass(frozen=True)
class Config:
    """Small enough for a test."""

    image_size: int = 16
    width: int = 12


TRAINING = Training(
    batch=8, epochs=2, frozen_epochs=2, optimiser="sgd", learning_rate=0.05, schedule="cosine", ema=0.5
)


class Method(contract.Method):
    """An extractor with batch normalisation, whose statistics must not move once it is frozen."""

    reads = ("attributes", "domain", "product")

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size, self.dim = config, config.image_size, config.width
        self.labels, self.attributes = labels, labels.attributes
        self.extractor = nn.Sequential(nn.Conv2d(3, self.dim, 5, 4), nn.BatchNorm2d(self.dim), nn.ReLU())
        self.generator = nn.Linear(self.dim + len(self.attributes), self.dim)
        self.discriminator = nn.Sequential(nn.Linear(self.dim, 16), nn.ReLU(), nn.Linear(16, 1))

    def embed(self, batch: Batch) -> Tensor:
        """The extractor's mean."""
        images = batch.images / 255 if batch.images.dtype == torch.uint8 else batch.images
        return F.normalize(self.extractor(images).mean((2, 3)) + 1e-6, dim=1)

    def stages(self, training: Training) -> list[Stage]:
        """The extractor by pairs, then the edits with it frozen."""
        extractor = Group.of("extractor", self.extractor.parameters(), training)
        judge = Group.of("discriminator", self.discriminator.parameters(), training)
        maker = Group.of(
            "generator", self.generator.parameters(), training, optimiser="adamw", learning_rate=0.01, betas=(0.5, 0.9)
        )  # fmt: skip
        return [
            Stage("extractor", training.frozen_epochs, (extractor,), "pairs"),
            Stage("edit", training.epochs, (judge, maker), frozen=(self.extractor,)),
        ]

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Moved and lit otherwise."""
        return augment(batch, generator)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Triplets of pairs; what the discriminator takes for real; what the generator makes it take for real."""
        vectors = self.embed(batch)
        if stage == "extractor":
            shop, street = vectors[::2], vectors[1::2]
            near, far = ((street - other).square().sum(1) for other in (shop, shop.roll(1, 0)))
            return {"triplet": F.relu(MARGIN + near - far).mean()}
        wanted = batch.multi_hot("attributes", len(self.attributes)).float().roll(1, 0)
        edited = self._edited(vectors, wanted)
        if group == "discriminator":
            real, made = self.discriminator(vectors), self.discriminator(edited.detach())
            return {"real": F.softplus(-real).mean(), "made": F.softplus(made).mean()}
        kept = (self._edited(edited, wanted.roll(-1, 0)) - vectors).square().mean()
        return {"fooled": F.softplus(-self.discriminator(edited)).mean(), "cycle": kept}

    def edit(self, vectors: Tensor, attribute: str, value: str) -> Tensor:
        """The vectors with the attribute of this kind and value."""
        wanted = torch.zeros(len(vectors), len(self.attributes), device=vectors.device)
        wanted[:, self.labels.attribute_place(attribute, value)] = 1
        return self._edited(vectors, wanted)

    def _edited(self, vectors: Tensor, wanted: Tensor) -> Tensor:
        return F.normalize(vectors + self.generator(torch.cat([vectors, wanted], 1)), dim=1)
