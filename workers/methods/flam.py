"""Vectors that find a product, and move to where it would lie with another colour, pattern or sleeve.

Source: Shin, Park, Kim, "Semi-supervised Feature-Level Attribute Manipulation for Fashion Image Retrieval", BMVC 2019,
arXiv 1907.05007 (FLAM).

extractor   any network, taught to retrieve by triplets of products; frozen afterwards
attributes  an embedder for each kind of attribute on the frozen vector, drawn to a dictionary's entries (equation 8)
edits       G(x, phi_a(x-)), equation 9, against a discriminator, equation 10; back again to x with phi_a(x) (cycle);
            phi_a of what was made is phi_a(x-) (matching). Photos without labels are edited like the others
Kinds are told by the attributes' names, `kind: value`. At a search the dictionary's entry stands for phi_a(x-).

The literal recipe (`literal=True`) changes the attribute and loses the item: cycle and matching are content with
directions that no photo has, in which the item hides. By default the item is kept, by what is ours: the generator adds
to x; asked for what x has, it leaves x alone (identity); phi of all other kinds stays (others); x moves no further
than it must (near); embedders learn on blurred vectors, and matching is judged on blurred ones, so that no small
direction of their own satisfies it.
The best weights of `edits` are judged without the game of two, which says nothing of how good they are.
Values marked (?) are not published, or not known to us, and are our choice; the paper's text gives no numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workers import contract
from workers.contract import Batch, Group, LabelSpace, Stage, Training, bounds
from workers.data.augment import augment
from workers.layers.attributes.attribute_dictionary import AttributeDictionary, DictionaryTriplets
from workers.layers.attributes.feature_edits import (
    Discriminator,
    Generator,
    in_slots,
    taken_for_real,
    told_apart,
)
from workers.layers.joined_batch import joined
from workers.layers.networks.backbone import Backbone
from workers.layers.pairs.triplet import triplet_loss
from workers.layers.pooling import Pool
from workers.layers.unit_vectors import blurred

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
UNLABELLED = (
    1e-6  # chance of a photo without a value to be the one whose value is taken, beside one that has some
)


@dataclass(frozen=True)
class Config:
    """The published losses; their weights and all sizes are ours."""

    backbone: bounds.Backbone = "resnet50"  # (?)
    weights: str = "auto"  # ImageNet in the paper; see workers/layers/networks/backbone.py for "auto"
    image_size: bounds.ImageSize = 224  # (?) px
    pooling: bounds.Pooling = "gap"  # (?)
    embedding: bounds.Count = 512  # (?) length of the vector
    entry: bounds.Count = 128  # (?) length of phi and of the dictionary's entries
    embedder_units: bounds.Count = 512  # (?) of each embedder's layer
    edit_units: bounds.Count = 1024  # (?) of the generator's and the discriminator's layers
    edit_rate: bounds.Rate = 1e-3  # (?) learning rate of embedders, generator and discriminator
    margin: bounds.Scale = 0.3  # (?) of the extractor's triplets, squared distances of vectors of length 1
    entry_margin: bounds.Scale = 1.5  # (?) mu of equation 8
    adversarial: bounds.Weight = 1.0  # (?)
    cycle: bounds.Weight = 5.0  # (?)
    matching: bounds.Weight = 10.0  # (?)
    literal: bool = False  # True: as published, without the five below
    residual: bool = True
    identity: bounds.Weight = 5.0
    others: bounds.Weight = 10.0
    near: bounds.Weight = 1.0
    noise: bounds.Weight = 1.0  # length of what blurs a vector
    photos_per_product: bounds.Count = 2  # (?) of the extractor's batches


TRAINING = Training(
    batch=64,  # (?)
    epochs=20,  # (?) of the stage `extractor`
    frozen_epochs=20,  # (?) of the stages `attributes` and `edits` each, in which the extractor is frozen
    optimiser="adamw",  # (?)
    learning_rate=1e-4,  # (?) of the extractor
    schedule="cosine",  # (?) anew in every stage
)


class Extractor(nn.Module):
    """images (N, 3, H, W) -> vectors x (N, D), of length 1."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.trunk = Backbone(config.backbone, config.weights)
        self.pool = Pool(config.pooling)
        self.embedding = nn.Linear(self.trunk.dim, config.embedding)

    def forward(self, images: Tensor) -> Tensor:
        """What finds a product."""
        return F.normalize(self.embedding(self.pool(self.trunk(images))).float(), dim=1)


