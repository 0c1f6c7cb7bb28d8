"""A customer's photo and a shop's side by side through a network that says whether they match, on frozen features.

Source: Hadi Kiapour, Han, Lazebnik, Berg, Berg, "Where to Buy It: Matching Street Clothing Photos in Online Shops",
ICCV 2015. Comparisons cite Chen et al. 2012 for rows that they call WTBI, too; that paper is wtbi_describer.py.

features    AlexNet's fc6 of the whole photo, learnt on ImageNet and frozen; alone, the paper's first baseline: they are
            the vector that finds
similarity  layers on the features of both photos, a softmax over match and no match, learnt for all categories at once;
            it orders what the vectors found
categories  the same, fine-tuned for each category; the first layer, which has most of the numbers, stays shared (?)
The paper knows the query's category and searches in it alone. Here nobody says it: a linear layer on the features tells
which category's similarity is asked, and the gallery is what the first stage found.
Values marked (?) are not published, or not known to us, and are our choice. The paper's selective search is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers import contract
from workers.contract import Batch, Group, LabelSpace, Stage, Training, bounds
from workers.data.augment import augment
from workers.layers.cross_entropy import KnownCrossEntropy
from workers.layers.networks.backbone import Backbone
from workers.layers.pairs.pair_similarity import PairSimilarity
from workers.layers.pairs.ranking import hardest, pairs_across
from workers.layers.pooling import Pool
from workers.layers.unit_vectors import spread

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
STREET = 1  # place in LabelSpace.domains


@dataclass(frozen=True)
class Config:
    """As published, as far as it is known."""

    backbone: bounds.Backbone = "alexnet"
    weights: str = "auto"  # ImageNet in the paper; see workers/layers/networks/backbone.py for "auto"
    image_size: bounds.ImageSize = 224  # px
    hidden: bounds.Count = 512  # of each layer of the similarity (?)
    negatives: bounds.Count = 4  # (?) of each customer's photo, drawn among the shop's of other products


TRAINING = Training(
    batch=64,  # (?) half of each domain
    frozen_epochs=20,  # (?) of the stage `similarity`
    epochs=10,  # (?) of the stage `categories`; the features are frozen in both
    optimiser="adamw",  # (?)
    learning_rate=1e-3,  # (?)
    schedule="cosine",  # (?) anew in every stage
)


class Method(contract.Method):
    """Features that are not learnt, and a similarity on pairs of them that is."""

    reads = ("category", "domain", "product")

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        labels.require("wtbi", "categories")
        self.config, self.image_size = config, config.image_size
        self.trunk, self.pool = Backbone(config.backbone, config.weights), Pool("gap")
        self.origin, self.normalisation = self.trunk.origin, self.trunk.normalisation
        self.dim = self.trunk.dim
        self.similarity = PairSimilarity(self.dim, config.hidden, len(labels.categories))
        self.category = nn.Linear(self.dim, len(labels.categories))
        self.category_loss = KnownCrossEntropy()

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> features (N, D), of length 1."""
        with torch.no_grad():
            pooled: Tensor = self.pool(self.trunk(batch.images))
        return F.normalize(pooled.float(), dim=1)

    def stages(self, training: Training) -> list[Stage]:
        """The similarity of all categories and what tells categories; then each category's own."""
        general = [*self.similarity.general, *self.category.parameters()]
        learnt = {"similarity": general, "categories": list(self.similarity.added)}
        epochs = {"similarity": training.frozen_epochs, "categories": training.epochs}
        return [
            Stage(name, epochs[name], (Group.of(name, parts, training),), "pairs", frozen=(self.trunk,))
            for name, parts in learnt.items()
        ]

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Moved and lit otherwise."""
        return augment(batch, generator)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Cross-entropies, nats: of match and no match, mean over pairs; of categories, mean over those known.

        In the stage `similarity` all pairs are of no category, in `categories` of the customer's photo's.
        """
        vectors, products = self.embed(batch), batch.dense("product")
        category, street = batch.dense("category"), batch.dense("domain") == STREET
        asked, answers, match = self._pairs(products[street], products[~street])
        which = category[street][asked]
        if stage == "similarity":
            which = torch.full_like(which, -1)
        queries, gallery = spread(vectors[street][asked]), spread(vectors[~street][answers])
        scores = self.similarity(queries, gallery, which)
        terms = {"pairs": F.cross_entropy(scores, match, reduction="sum") / max(1, len(match))}
        if stage == "similarity":
            told = self.category(spread(vectors)).float()
            terms["category"] = self.category_loss(told, category)
        return terms

    def predict(self, batch: Batch) -> Mapping[str, Tensor]:
        """Scores (N, C) of the linear layer that tells categories."""
        return {"category": self.category(spread(self.embed(batch)))}

    def local(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> (N, 1, D): of one place, the whole photo."""
        return self.embed(batch)[:, None]

    def rerank(self, query: Tensor, gallery: Tensor) -> Tensor:
        """query (1, D), gallery (N, 1, D) -> log odds (N,) of a match, by the similarity of the query's category."""
        category = self.category(spread(query)).argmax(1).expand(len(gallery))
        queries = spread(query).expand(len(gallery), -1)
        scores = self.similarity(queries, spread(gallery[:, 0]), category)
        odds: Tensor = scores[:, 1] - scores[:, 0]
        return odds

    def _pairs(self, asked: Tensor, answers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Places (M,) in queries and in the gallery, and whether they match: all that do, and some that do not.

        asked, answers  products of queries (Q,) and gallery (G,)
        """
        pairs = pairs_across(asked, answers)
        drawn = torch.rand(pairs.wrong.shape, device=asked.device)
        places, there = hardest(drawn, pairs.wrong, self.config.negatives)
        row, right = pairs.right.nonzero(as_tuple=True)
        other, nth = there.nonzero(as_tuple=True)
        match = torch.cat([torch.ones_like(row), torch.zeros_like(other)])
        return torch.cat([row, other]), torch.cat([right, places[other, nth]]), match
