"""Photos found by one vector each, and those at the top compared window by window over a graph of similarities.

Source: Kuang, Gao, Li, Luo, Chen, Lin, Zhang, "Fashion Retrieval via Graph Reasoning Networks on a Similarity
Pyramid", ICCV 2019; equations in workers/layers/pairs/similarity_graph.py.

A graph for every pair of a query and a gallery photo cannot be searched by, so the paper's similarity ranks the top of
what one vector per photo, the mean of the maps, has found; both are learnt at once. A pair's loss is the cross-entropy
of whether the two photos show one product: right pairs of the batch, and of each query the photos of other products
that the first stage takes for it most.
The update of (7) and the corrected (6) follow the notes on the paper that we have, not its text. Values marked (?) are
not published, or not known to us, and are our choice; so is the first stage's loss, triplets.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from workers import contract
from workers.contract import Batch, LabelSpace, Stage, Training, bounds, head_first
from workers.data.augment import augment
from workers.layers.networks.backbone import Backbone
from workers.layers.pairs.ranking import Pairs, hardest, pairs_across, pairs_within, triplet_loss
from workers.layers.pairs.similarity_graph import SimilarityGraph, window_boxes, windows

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
TOGETHER = 64  # pairs that are compared at once: 98 differences of 1,024 numbers each are 26 MB then


@dataclass(frozen=True)
class Config:
    """As published, as far as it is."""

    backbone: bounds.Backbone = "googlenet"
    weights: str = "auto"  # ImageNet in the paper; see workers/layers/networks/backbone.py for "auto"
    image_size: bounds.ImageSize = 224  # px
    scales: bounds.Scales = 3  # (?) grids of 1 x 1, 2 x 2 and 3 x 3 windows: 98 nodes
    node: bounds.Count = 64  # (?) D, numbers of a node
    layers: bounds.Layers = 3  # (?) N of reasoning
    graph: bool = True  # False: nodes know nothing of each other, so that only the whole photos' is looked at
    sampling: bounds.Sampling = (
        "pairs"  # a shop's photo and a customer's of each product | pk: several of each
    )
    negatives: bounds.Count = 3  # (?) of each query, for one right pair
    margin: bounds.Weight = 0.3  # (?) of the first stage's triplets
    first_stage: bounds.Weight = 1.0  # (?) weight of the first stage's loss


TRAINING = Training(
    batch=64,  # (?)
    epochs=30,  # (?)
    frozen_epochs=0,
    optimiser="adamw",  # (?)
    learning_rate=1e-4,  # (?)
    weight_decay=1e-4,  # (?)
    schedule="cosine",  # (?)
)


class Method(contract.Method):
    """The vector is the first window, the whole photo's."""

    reads = ("product", "domain")

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size = config, config.image_size
        self.trunk = Backbone(config.backbone, config.weights)
        self.origin, self.normalisation = self.trunk.origin, self.trunk.normalisation
        self.dim = self.trunk.dim
        self.graph = SimilarityGraph(self.dim, config.scales, config.node, config.layers, config.graph)

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> the mean of the maps (N, D), of length 1."""
        return windows(self.trunk(batch.images), 1)[:, 0]

    def stages(self, training: Training) -> list[Stage]:
        """The graph alone, for as long as is asked, then everything."""
        return head_first("graph", self.graph, self, training, self.config.sampling)

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Moved and lit otherwise."""
        return augment(batch, generator)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Cross-entropy of pairs by the graph, and the first stage's triplets, times its weight."""
        local = self.local(batch)
        queries, gallery, pairs = self._sides(batch, local)
        first = triplet_loss(queries[:, 0], gallery[:, 0], pairs, self.config.margin, hard=True)
        return {
            "pairs": self._pair_loss(queries, gallery, pairs),
            "triplets": self.config.first_stage * first,
        }

    def local(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> windows (N, P, C); the first is the vector that `embed` gives."""
        return windows(self.trunk(batch.images), self.config.scales)

    def rerank(self, query: Tensor, gallery: Tensor) -> Tensor:
        """query (P, C), gallery (N, P, C) -> logits (N,) of the chance that they show one product."""
        parts = [self.graph(query.expand(len(part), -1, -1), part) for part in torch.split(gallery, TOGETHER)]
        return torch.cat(parts) if parts else gallery.new_empty(0)

    def places(self) -> Tensor:
        """(P, 4) where each window lies; of maps that a grid does not divide, windows overlap by a cell."""
        return window_boxes(self.config.scales)

    def votes(self, query: Tensor, gallery: Tensor) -> Tensor:
        """query, gallery (P, C) -> (P, P) what each pair of windows adds to the logit."""
        return self.graph.votes(query[None], gallery[None])[0]

    def _sides(self, batch: Batch, local: Tensor) -> tuple[Tensor, Tensor, Pairs]:
        """Who asks, who answers, and which of their pairs are right."""
        products = batch.dense("product")
        if self.config.sampling != "pairs":
            return local, local, pairs_within(products)
        street = batch.dense("domain") == 1
        return local[street], local[~street], pairs_across(products[street], products[~street])

    def _pair_loss(self, queries: Tensor, gallery: Tensor, pairs: Pairs) -> Tensor:
        similar = queries[:, 0] @ gallery[:, 0].T
        places, there = hardest(similar, pairs.wrong, self.config.negatives)
        asked, right = pairs.right.nonzero(as_tuple=True)
        row, nth = there.nonzero(as_tuple=True)
        ours, theirs = torch.cat([asked, row]), torch.cat([right, places[row, nth]])
        same = torch.zeros(len(ours), device=similar.device)
        same[: len(asked)] = 1
        with torch.autocast(similar.device.type, enabled=False):
            logits = self.graph(queries[ours], gallery[theirs])
            cost = F.binary_cross_entropy_with_logits(logits, same, reduction="sum")
        return cost / max(1, len(same))
