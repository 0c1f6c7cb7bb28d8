"""A shop's photos and customers' through a network each, which learn attributes of both and to rank one by the other.

Source: Huang, Feris, Chen, Yan, "Cross-domain Image Retrieval with a Dual Attribute-aware Ranking Network", ICCV 2015.

Each network is NIN, a layer FC1 on its maps, and on FC1 a branch for every kind of attribute, a tree: FC2 of the
branch and a softmax over the kind's values. A kind of which nothing is known of a photo is left out of its loss. FC1
and the last convolution's maximum, each of length 1, side by side, are the vector; triplets rank by it: a customer's
photo, the shop's of the same product, the shop's of another.
Kinds are told by the attributes' names, `kind: value`; names without a kind are one kind of their own. The paper has
nine kinds with 179 values, one value of a kind at most; of several, each is told with an equal share.
Ours differs: no detector cuts the garment out, and no PCA shortens the vector. Values marked (?) are not published, or
not known to us, and are our choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schemas.errors import InputError
from workers import contract
from workers.contract import Batch, LabelSpace, Stage, Training, bounds, head_first
from workers.data.augment import augment
from workers.layers.attributes.attribute_tree import AttributeTree, group_loss
from workers.layers.networks.backbone import Backbone
from workers.layers.pairs.ranking import pairs_across, triplet_loss

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
STREET = 1  # place in LabelSpace.domains


@dataclass(frozen=True)
class Config:
    """As published, as far as it is."""

    backbone: bounds.Backbone = "nin"
    weights: str = "auto"  # ImageNet in the paper; of NIN nobody packages them, so "auto" is random
    image_size: bounds.ImageSize = 224  # (?) px
    cells: bounds.Cells = 3  # (?) a side, of the grid of maxima of the maps that FC1 sees
    fc1: bounds.Count = 4096  # (?) numbers of FC1
    fc2: bounds.Count = 512  # (?) numbers of each branch's FC2
    margin: bounds.Weight = 0.3  # (?) of the triplets
    ranking: bounds.Weight = 1.0  # (?) weight of the triplets; 0: none
    attributes: bounds.Weight = 1.0  # (?) weight of the attributes; 0: none


TRAINING = Training(
    batch=64,  # (?) half of each network
    epochs=30,  # (?)
    frozen_epochs=0,
    optimiser="sgd",
    learning_rate=0.01,  # (?)
    momentum=0.9,  # (?)
    weight_decay=5e-4,  # (?)
    schedule="cosine",  # (?)
)


class Tower(nn.Module):
    """The network of one domain: images (N, 3, H, W) -> vectors (N, D) of length 1, and FC1 (N, fc1)."""

    def __init__(self, config: Config, groups: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        self.trunk = Backbone(config.backbone, config.weights)
        self.cells = config.cells
        self.first = nn.Linear(self.trunk.dim * config.cells**2, config.fc1)  # FC1
        self.tree = AttributeTree(config.fc1, config.fc2, groups)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What ranks, and what attributes are told by."""
        maps = self.trunk(images)
        first = F.relu(self.first(F.adaptive_max_pool2d(maps, self.cells).flatten(1))).float()
        parts = [F.normalize(part, dim=1) for part in (first, maps.amax((2, 3)).float())]
        return F.normalize(torch.cat(parts, 1), dim=1), first


class Method(contract.Method):
    """A photo goes through the network of its domain; one of which no domain is known, through the shop's."""

    reads = ("attributes", "domain", "product")

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size = config, config.image_size
        self.groups = tuple(labels.attribute_groups.values())
        self.shop, self.street = Tower(config, self.groups), Tower(config, self.groups)
        self.origin, self.normalisation = self.shop.trunk.origin, self.shop.trunk.normalisation
        self.street.load_state_dict(self.shop.state_dict())  # both begin as one
        self.dim = config.fc1 + self.shop.trunk.dim

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> FC1 and the last convolution's maximum (N, D)."""
        return self._through_both(batch)[0]

    def stages(self, training: Training) -> list[Stage]:
        """Everything at once. Raises InputError where there are no attributes to learn."""
        learnt = nn.ModuleList(
            [part for tower in (self.shop, self.street) for part in (tower.first, tower.tree)]
        )
        stages = head_first("layers", learnt, self, training, "pairs")
        if not self.groups and any(stage.epochs for stage in stages):
            raise InputError("attributes", "are in none of the annotations, and the method learns them")
        return stages

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Moved and lit otherwise."""
        return augment(batch, generator)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Cross-entropy of each kind's value, summed over kinds, and triplets, each times its weight."""
        vectors, scores = self._through_both(batch)
        street, products = batch.dense("domain") == STREET, batch.dense("product")
        pairs = pairs_across(products[street], products[~street])
        triplets = triplet_loss(vectors[street], vectors[~street], pairs, self.config.margin)
        told = group_loss(scores, batch.multi_hot("attributes", scores.shape[1]), self.groups)
        return {"attributes": self.config.attributes * told, "triplets": self.config.ranking * triplets}

    def predict(self, batch: Batch) -> Mapping[str, Tensor]:
        """Of each attribute the chance (N, A) that it is the value of its kind."""
        scores = self._through_both(batch)[1]
        chances = torch.zeros_like(scores)
        for places in self.groups:
            chances[:, places] = scores[:, places].softmax(1)
        return {"attributes": chances}

    def _through_both(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Vectors (N, D) and scores of attributes (N, A), each photo's from its own network."""
        street = torch.zeros(len(batch), dtype=torch.bool, device=batch.images.device)
        if "domain" in batch.columns:
            street = batch.dense("domain") == STREET
        parts, order = [], []
        for tower, rows in ((self.shop, ~street), (self.street, street)):
            if (places := rows.nonzero()[:, 0]).numel():
                vectors, first = tower(batch.images[places])
                parts.append((vectors, tower.tree(first)))
                order.append(places)
        back = torch.cat(order).argsort()
        every, told = (torch.cat(part)[back] for part in zip(*parts, strict=True))
        return every, told
