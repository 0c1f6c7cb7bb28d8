"""The best retrieval that shops' words alone give: Corbière's idea with what fifteen years of metric learning add.

Every term stands behind a number in Config and can be switched off; docs/MEASURED.md says what each one paid.

words      softmax over the vocabulary against the bag of the photo's words (Joulin et al., ECCV 2016).
trust      shops write words that nobody sees, and a softmax that must explain them explains the visible ones
           worse; so a word's share of its text follows how well photos have told it (workers/layers/trust.py).
photos     photos attract each other as far as their words agree, the rarer the words the more: supervised
           contrastive learning (Khosla et al., NeurIPS 2020, eq. 2) with trusted words in the place of classes.
titles     SigLIP between the photo and the sum of its words' vectors (Zhai et al., ICCV 2023, eq. 1); photos with
           the same words are no negatives of each other.
products   Proxy-Anchor between photos of one product (Kim et al., CVPR 2020), where products have several.
colour     a fixed colour descriptor is part of the vector (workers/layers/colour.py), shown to the word layer
           in half of the draws only, so that the network goes on seeing colours itself.
certainty  the pooled features are as long as the network is sure: photos unlike those it learnt from excite it
           less, and there the colour part decides more. Its mean length on what it learnt from is 1.
projection a normalised linear map of the pooled features, for vectors of another length than theirs.
axes       of both parts a vector keeps what lies along their principal axes, fitted once the network has learnt: a
           third of the numbers finds as much. The word layer then settles behind them, on whole photos.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers import contract
from workers.contract import SETTLING, Batch, LabelSpace, Stage, Training, bounds, head_first
from workers.data.augment import Ranges, augment
from workers.layers.colour import ColourLayout
from workers.layers.joined_batch import joined, own_columns, summed, workers
from workers.layers.networks.backbone import Backbone
from workers.layers.pooling import Pool
from workers.layers.principal_axes import Moments, PrincipalAxes
from workers.layers.trust import Trust

VERSION = 2  # of what this file computes; see workers/contract/recipe.py
TEMPERATURE = 0.1  # of the term between photos
LENGTH_FORGETTING = 0.02  # share of the mean length that each batch renews


@dataclass(frozen=True)
class Config:
    """The best that was measured where ImageNet's weights are; docs/MEASURED.md has each value's worth, and SCRATCH."""

    backbone: bounds.Backbone = "efficientnet_lite0"  # its weights come with the installation
    weights: str = "auto"  # workers/training/weights/weights_choice.py
    image_size: bounds.ImageSize = (
        128  # px; another size while training than while embedding cost 5 points of type
    )
    pooling: bounds.Pooling = "gap"  # gap | gem | max
    projection: bounds.CountOrNone = 0  # length of the learnt part; 0: the pooled features themselves
    colour: bounds.Weight = 0.7  # length of the colour part beside the learnt part's 1; 0: none
    colour_hidden: bounds.Share = 0.5  # share of draws in which the word layer does not see the colour part
    axes: bounds.CountOrNone = 256  # of the learnt part's principal ones that vectors keep; 0: all of it
    colour_axes: bounds.CountOrNone = 256  # of the colour part's
    certainty: bool = True  # False: the learnt part has length 1 whatever the photo
    trust: bool = True
    scale: bounds.Scale = 9.0  # of the word scores; a larger one lets photos of one word lie further apart
    label_smoothing: bounds.Decay = 0.0
    photos: bounds.Weight = 0.25  # weight of the term between photos
    titles: bounds.Weight = 0.1  # weight of the SigLIP term
    products: bounds.Weight = 0.0  # weight of the Proxy-Anchor term
    proxies: bounds.Count = 8192  # products share proxies beyond that
    area: bounds.Part = 0.5  # smallest share of the photo that a crop shows
    tint: bounds.Share = 0.04  # colour cast while training; more would blur the colour words
    clutter: bounds.Share = 0.15  # share of photos put before another background
    sampling: bounds.Sampling = "photos"


TRAINING = Training(
    photo_size=160,  # px, of the photos that crops are cut from: as sharp as whole ones then
    typical=0.5,  # of the typical score; more, and words of few photos, learnt by heart, lose too much
    optimiser="muon",
    learning_rate=2e-3,
    momentum=0.9,  # of sgd
    weight_decay=0.05,
    schedule="cosine",
    ema=0.0,  # averaged weights paid nothing under a cosine schedule
    layer_decay=1.0,  # with a frozen first epoch and wise_ft: second views +2.5, neighbours of one type -2
    wise_ft=0.0,
    batch=64,
    frozen_epochs=0,
    epochs=12,
    settling_epochs=4,  # colours +1.2, types +0.3
    frozen_depths=0,
)

# With these, vectors are all that the network gives: as long as nothing has been learnt, axes would be drawn.
UNFITTED = {"axes": 0, "colour_axes": 0}

# The settings that were best from random weights.
SCRATCH = {
    "backbone": "resnet18", "weights": "random", "image_size": 96, "photo_size": 128, "learning_rate": 3e-3,
    "epochs": 20, "colour": 0.65, "titles": 0.0,
}  # fmt: skip


class Method(contract.Method):
    """v = (u, c h) / |(u, c h)|: u learnt, of length 1 or so, h the colour descriptor, of length 1."""

    reads = ("words", "product")
    fits_together = True
    per_word = frozenset(
        {"words.weight", "words.bias", "trusted.expected", "trusted.gains", "trusted.possible"}
    )
    length: Tensor
    scale: Tensor
    rarity: Tensor

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        self.config, self.image_size = config, config.image_size
        self.trunk = Backbone(config.backbone, config.weights)
        self.origin, self.normalisation = self.trunk.origin, self.trunk.normalisation
        self.pool = Pool(config.pooling)
        learnt = config.projection or self.trunk.dim
        if config.projection:
            self.project: nn.Module = nn.Sequential(
                nn.Linear(self.trunk.dim, learnt, bias=False), nn.BatchNorm1d(learnt)
            )
        else:
            self.project = nn.Identity()
        self.register_buffer("length", torch.zeros(()))  # mean length of features; 0: nothing learnt yet
        self.layout = ColourLayout()
        self.kept = PrincipalAxes(learnt, config.axes)
        self.kept_colours = PrincipalAxes(self.layout.dim, config.colour_axes if config.colour else 0)
        self.dim = self.kept.dim + (self.kept_colours.dim if config.colour else 0)
        words = len(labels.words)
        seen = learnt + (self.layout.dim if config.colour else 0)
        self.words = nn.Linear(seen, words)  # row k is w_k; the bias takes how often a word stands
        nn.init.normal_(self.words.weight, std=0.05)
        nn.init.zeros_(self.words.bias)
        self.register_buffer("scale", torch.tensor(math.log(config.scale)))  # a log, as where it was learnt
        self.register_buffer("rarity", torch.ones(words), persistent=False)  # nats
        self.trusted = Trust(words)
        if config.titles:
            self.sharpness = nn.Parameter(torch.tensor(math.log(10.0)))  # t' and b of SigLIP
            self.shift = nn.Parameter(torch.tensor(-10.0))
        if config.products:
            from pytorch_metric_learning.losses import ProxyAnchorLoss  # seconds

            self.proxies = ProxyAnchorLoss(config.proxies, learnt, margin=0.1, alpha=32)

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) uint8, or float in 0..1 -> v (N, D), L2 norm 1."""
        learnt, colours = self._learnt(batch.images), self._colours(_unit(batch.images))
        return self._joined(self.kept(learnt), None if colours is None else self.kept_colours(colours))

    def stages(self, training: Training) -> list[Stage]:
        """The word layer alone, everything, the network at its depths' rates, and the word layer again."""
        return head_first("words", self.words, self, training, self.config.sampling, self.trunk.depths)

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """photos (N, 3, S, S) uint8 -> crops of them (N, 3, image_size, image_size), float32 in 0..1."""
        ranges = Ranges(
            area=(self.config.area, 1.1),
            stretch=0.2,
            turn=10,
            shift=0.05,
            light=0.2,
            tint=self.config.tint,
            offset=0.05,
            clutter=self.config.clutter,
        )
        return augment(batch, generator, ranges, self.image_size)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """The terms that are switched on, in nats, each already times its weight.

        words     cross-entropy of the bag, in shares of trust, mean over N
        titles    SigLIP, sum over pairs / N
        products  Proxy-Anchor
        Of the stage that settles the word layer, the words alone.
        """
        pixels = _unit(batch.images)
        learnt, colours = self._learnt(pixels), self._colours(pixels)
        hot = batch.multi_hot("words", self.words.out_features)
        if stage == SETTLING:  # behind what vectors keep
            within = None if colours is None else self.kept_colours.within(colours)
            return {"words": self._word_loss(self._joined(self.kept.within(learnt), within), hot)}
        terms = {"words": self._word_loss(self._joined(learnt, self._half_hidden(colours)), hot)}
        if self.config.photos:
            terms["photos"] = self.config.photos * self._photo_loss(learnt, hot)
        if self.config.titles:
            terms["titles"] = self.config.titles * self._title_loss(self._joined(learnt, colours), hot)
        if self.config.products:
            labels = self._of_all_workers(batch.dense("product") % self.config.proxies)
            terms["products"] = self.config.products * self.proxies(self._of_all_workers(learnt), labels)
        return terms

    def word_vectors(self) -> Tensor:
        """w_k times the scale, (V, D): w_k . v is word k's score without how often it stands."""
        learnt = self.words.in_features - (self.layout.dim if self.config.colour else 0)
        rows, colours = self.words.weight.detach().tensor_split([learnt], 1)
        return torch.cat([self.kept(rows), self.kept_colours(colours)], 1) * self.scale.exp()

    def fit(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Turn the axes to what the photos of all workers are like; the shares of their energy that are left out."""
        learnt, colours = Moments(self.kept), Moments(self.kept_colours)
        for batch in batches:
            pixels = _unit(batch.images)
            learnt.add(self._learnt(pixels))
            if self.config.colour:
                colours.add(self.layout(pixels))
        left_out = {"left out": learnt.fit()}
        return left_out | ({"colours left out": colours.fit()} if self.config.colour else {})

    def count(self, photos: Mapping[str, Tensor], of: int) -> None:
        """How many of all photos have each word: what trust and rarity are measured against."""
        self.trusted.count(photos["words"])
        self.rarity.copy_((of / photos["words"].clamp_min(1)).log())

    def _learnt(self, pixels: Tensor) -> Tensor:
        pooled = self.pool(self.trunk(pixels)).float()
        with torch.autocast(pixels.device.type, enabled=False):
            features: Tensor = self.project(pooled)
            lengths = features.norm(dim=1, keepdim=True).clamp_min(1e-9)
            if not self.config.certainty:
                return F.normalize(features, dim=1)
            if self.training:
                mean = summed(lengths.detach().mean()) / workers()
                self.length.copy_(
                    torch.where(self.length > 0, self.length.lerp(mean, LENGTH_FORGETTING), mean)
                )
            learnt: Tensor = features / torch.where(self.length > 0, self.length, lengths)
            return learnt

    def _colours(self, pixels: Tensor) -> Tensor | None:
        return self.config.colour * self.layout(pixels) if self.config.colour else None

    def _half_hidden(self, colours: Tensor | None) -> Tensor | None:
        if colours is None or not self.training:
            return colours
        shown = torch.rand(len(colours), 1, device=colours.device) >= self.config.colour_hidden
        return colours * shown

    def _joined(self, learnt: Tensor, colours: Tensor | None) -> Tensor:
        return F.normalize(learnt if colours is None else torch.cat([learnt, colours], 1), dim=1)

    def _word_loss(self, vectors: Tensor, hot: Tensor) -> Tensor:
        with torch.autocast(vectors.device.type, enabled=False):
            scores = F.linear(vectors.float(), self.words.weight) * self.scale.exp() + self.words.bias
            log_p = F.log_softmax(scores, 1)
        if self.config.trust:
            if self.training:
                self.trusted.observe(log_p.detach(), hot)
            shares = self.trusted.shares(hot)
        else:
            shares = hot / hot.sum(1, keepdim=True).clamp_min(1)
        smooth = self.config.label_smoothing if self.training else 0.0
        shares = (1 - smooth) * shares + smooth / shares.shape[1]
        return -(shares * log_p).sum(1).mean()

    def _photo_loss(self, learnt: Tensor, hot: Tensor) -> Tensor:
        """Each photo i chooses j != i by p(j | i) ~ exp(cos(u_i, u_j) / T), to be told as ~ exp(cos(t_i, t_j) / T).

        t holds the words' shares of trust times their rarity; of a photo without words nothing is asked. The photos
        to choose from are those of all workers.
        """
        with torch.autocast(learnt.device.type, enabled=False):
            u, t = (
                F.normalize(rows, dim=1) for rows in (learnt.float(), self.trusted.shares(hot) * self.rarity)
            )
            every_u, every_t = self._of_all_workers(u), self._of_all_workers(t)
            itself = own_columns(hot, self.training)
            least = torch.finfo(u.dtype).min  # not -inf: a photo alone in its batch has nobody to choose
            alike = (t @ every_t.T / TEMPERATURE).masked_fill(itself, least).softmax(1)
            log_p = (u @ every_u.T / TEMPERATURE).masked_fill(itself, least).log_softmax(1)
            log_p = log_p.masked_fill(itself, 0)
            each = -(alike * log_p).sum(1)
            return (each * hot.any(1)).sum() / len(hot)  # rows are not picked out: a GPU would be waited for

    def _title_loss(self, vectors: Tensor, hot: Tensor) -> Tensor:
        """-mean over photos of sum over titles log sigmoid(y (t v . u + b)); y is 1 on the diagonal, else -1."""
        with torch.autocast(vectors.device.type, enabled=False):
            bags = hot.float()
            every_bag = self._of_all_workers(bags)
            texts = F.normalize(every_bag @ self.words.weight, dim=1)
            similar = vectors.float() @ texts.T * self.sharpness.exp() + self.shift
            own = own_columns(hot, self.training)
            # A title whose words are all among the photo's own is no wrong title for it.
            fits = (bags @ every_bag.T >= every_bag.sum(1)[None, :]) & ~own
            cost = F.softplus(torch.where(own, -similar, similar))
            return cost.masked_fill(fits, 0).sum() / len(bags)

    def _of_all_workers(self, rows: Tensor) -> Tensor:
        """Rows (N, ...) of all workers (M, ...), while learning: M is N where a single one learns, or it is judged."""
        return joined(rows) if self.training else rows


def _unit(images: Tensor) -> Tensor:
    return images.float().div(255) if images.dtype == torch.uint8 else images
