"""Landmarks first, then what the garment is, from features at those landmarks and from the whole photo.

Source: Liu, Luo, Qiu, Wang, Tang, "DeepFashion: Powering Robust Clothes Recognition and Retrieval with Rich
Annotations", CVPR 2016 (FashionNet).

VGG-16 is shared up to conv4_3; three branches take the place of what follows.
pose    pool4, conv5, pool5, fc6, fc7 -> where each landmark is, and whether it is seen
global  pool4, conv5, pool5, fc6
local   landmark pooling of conv4_3 at the landmarks that the pose branch tells, fc6; it teaches the pose nothing
        (workers/layers/landmarks/landmark_pooling.py)
fused   fc7 of global and local beside each other -> category, attributes, and the vector for retrieval

Learnt in rounds of two stages that both change all weights: in `landmarks`, place and visibility are the main tasks, in
`all` the others are; those that are not have a share `auxiliary` of their weight. Every loss leaves out what is not
known.
Photos are taken as they come: whoever imports a set with boxes crops to them, as the paper does.
Values marked (?) are not published, or in figures that re-implementations read differently, and are our choice.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers import contract
from workers.contract import Batch, Group, LabelSpace, Stage, Training, bounds
from workers.data.augment import Ranges, augment
from workers.layers.cross_entropy import KnownCrossEntropy, WeightedCrossEntropy
from workers.layers.fully_connected import fully_connected
from workers.layers.joined_batch import joined
from workers.layers.landmarks.landmark_losses import PlaceLoss, VisibilityLoss
from workers.layers.landmarks.landmark_pooling import LandmarkPooling
from workers.layers.networks.vgg import cut_vgg
from workers.layers.pairs.triplet import triplet_loss

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
CHANGES = Ranges(
    area=(0.7, 1.1), turn=10, shift=0.05, light=0.2, tint=0.04, offset=0.05
)  # (?) while training
MAIN = {
    "landmarks": ("places", "visibility"),
    "all": ("category", "attributes", "triplets"),
}  # tasks by stage


@dataclass(frozen=True)
class Config:
    """The paper's own numbers, for photos of 224 px; `width` makes a network that a CPU trains."""

    vgg: bounds.Vgg = "vgg16"
    weights: str = "auto"  # ImageNet in the paper; see workers/layers/networks/backbone.py for "auto"
    width: bounds.Part = 1.0  # share of all channels and units
    batch_norm: bool = False  # not in the paper; from random weights the network learns faster with it
    image_size: bounds.ImageSize = 224  # px
    pose_units: bounds.Count = 1024  # of fc6 and fc7 (?)
    global_units: bounds.Count = 4096  # of fc6
    local_units: bounds.Count = 1024  # of fc6
    fused_units: bounds.Count = 1024  # of fc7 (?)
    embedding: bounds.Count = 512  # (?) length of the vector
    bins: bounds.Cells = 3  # (?) landmark pooling keeps 3 x 3 maxima a landmark; 4 in others' hands
    cells: bounds.Cells = 2  # (?) of conv4_3 to a bin's side
    dropout: bounds.Decay = 0.5  # of what fc7 and the heads above it are given
    rounds: bounds.Count = 2  # (?) of both stages
    auxiliary: bounds.Share = 0.1  # (?)
    places: bounds.Weight = 10.0  # (?) weight of each task where it is a main one
    visibility: bounds.Weight = 1.0  # (?)
    category: bounds.Weight = 1.0  # (?)
    attributes: bounds.Weight = 1.0  # (?)
    triplets: bounds.Weight = 1.0  # (?)
    margin: bounds.Scale = 0.3  # (?) of squared distances between vectors of length 1
    sampling: bounds.Sampling = "pk"  # triplets need photos of one product; photos: where there are no such
    photos_per_product: bounds.Count = 2  # of pk: the paper's pairs


TRAINING = Training(
    photo_size=256,  # (?) px, of the photos that crops are cut from
    optimiser="adamw",  # (?)
    learning_rate=1e-4,  # (?)
    schedule="cosine",  # (?) anew in every stage
    batch=16,  # (?)
    frozen_epochs=5,  # (?) of the stage `landmarks`, each round; nothing is frozen in it
    epochs=5,  # (?) of the stage `all`, each round
)


class Tasks(NamedTuple):
    """What the network says of N photos, scores all of them; vectors (N, D) have length 1, places (N, L, 2)."""

    places: Tensor
    visibility: Tensor
    category: Tensor
    attributes: Tensor
    vectors: Tensor