class Method(contract.Method):
    """An extractor, a dictionary on it, and a generator with its judge."""

    reads = ("attributes", "product")

    def __init__(self, config: Config, labels: LabelSpace) -> None:
        super().__init__()
        labels.require("flam", "attributes")
        self.config, self.image_size, self.dim = config, config.image_size, config.embedding
        self.labels, groups = labels, tuple(labels.attribute_groups.values())
        self.extractor = Extractor(config)
        self.origin, self.normalisation = self.extractor.trunk.origin, self.extractor.trunk.normalisation
        self.dictionary = AttributeDictionary(self.dim, config.embedder_units, config.entry, groups)
        self.triplets = DictionaryTriplets(config.entry_margin)
        condition = len(groups) * config.entry
        residual = config.residual and not config.literal
        self.generator = Generator(self.dim, condition, config.edit_units, residual)
        self.discriminator = Discriminator(self.dim, config.edit_units)
        self._seen: tuple[Tensor, Tensor] | None = None

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, H, W) -> x (N, D)."""
        vectors: Tensor = self.extractor(batch.images)
        return vectors

    def stages(self, training: Training) -> list[Stage]:
        """The extractor; the dictionary behind it, frozen; the edits behind both, frozen."""
        config, frozen = self.config, training.frozen_epochs
        changes = {"optimiser": "adamw", "learning_rate": config.edit_rate}
        retrieval = Group.of("extractor", self.extractor.parameters(), training)
        kinds = Group.of("dictionary", self.dictionary.parameters(), training, **changes)
        changes |= {"betas": (0.5, 0.999), "weight_decay": 0.0}
        judge = Group.of("discriminator", self.discriminator.parameters(), training, **changes)
        maker = Group.of("generator", self.generator.parameters(), training, **changes)
        each = config.photos_per_product
        return [
            Stage("extractor", training.epochs, (retrieval,), "pk", photos_per_product=each),
            Stage("attributes", frozen, (kinds,), frozen=(self.extractor,)),
            Stage("edits", frozen, (judge, maker), frozen=(self.extractor, self.dictionary)),
        ]

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Moved and lit otherwise."""
        return augment(batch, generator)

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """The stage's terms, each times its weight.

        products       hinge of squared distances, mean over the batch's triplets, all workers' together
        dictionary     equation 8, mean over triplets, summed over kinds
        discriminator  equation 10, nats; and the generator's:
        adversarial    nats
        cycle, matching, identity, others, near  squared distances, mean over photos; others over kinds, too, so that
                       many of them do not hold down the one that is to change
        """
        if stage == "extractor":
            return {"products": self._products(self.embed(batch), batch.dense("product"))}
        vectors = self._frozen(batch, last=group != "discriminator")
        hot = batch.multi_hot("attributes", len(self.labels.attributes))
        if stage == "attributes":
            likeness = self.dictionary.likeness(self.dictionary(self._blurred(vectors)))
            return {"dictionary": self.triplets(likeness, hot, self.dictionary.groups)}
        kinds, partner = self._wanted(self.dictionary.known(hot))
        if group == "discriminator":
            return self._told_apart(vectors, kinds, partner)
        return self._edits(vectors, kinds, partner)

    def predict(self, batch: Batch) -> Mapping[str, Tensor]:
        """Of each attribute the cosine (N, A) of its entry in the dictionary and the photo's phi of its kind."""
        return {"attributes": self.dictionary.likeness(self.dictionary(self.embed(batch)))}

    def edit(self, vectors: Tensor, attribute: str, value: str) -> Tensor:
        """G(x, d_a) for the dictionary's entry of the value: (N, D) -> (N, D), of length 1.

        Raises InputError for an attribute or a value that it has not learnt.
        """
        place = self.labels.attribute_place(attribute, value)
        kind = next(number for number, places in enumerate(self.dictionary.groups) if place in places)
        kinds = torch.full((len(vectors),), kind, device=vectors.device)
        entries = self.dictionary.entry(place).expand(len(vectors), -1)
        edited: Tensor = self.generator(vectors, self._slots(entries, kinds))
        return edited

    def _products(self, vectors: Tensor, products: Tensor) -> Tensor:
        if self.training:
            vectors, products = joined(vectors), joined(products)
        return triplet_loss(vectors, products, self.config.margin)

    def _frozen(self, batch: Batch, last: bool) -> Tensor:
        """x of a batch without a gradient; two groups that step on one batch look at its photos once."""
        vectors = self._seen[1] if self._seen and self._seen[0] is batch.images else None
        if vectors is None:
            with torch.no_grad():
                vectors = self.embed(batch)
        self._seen = None if last else (batch.images, vectors)
        return vectors

    def _wanted(self, known: Tensor) -> tuple[Tensor, Tensor]:
        """Draw for each photo a kind of attribute, and the photo x- whose value it is to get: both (N,).

        known  (N, K) whether a photo has a value of a kind; (?) x- is one that has, where there are such
        """
        count, kinds = known.shape
        drawn = torch.randint(kinds, (count,), device=known.device)
        chances = known[:, drawn].T.float().fill_diagonal_(0) + UNLABELLED
        return drawn, torch.multinomial(chances, 1)[:, 0]

    def _slots(self, embedded: Tensor, kinds: Tensor) -> Tensor:
        return in_slots(embedded, kinds, len(self.dictionary.groups))

    def _told_apart(self, vectors: Tensor, kinds: Tensor, partner: Tensor) -> dict[str, Tensor]:
        if not self.training:
            return {}
        with torch.no_grad():
            wanted = self._slots(self.dictionary(vectors)[partner, kinds], kinds)
            made = self.generator(vectors, wanted)
        return {"discriminator": told_apart(self.discriminator(vectors), self.discriminator(made))}

    def _edits(self, vectors: Tensor, kinds: Tensor, partner: Tensor) -> dict[str, Tensor]:
        config, photos = self.config, torch.arange(len(vectors), device=vectors.device)
        with torch.no_grad():
            embedded = self.dictionary(vectors)
        wanted, own = embedded[partner, kinds], self._slots(embedded[photos, kinds], kinds)
        made = self.generator(vectors, self._slots(wanted, kinds))
        seen = self.dictionary(self._blurred(made))
        terms = {
            "cycle": config.cycle * _apart(self.generator(made, own), vectors),
            "matching": config.matching * _apart(seen[photos, kinds], wanted),
        }
        if self.training:
            terms["adversarial"] = config.adversarial * taken_for_real(self.discriminator(made))
        if not config.literal:
            seen, embedded = (_without(phi, kinds) for phi in (seen, embedded))
            terms |= {
                "identity": config.identity * _apart(self.generator(vectors, own), vectors),
                "others": config.others * _apart(seen, embedded) / max(1, len(self.dictionary.groups) - 1),
                "near": config.near * _apart(made, vectors),
            }
        return terms

    def _blurred(self, vectors: Tensor) -> Tensor:
        return blurred(vectors, self.config.noise) if self.training and not self.config.literal else vectors


def _apart(one: Tensor, other: Tensor) -> Tensor:
    """Squared distance of rows, mean over them."""
    return (one - other).square().sum(1).mean()


def _without(phi: Tensor, kinds: Tensor) -> Tensor:
    """phi (N, K, E) -> (N, K E), 0 where the kind (N,) is the one that is edited."""
    here = torch.arange(phi.shape[1], device=phi.device) == kinds[:, None]
    return phi.masked_fill(here[:, :, None], 0).flatten(1)
