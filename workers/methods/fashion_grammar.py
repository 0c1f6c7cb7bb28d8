"""Landmarks that know how a garment is built, and attention that follows them.

Source: Wang, Xu, Shen, Zhu, "Attentive Fashion Grammar Network for Fashion Landmark Detection and Clothing Category
Classification", CVPR 2018.

F          conv4_3 of VGG-16
landmarks  convolutions of F give a first heat map per landmark; along the chains of the grammar a bidirectional
           convolutional recurrent network passes messages (layers/landmarks/message_passing.py), and what a landmark is
           told by all its chains is added to its first map (?) for the heat map that counts
A^L        the mean of those heat maps, the same for every channel
A^C        category-driven: F down to a quarter of its side and up again (workers/layers/landmarks/attention.py)
G          (1 + A^L + A^C) o F; then conv5, pool5, and a head each for category and attributes

Losses are FashionNet's for category and attributes, and the squared difference of heat maps, before the messages (?)
and with them, from a Gaussian at each landmark that is seen. Whether one is seen is told from the heights of all peaks
(?). The paper retrieves nothing: the vector is what lies under both heads (?). Every loss leaves out what is not known.
Photos are taken as they come: whoever imports a set with boxes crops to them, as the paper does.
Values marked (?) are not published, or not known to us, and are our choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schemas.errors import InputError
from workers import contract
from workers.contract import Batch, Group, LabelSpace, Stage, Training, bounds
from workers.data.augment import Ranges, augment
from workers.layers.cross_entropy import KnownCrossEntropy, WeightedCrossEntropy
from workers.layers.fully_connected import fully_connected
from workers.layers.landmarks.attention import BottomUpTopDown, attended
from workers.layers.landmarks.heat_maps import peaks
from workers.layers.landmarks.landmark_losses import HeatMapLoss, VisibilityLoss
from workers.layers.landmarks.message_passing import MessagePassing
from workers.layers.networks.vgg import cut_vgg

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
CHANGES = Ranges(
    area=(0.7, 1.1), turn=10, shift=0.05, light=0.2, tint=0.04, offset=0.05
)  # (?) while training
KINEMATIC = (
    ("left collar", "left waistline", "left hem"),
    ("left collar", "left sleeve"),
    ("right collar", "right waistline", "right hem"),
    ("right collar", "right sleeve"),
)
SYMMETRY = tuple((f"left {part}", f"right {part}") for part in ("collar", "sleeve", "waistline", "hem"))
NARROW = 4  # (?) conv4_3 has as many channels per channel inside the landmark and attention branches
COLD = -3.0  # (?) first score of every cell: most of a heat map is near 0


@dataclass(frozen=True)
class Config:
    """The paper's own numbers, for photos of 224 px; `width` makes a network that a CPU trains."""

    vgg: bounds.Vgg = "vgg16"
    weights: str = "auto"  # ImageNet in the paper; see workers/layers/networks/backbone.py for "auto"
    width: bounds.Part = 1.0  # share of all channels and units of VGG and the heads
    batch_norm: bool = False  # not in the paper; from random weights the network learns faster with it
    image_size: bounds.ImageSize = 224  # px
    hidden: bounds.Count = 8  # (?) channels of a message's state
    kernel: bounds.Cells = 7  # (?) odd, cells that a message's convolutions see to a side
    sigma: bounds.Scale = 1.0  # (?) cells, of the Gaussians
    units: bounds.Count = 1024  # (?) of each head's hidden layer
    dropout: bounds.Decay = 0.5  # (?)
    heat: bounds.Weight = 1.0  # (?) weight of each term
    visibility: bounds.Weight = 0.1  # (?)
    category: bounds.Weight = 1.0  # (?)
    attributes: bounds.Weight = 1.0  # (?)
    sampling: bounds.Sampling = "photos"


TRAINING = Training(
    photo_size=256,  # (?) px, of the photos that crops are cut from
    optimiser="adamw",  # (?)
    learning_rate=1e-4,  # (?)
    schedule="cosine",  # (?)
    batch=16,  # (?)
    frozen_epochs=0,  # (?) of everything above conv4_3 alone
    epochs=20,  # (?)
)


class Tasks(NamedTuple):
    """What the network says of N photos, scores all of them; maps are S / 8 cells to a side.

    first, heat  scores of each cell (N, L, H, W) before the messages and with them; their logistic is the heat map
    under        what lies under each head, side by side (N, D)
    """

    first: Tensor
    heat: Tensor
    visibility: Tensor
    category: Tensor
    attributes: Tensor
    under: Tensor


