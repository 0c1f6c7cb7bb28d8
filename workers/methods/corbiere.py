"""Weakly supervised embedding from the words of shops.

Source: Corbière, Ben-Younes, Ramé, Ollion, "Leveraging Weakly Annotated Data for Fashion Image
Retrieval and Label Prediction", ICCV Workshops 2017, arXiv 1709.09426; sampling after Joulin et al.,
"Learning Visual Features from Large Weakly Supervised Data", ECCV 2016.

A word is drawn uniformly from the vocabulary, a photo uniformly among those whose text holds it, and
the word is predicted from the photo: p(k | x) = softmax_k(w_k . z(x)). Ours differs in one default:
the photo's other true words are left out of the softmax (`mask_true`); the paper pushes them down.
`target="bag"` draws photos uniformly and predicts all their words at once: on small catalogues uniform
words spend themselves on rare ones. Values marked (?) are not published and are our choice.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers.layers.pixels import normalise
from workers.layers.trunk import Trunk


@dataclass(frozen=True)
class Config:
    """The paper's own numbers; a run that changes one has it in its manifest."""

    backbone: str = "resnet50"  # z is its pooled feature
    weights: str = "auto"  # ImageNet in the paper; see workers/layers/trunk.py for "auto"
    image_size: int = 224  # (?) px
    negatives: int = 0  # words drawn against the true one; 0: the whole vocabulary (number (?) in the paper)
    target: str = "word"  # word: as published | bag: every word of the photo, in equal shares
    mask_true: bool = True  # False: the paper's literal softmax
    optimiser: str = "sgd"  # sgd | adamw
    learning_rate: float = 0.1
    momentum: float = 0.0  # (?)
    weight_decay: float = 0.0  # (?)
    schedule: str = "plateau"  # plateau: x0.1 after 10 epochs without improvement | cosine: to 0 at the end
    batch: int = 20
    frozen_epochs: int = 20  # word layer alone, backbone frozen
    epochs: int = 100  # at most, after the frozen ones; stops after 20 without improvement
    augment: bool = True  # (?) flip, shift, scale, light
    seed: int = 0


class Method(nn.Module):
    """Predict a product's words from its photo; the vector is what predicts them."""

    def __init__(self, config: Config, words: int) -> None:
        super().__init__()
        torch.manual_seed(config.seed)
        self.config = config
        self.trunk = Trunk(config.backbone, config.weights)
        self.dim = self.trunk.dim
        self.words = nn.Linear(self.dim, words, bias=False)  # row k is w_k

    def features(self, images: Tensor) -> Tensor:
        """images (N, 3, H, W) -> z (N, D), the pooled feature, not normalised."""
        maps: Tensor = self.trunk(normalise(images))
        return maps.mean(dim=(2, 3))

    def embed(self, images: Tensor) -> Tensor:
        """images (N, 3, H, W) -> z / |z| (N, D)."""
        return F.normalize(self.features(images).float(), dim=1)

    def loss(self, images: Tensor, words: Tensor, bags: Tensor) -> Tensor:
        """Cross-entropy of the drawn word against the others, nats, mean over N.

        images  (N, 3, H, W)
        words   (N,) id of the word drawn for each photo
        bags    (N, V) bool, every true word of each photo
        """
        z = self.features(images).float()
        if self.config.target == "bag":
            shares = bags.float() / bags.sum(1, keepdim=True)
            return F.cross_entropy(z @ self.words.weight.T, shares)
        candidates = self._candidates(words)
        scores = z @ self.words.weight[candidates].T  # (N, S)
        place = torch.searchsorted(candidates, words)
        if self.config.mask_true:
            others = bags[:, candidates].clone()
            others[torch.arange(len(words), device=words.device), place] = False
            scores = scores.masked_fill(others, float("-inf"))
        return F.cross_entropy(scores, place)

    def word_vectors(self) -> Tensor:
        """w_k, (V, D)."""
        return self.words.weight.detach()

    def _candidates(self, words: Tensor) -> Tensor:
        """Sorted ids of the words that compete: all, or the batch's own and a uniform sample."""
        vocabulary = self.words.out_features
        if not 0 < self.config.negatives < vocabulary:
            return torch.arange(vocabulary, device=words.device)
        drawn = torch.randint(vocabulary, (self.config.negatives,), device=words.device)
        candidates: Tensor = torch.unique(torch.cat([words, drawn]))
        return candidates