class Method(contract.Method):
    """Three branches behind conv4_3 and what is fused from two of them."""

    reads = ("category", "attributes", "landmarks", "product")

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        labels.require("fashionnet", "categories", "landmarks")
        self.config, self.image_size, self.dim = config, config.image_size, config.embedding
        self.mirrored = labels.mirrored_landmarks
        points = len(labels.landmarks)
        self.trunk, last = cut_vgg(config.vgg, config.weights, config.width, config.batch_norm)
        self.origin, self.normalisation = self.trunk.origin, self.trunk.normalisation
        pose, whole, local, fused = (
            max(1, round(units * config.width))
            for units in (config.pose_units, config.global_units, config.local_units, config.fused_units)
        )
        flat = self.trunk.flat(config.image_size)
        self.pose = nn.Sequential(
            last, nn.Flatten(), fully_connected(flat, pose), fully_connected(pose, pose)
        )
        self.place, self.seen = nn.Linear(pose, 2 * points), nn.Linear(pose, points)
        self.whole = nn.Sequential(deepcopy(last), nn.Flatten(), fully_connected(flat, whole, config.dropout))
        self.pool = LandmarkPooling(config.bins, config.cells)
        pooled = self.trunk.dim * points * config.bins**2
        self.local = nn.Sequential(nn.Flatten(), fully_connected(pooled, local, config.dropout))
        self.fused = fully_connected(whole + local, fused, config.dropout)
        self.category = nn.Linear(fused, len(labels.categories))
        self.attributes = nn.Linear(fused, len(labels.attributes))
        self.embedding = nn.Linear(fused, config.embedding)
        self.place_loss, self.visibility_loss = PlaceLoss(), VisibilityLoss()
        self.category_loss, self.attribute_loss = KnownCrossEntropy(), WeightedCrossEntropy()

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, S, S) uint8, or float in 0..1 -> vectors (N, D), L2 norm 1."""
        return self._tasks(batch.images).vectors

    def stages(self, training: Training) -> list[Stage]:
        """Landmarks, then everything, and again."""
        everything = (Group.of("all", self.parameters(), training),)
        epochs = {"landmarks": training.frozen_epochs, "all": training.epochs}
        sampler, each = self.config.sampling, self.config.photos_per_product
        pair = [Stage(name, epochs[name], everything, sampler, photos_per_product=each) for name in MAIN]
        return pair * self.config.rounds

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """photos (N, 3, P, P) uint8 -> crops of them (N, 3, S, S) in 0..1; a mirrored left sleeve is a right one."""
        return augment(batch, generator, CHANGES, self.image_size, self.mirrored)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Each task's loss times its weight in the stage.

        places      squared distance in half sides, mean over landmarks that are seen
        visibility  nats, mean over landmarks of which it is known
        category    cross-entropy, nats, mean over photos that have one
        attributes  weighted cross-entropy, nats, sum over attributes, mean over photos that have some
        triplets    hinge of squared distances, mean over the batch's triplets, all workers' together
        """
        told, true = self._tasks(batch.images), batch.dense("landmarks")
        hot = batch.multi_hot("attributes", self.attributes.out_features)
        terms = {
            "places": self.place_loss(told.places, true),
            "visibility": self.visibility_loss(told.visibility, true),
            "category": self.category_loss(told.category, batch.dense("category")),
            "attributes": self.attribute_loss(told.attributes, hot),
            "triplets": self._triplets(told.vectors, batch.dense("product")),
        }
        return {name: self._weight(name, stage) * term for name, term in terms.items()}

    def predict(self, batch: Batch) -> Mapping[str, Tensor]:
        """Scores of categories and attributes, and landmarks with the chance that each is seen."""
        told = self._tasks(batch.images)
        landmarks = torch.cat([told.places, told.visibility.sigmoid()[:, :, None]], 2)
        return {"category": told.category, "attributes": told.attributes, "landmarks": landmarks}

    def count(self, photos: Mapping[str, Tensor], of: int) -> None:
        """How many photos have each attribute: what w_pos and w_neg are set from."""
        self.attribute_loss.count(photos["attributes"], of)

    def _tasks(self, images: Tensor) -> Tasks:
        maps = self.trunk(images)
        pose = self.pose(maps)
        visibility = self.seen(pose).float()
        places = self.place(pose).float().view(*visibility.shape, 2)
        local = self.local(self.pool(maps, places, visibility > 0))
        fused = self.fused(torch.cat([self.whole(maps), local], 1))
        category, attributes = self.category(fused).float(), self.attributes(fused).float()
        vectors = F.normalize(self.embedding(fused).float(), dim=1)
        return Tasks(places, visibility, category, attributes, vectors)

    def _triplets(self, vectors: Tensor, products: Tensor) -> Tensor:
        if self.training:
            vectors, products = joined(vectors), joined(products)
        return triplet_loss(vectors, products, self.config.margin)

    def _weight(self, task: str, stage: str) -> float:
        weight: float = getattr(self.config, task)
        return weight if task in MAIN[stage] else weight * self.config.auxiliary