class Method(contract.Method):
    """Heat maps by messages, attention by heat maps, categories and attributes by attention."""

    reads = ("category", "attributes", "landmarks")

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        labels.require("fashion_grammar", "categories", "landmarks")
        self.config, self.image_size, self.mirrored = config, config.image_size, labels.mirrored_landmarks
        self.landmarks = labels.landmarks
        points = len(labels.landmarks)
        self.trunk, self.last = cut_vgg(config.vgg, config.weights, config.width, config.batch_norm)
        self.origin, self.normalisation = self.trunk.origin, self.trunk.normalisation
        inside = max(1, self.trunk.dim // NARROW)
        self.first = nn.Sequential(
            nn.Conv2d(self.trunk.dim, inside, 3, padding=1), nn.ReLU(), _cold(nn.Conv2d(inside, points, 1))
        )
        self.grammar = MessagePassing(chains(labels.landmarks), 1, config.hidden, config.kernel)
        self.attention = BottomUpTopDown(self.trunk.dim, inside)
        self.seen = nn.Linear(points, points)
        units = max(1, round(config.units * config.width))
        flat = self.trunk.flat(config.image_size)
        self.under = nn.ModuleDict(
            {task: fully_connected(flat, units, config.dropout) for task in ("category", "attributes")}
        )
        self.dim = 2 * units
        self.category = nn.Linear(units, len(labels.categories))
        self.attributes = nn.Linear(units, len(labels.attributes))
        self.heat_loss, self.visibility_loss = HeatMapLoss(config.sigma), VisibilityLoss()
        self.category_loss, self.attribute_loss = KnownCrossEntropy(), WeightedCrossEntropy()

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, S, S) uint8, or float in 0..1 -> what lies under both heads (N, D), L2 norm 1."""
        return F.normalize(self._tasks(batch.images).under, dim=1)

    def stages(self, training: Training) -> list[Stage]:
        """What lies above conv4_3 alone, if that is wished for, then everything."""
        below = {id(parameter) for parameter in self.trunk.parameters()}
        above = [parameter for parameter in self.parameters() if id(parameter) not in below]
        alone = Group.of("above", above, training)
        everything = Group.of("all", self.parameters(), training)
        sampler = self.config.sampling
        return [
            Stage("above", training.frozen_epochs, (alone,), sampler, frozen=(self.trunk,)),
            Stage("all", training.epochs, (everything,), sampler, continues=True),
        ]

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """photos (N, 3, P, P) uint8 -> crops of them (N, 3, S, S) in 0..1; a mirrored left sleeve is a right one."""
        return augment(batch, generator, CHANGES, self.image_size, self.mirrored)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Each term times its weight.

        first, heat  squared difference from a Gaussian, sum over cells, mean over landmarks that are seen: of the maps
                     before the messages and with them
        visibility   nats, mean over landmarks of which it is known
        category     cross-entropy, nats, mean over photos that have one
        attributes   weighted cross-entropy, nats, sum over attributes, mean over photos that have some
        """
        config, told, true = self.config, self._tasks(batch.images), batch.dense("landmarks")
        hot = batch.multi_hot("attributes", self.attributes.out_features)
        return {
            "first": config.heat * self.heat_loss(told.first.sigmoid(), true),
            "heat": config.heat * self.heat_loss(told.heat.sigmoid(), true),
            "visibility": config.visibility * self.visibility_loss(told.visibility, true),
            "category": config.category * self.category_loss(told.category, batch.dense("category")),
            "attributes": config.attributes * self.attribute_loss(told.attributes, hot),
        }

    def predict(self, batch: Batch) -> Mapping[str, Tensor]:
        """Scores of categories and attributes, and landmarks at their maps' peaks with the chance that each is seen."""
        told = self._tasks(batch.images)
        landmarks = torch.cat([peaks(told.heat.sigmoid()), told.visibility.sigmoid()[:, :, None]], 2)
        return {"category": told.category, "attributes": told.attributes, "landmarks": landmarks}

    def attention_maps(self, batch: Batch) -> Mapping[str, Tensor]:
        """A^L, the mean of A^C over its channels, and the heat map of each landmark."""
        maps = self.trunk(batch.images)
        heat = self._heat(maps)[1].float().sigmoid()
        by_category = self.attention(maps).float().mean(1)
        return {"attention by landmarks": heat.mean(1), "attention by category": by_category} | dict(
            zip(self.landmarks, heat.unbind(1), strict=True)
        )

    def count(self, photos: Mapping[str, Tensor], of: int) -> None:
        """How many photos have each attribute: what w_pos and w_neg are set from."""
        self.attribute_loss.count(photos["attributes"], of)

    def _heat(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of cells before the messages and with them."""
        first = self.first(maps)
        return first, first + self.grammar(first.sigmoid()[:, :, None])[:, :, 0]

    def _tasks(self, images: Tensor) -> Tasks:
        maps = self.trunk(images)
        first, heat = self._heat(maps)
        by_landmarks = heat.sigmoid().mean(1, keepdim=True)
        flat = self.last(attended(maps, by_landmarks, self.attention(maps))).flatten(1)
        category, attributes = (self.under[task](flat) for task in ("category", "attributes"))
        return Tasks(
            first.float(),
            heat.float(),
            self.seen(heat.amax((2, 3))).float(),
            self.category(category).float(),
            self.attributes(attributes).float(),
            torch.cat([category, attributes], 1).float(),
        )


def chains(landmarks: Sequence[str]) -> list[list[int]]:
    """The grammar among these landmarks: the place of each in its chain; of chains with one of them alone, nothing.

    Raises InputError where nothing is left, because the set names its landmarks otherwise.
    """
    known = [[landmarks.index(name) for name in chain if name in landmarks] for chain in KINEMATIC + SYMMETRY]
    left = [chain for chain in known if len(chain) > 1]
    if not left:
        raise InputError("fashion_grammar", "knows how collars, sleeves, waistlines and hems hang together; "
                         f"there are landmarks {', '.join(landmarks)}")  # fmt: skip
    return left


def _cold(convolution: nn.Conv2d) -> nn.Conv2d:
    assert convolution.bias is not None
    nn.init.constant_(convolution.bias, COLD)
    return convolution
