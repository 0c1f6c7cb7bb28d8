"""What metric learning does today with nothing but product numbers: photos drawn to a vector of their product.

Source: Kim, Kim, Cho, Kwak, "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020, with the settings that its
authors published for In-Shop. No method of the survey: its tables need to show where those stand.

Pooled features are mean and maximum of the last maps, added; a linear map makes the vector of them, and its length
is made 1. Each product that is learnt from owns a proxy (layers/pairs/product_proxies.py). Held-out products own
none: there the loss takes the mean of a product's photos in the batch for it.
Ours differ: ResNet-50 or any backbone for BN-Inception, a cosine in the place of steps of 0.25 each 20 epochs (set
schedule=plateau for one more like it), no batch normalisation is frozen. Values marked (?) are not published.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers import contract
from workers.contract import Batch, Group, LabelSpace, Stage, Training, bounds
from workers.data.augment import Ranges, augment
from workers.layers.joined_batch import joined
from workers.layers.networks.backbone import Backbone
from workers.layers.pairs.product_proxies import ProductProxies

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
PROXY_RATE = 100.0  # as published: proxies learn at a hundred times the rate
CROP = Ranges(area=(0.16, 1.0), stretch=0.2877, turn=0.0, shift=0.0, light=0.0, tint=0.0, offset=0.0)


@dataclass(frozen=True)
class Config:
    """As published for In-Shop."""

    backbone: bounds.Backbone = "resnet50"  # BN-Inception in the paper
    weights: str = "auto"  # ImageNet in the paper; see workers/layers/networks/backbone.py for "auto"
    image_size: bounds.ImageSize = 224  # px
    embedding: bounds.Count = 512  # D
    proxies: bounds.Count = (
        8192  # (?) products at most; In-Shop has 3,997 to learn from, Consumer-to-Shop 33,881
    )
    scale: bounds.Scale = 32.0  # alpha
    margin: bounds.Weight = 0.1  # delta
    sampling: bounds.Sampling = (
        "photos"  # every photo once an epoch, as published | pk: several of each product
    )


TRAINING = Training(
    photo_size=256,  # px, of the photos that crops are cut from, as published
    batch=180,  # as published
    frozen_epochs=1,  # as published: proxies and linear map alone
    epochs=60,  # as published
    optimiser="adamw",  # as published
    learning_rate=6e-4,  # as published
    weight_decay=1e-4,  # as published
    schedule="cosine",  # published: steps
)


class Method(contract.Method):
    """v = z / |z|, z a linear map of the pooled features."""

    reads = ("product",)

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size, self.dim = config, config.image_size, config.embedding
        self.trunk = Backbone(config.backbone, config.weights)
        self.origin, self.normalisation = self.trunk.origin, self.trunk.normalisation
        self.project = nn.Linear(self.trunk.dim, self.dim)
        nn.init.kaiming_normal_(self.project.weight, mode="fan_out")
        nn.init.zeros_(self.project.bias)
        self.products = ProductProxies(config.proxies, self.dim, config.scale, config.margin)

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> v (N, D)."""
        maps = self.trunk(batch.images)
        return F.normalize(self.project(maps.mean((2, 3)) + maps.amax((2, 3))).float(), dim=1)

    def stages(self, training: Training) -> list[Stage]:
        """Linear map and proxies, then everything; proxies always at their own rate."""
        head = [self.products.vectors, *self.project.parameters()]
        return [
            self._stage("head", training.frozen_epochs, head, training, frozen=(self.trunk,)),
            self._stage("all", training.epochs, [*head, *self.trunk.parameters()], training, continues=True),
        ]

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """A crop of a sixth of the photo or more, and its mirror image, as published."""
        return augment(batch, generator, CROP, self.image_size)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Proxy-Anchor of the photos of all workers."""
        vectors, products = self.embed(batch), batch.dense("product")
        if self.training:
            return {"products": self.products.learnt(joined(vectors), joined(products))}
        return {"products": self.products.judged(vectors, products)}

    def _stage(
        self, name: str, epochs: int, learnt: list[nn.Parameter], training: Training, **how: Any
    ) -> Stage:
        shares = tuple(PROXY_RATE if each is self.products.vectors else 1.0 for each in learnt)
        group = Group.of(name, learnt, training, shares=shares)
        return Stage(name, epochs, (group,), self.config.sampling, **how)
