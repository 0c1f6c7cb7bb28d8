"""Landmarks, whether they are seen, and a category: FashionNet's tasks in a network of two convolutions.

Stages alternate, as Liu et al. (DeepFashion, CVPR 2016) train: places first, then the category at those places.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers import contract
from workers.contract import Batch, Group, LabelSpace, Stage, Training
from workers.data.augment import Ranges, augment

SEEN = 1.0


@dataclass(frozen=True)
class Config:
    """Small enough for a test."""

    image_size: int = 32
    width: int = 16
    rounds: int = 2  # of both stages


TRAINING = Training(batch=8, epochs=3, frozen_epochs=3, learning_rate=3e-3, schedule="cosine", photo_size=40)


class Method(contract.Method):
    """Maps, a place per landmark as the mean of a softmax over them, and what the maps hold there."""

    reads = ("category", "landmarks", "box")

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size, self.mirrored = config, config.image_size, labels.mirrored_landmarks
        points = len(labels.landmarks)
        self.maps = nn.Sequential(
            nn.Conv2d(3, config.width, 5, 2, 2), nn.ReLU(), nn.Conv2d(config.width, config.width, 5, 2, 2)
        )
        self.heat = nn.Conv2d(config.width, points, 5, padding=2)
        self.seen = nn.Linear(points, points)
        self.dim = config.width * (points + 1)
        self.category = nn.Linear(self.dim, len(labels.categories))

    def embed(self, batch: Batch) -> Tensor:
        """The maps' mean over the picture and at each landmark."""
        return self._tasks(batch)[0]

    def stages(self, training: Training) -> list[Stage]:
        """Places, then the category, and again."""
        places = [*self.maps.parameters(), *self.heat.parameters(), *self.seen.parameters()]
        pair = [
            Stage("landmarks", training.frozen_epochs, (Group.of("landmarks", places, training),)),
            Stage("category", training.epochs, (Group.of("category", self.parameters(), training),)),
        ]
        return pair * self.config.rounds

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Crops of the photos; a mirrored left sleeve is a right one."""
        return augment(batch, generator, Ranges(area=(0.7, 1.1)), self.image_size, self.mirrored)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Squared distance of visible landmarks, their visibility, and the category of photos that have one."""
        vectors, places, seen = self._tasks(batch)
        true = batch.dense("landmarks")
        visible, known = true[:, :, 2] == SEEN, true[:, :, 2] >= 0
        distance = (places - true[:, :, :2]).square().sum(2)
        terms = {
            "landmarks": distance[visible].sum() / visible.sum().clamp_min(1),
            "visibility": F.binary_cross_entropy_with_logits(seen, visible.float(), known.float()),
        }
        if stage == "category":
            labels = batch.dense("category")
            terms = {name: 0.1 * term for name, term in terms.items()}
            terms["category"] = F.cross_entropy(self.category(vectors), labels, ignore_index=-1)
        return terms

    def predict(self, batch: Batch) -> Mapping[str, Tensor]:
        """Category and landmarks."""
        vectors, places, seen = self._tasks(batch)
        landmarks = torch.cat([places, seen.sigmoid()[:, :, None]], 2)
        return {"category": self.category(vectors), "landmarks": landmarks}

    def _tasks(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors (N, D), places (N, L, 2) and scores of being seen (N, L)."""
        images = batch.images / 255 if batch.images.dtype == torch.uint8 else batch.images
        maps = self.maps(images - 0.5)
        heat = self.heat(maps)
        weights = heat.flatten(2).softmax(2)
        side = torch.linspace(-1, 1, maps.shape[-1], device=maps.device)
        grid = torch.stack(torch.meshgrid(side, side, indexing="xy"), 2).flatten(0, 1)  # (H W, 2): x, y
        there = torch.einsum("nlp,ncp->nlc", weights, maps.flatten(2))
        vectors = torch.cat([maps.mean((2, 3))[:, None], there], 1).flatten(1)
        return F.normalize(vectors, dim=1), weights @ grid, self.seen(heat.amax((2, 3)))
