"""Weakly supervised embedding from the words of shops.

Source: Corbière, Ben-Younes, Ramé, Ollion, "Leveraging Weakly Annotated Data for Fashion Image
Retrieval and Label Prediction", ICCV Workshops 2017, arXiv 1709.09426; sampling after Joulin et al.,
"Learning Visual Features from Large Weakly Supervised Data", ECCV 2016.

A word is drawn uniformly from the vocabulary, a photo uniformly among those whose text holds it, and
the word is predicted from the photo: p(k | x) = softmax_k(w_k . z(x)), over the drawn word and a sample of
others. Ours differs in one default: the photo's other true words are left out of the softmax (`mask_true`);
the paper pushes them down.
`sampling=photos` draws photos uniformly and predicts all words of each in equal shares: on small
catalogues uniform words spend themselves on rare ones.
Values marked (?) are not published and are our choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers import contract
from workers.contract import Batch, LabelSpace, Stage, Training, bounds, head_first
from workers.data.augment import augment, unit
from workers.layers.networks.backbone import Backbone
from workers.layers.pooling import Pool

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


@dataclass(frozen=True)
class Config:
    """The paper's own numbers; a run that changes one has it in its manifest."""

    backbone: bounds.Backbone = "resnet50"  # z is its pooled feature
    weights: str = "auto"  # ImageNet in the paper; see workers/layers/networks/backbone.py for "auto"
    image_size: bounds.ImageSize = 224  # (?) px
    pooling: bounds.Pooling = (
        "gap"  # (?) gap: mean, as ResNet-50 ships with | gem: generalised mean, power learnt | max
    )
    sampling: bounds.Sampling = (
        "words"  # words: as published | photos: every photo once an epoch, all its words at once
    )
    negatives: bounds.CountOrNone = (
        0  # (?) words drawn against the true one, number unpublished; 0: the whole vocabulary
    )
    negative_power: bounds.Weight = (
        0.0  # (?) drawn in proportion to photos ** this; 0: uniformly, 0.75: as word2vec
    )
    mask_true: bool = True  # False: the paper's literal softmax
    augment: bool = True  # (?) mirror, shift, scale, light


TRAINING = Training(
    optimiser="sgd",  # as published; or adamw
    learning_rate=0.1,  # as published
    momentum=0.0,  # (?)
    weight_decay=0.0,  # (?)
    schedule="plateau",  # as published: x0.1 after 10 epochs without improvement | cosine: to 0 at the end
    ema=0.0,  # not in the paper; decay of the averaged weights, 0: none
    batch=20,  # as published
    frozen_epochs=20,  # as published: word layer alone, backbone frozen
    epochs=100,  # (?) at most, after the frozen ones; stops after 20 without improvement, as published
)


class Method(contract.Method):
    """Predict a product's words from its photo; the vector is what predicts them."""

    reads = ("words",)
    per_word = frozenset({"words.weight"})

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size = config, config.image_size
        self.trunk = Backbone(config.backbone, config.weights)
        self.origin, self.normalisation = self.trunk.origin, self.trunk.normalisation
        self.pool = Pool(config.pooling)
        self.dim = self.trunk.dim
        self.words = nn.Linear(self.dim, len(labels.words), bias=False)  # row k is w_k
        self.frequencies: Tensor | None = None

    def features(self, images: Tensor) -> Tensor:
        """images (N, 3, H, W) -> z (N, D), the pooled feature, not normalised."""
        pooled: Tensor = self.pool(self.trunk(images))
        return pooled

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> z / |z| (N, D)."""
        return F.normalize(self.features(batch.images).float(), dim=1)

    def stages(self, training: Training) -> list[Stage]:
        """The word layer alone, then everything."""
        return head_first("words", self.words, self, training, self.config.sampling)

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Moved and lit otherwise, or as they are."""
        return augment(batch, generator) if self.config.augment else unit(batch)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Cross-entropy of the drawn word against the others, nats, mean over N."""
        z = self.features(batch.images).float()
        candidates = self._candidates(batch)  # (S,) ascending
        scores = z @ self.words.weight[candidates].T  # (N, S): other rows of W get no gradient
        true = _among(candidates, batch)  # (N, S) bool
        if self.config.sampling == "photos":
            shares = true / true.sum(1, keepdim=True)
            return {"words": F.cross_entropy(scores, shares)}
        place = torch.searchsorted(candidates, batch.dense("word"))
        if self.config.mask_true:
            true[torch.arange(len(place), device=place.device), place] = False
            scores = scores.masked_fill(true, float("-inf"))
        return {"words": F.cross_entropy(scores, place)}

    def word_vectors(self) -> Tensor:
        """w_k, (V, D)."""
        return self.words.weight.detach()

    def count(self, photos: Mapping[str, Tensor], of: int) -> None:
        """How many photos have each word: what negatives are drawn by."""
        self.frequencies = photos["words"].double() ** self.config.negative_power

    def _candidates(self, batch: Batch) -> Tensor:
        """Ids of the words that compete: all, or the batch's own and a sample of the vocabulary."""
        vocabulary, device = self.words.out_features, batch.images.device
        if not 0 < self.config.negatives < vocabulary:
            return torch.arange(vocabulary, device=device)
        if self.frequencies is None or not self.config.negative_power:
            drawn = torch.randint(vocabulary, (self.config.negatives,), device=device)
        else:
            weights = self.frequencies.to(device)
            drawn = torch.multinomial(weights, self.config.negatives, replacement=True)
        own = batch.dense("word") if self.config.sampling == "words" else batch.sparse("words").ids
        candidates: Tensor = torch.unique(torch.cat([own, drawn]))
        return candidates


def _among(candidates: Tensor, batch: Batch) -> Tensor:
    """(N, S) bool: whether a candidate is a true word of the photo. candidates (S,) ascending."""
    rows, ids = batch.sparse("words")
    place = torch.searchsorted(candidates, ids).clamp_max(len(candidates) - 1)
    here = candidates[place] == ids
    # Counted, because ids that are no candidates cannot be picked out without waiting for a GPU.
    counts = torch.zeros(len(batch), len(candidates), device=candidates.device)
    return counts.index_put_((rows, place), here.float(), accumulate=True) > 0
