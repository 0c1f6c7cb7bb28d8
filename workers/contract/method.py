"""The base of every method, and the protocols that say what else one can do."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from workers.contract.batch import Batch
from workers.contract.stage import Stage
from workers.contract.training import Training


class Method(nn.Module):
    """A photo becomes a vector. Built as `Method(config, labels)`, with the random state of the training's seed.

    Everything that it has learnt lies in its parameters and buffers, whose shapes follow from Config and LabelSpace
    alone: a checkpoint is its state dict.

    reads       columns of workers/contract/batch.py that its batches have
    dim         D, length of its vectors
    image_size  px, side of the photos that `embed` is given
    origin      where the first weights came from: random | package, version, licence and hash | torchvision:... |
                file:<sha256> | no weights
    fits_together  whether `fit` of a `Fits` takes in what all workers see; otherwise one worker learns
    normalisation  what its network makes of a pixel's value, as it enters the fingerprint; empty: nothing
    """

    reads: ClassVar[tuple[str, ...]] = ()
    fits_together: ClassVar[bool] = False
    dim: int
    image_size: int
    origin: str = "random"
    normalisation: str = ""

    def embed(self, batch: Batch) -> Tensor:
        """images (N, 3, S, S) uint8, or float32 in 0..1 -> vectors (N, D) float32, L2 norm 1.

        Of columns there is at most `domain`: what is embedded is not labelled.
        """
        raise NotImplementedError


@runtime_checkable
class Trains(Protocol):
    """Learns by gradient."""

    def stages(self, training: Training) -> Sequence[Stage]:
        """What is learnt, stage after stage; none that has epochs where the training has none."""

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """uint8 -> float32 in 0..1: what the photos may look like; landmarks and boxes move with them.

        Called in the data path, in another thread than `loss`. The images are where the method is; the generator is
        the CPU's, and all that is drawn comes from it.
        """

    def loss(self, batch: Batch, stage: str, group: str) -> dict[str, Tensor]:
        """Named scalar terms in nats; the group's step lowers their sum, and each is logged by its name.

        Groups of one stage name other terms. Also called for validation, in evaluation mode.
        """


@runtime_checkable
class Fits(Protocol):
    """Learns without gradients, after its stages if it has some, but before those of whole photos: an SVM, a PCA."""

    def fit(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Every photo once, as it is embedded, in a fixed order; named losses of the fit for the history."""


@runtime_checkable
class Predicts(Protocol):
    """Says what is in a photo."""

    def predict(self, batch: Batch) -> Mapping[str, Tensor]:
        """Of category (N, C), attributes (N, A) scores and landmarks (N, L, 3) those that it knows.

        Landmarks as in a batch, but the third number is the chance 0..1 that it is seen.
        """


@runtime_checkable
class Reranks(Protocol):
    """Compares two photos closer than their vectors do."""

    def local(self, batch: Batch) -> Tensor:
        """(N, P, C): vectors of P places of each photo."""

    def rerank(self, query: Tensor, gallery: Tensor) -> Tensor:
        """query (P, C), gallery (N, P, C) -> (N,), larger where it is rather the same product."""


@runtime_checkable
class Attends(Protocol):
    """Can show where in a photo it looks."""

    def attention_maps(self, batch: Batch) -> Mapping[str, Tensor]:
        """Maps (N, H, W) in 0..1 that cover the photo, by name, in the order in which they are to be shown."""


@runtime_checkable
class Accounts(Protocol):
    """A `Reranks` that says which pairs of its places decided."""

    def places(self) -> Tensor:
        """(P, 4): left, top, right, bottom of each place of `local`, in half sides as a batch's boxes."""

    def votes(self, query: Tensor, gallery: Tensor) -> Tensor:
        """query, gallery (P, C) -> (P, P): what each pair of places adds to `rerank`'s score, to first order."""


@runtime_checkable
class Edits(Protocol):
    """Moves vectors to where the photo would be if an attribute were another."""

    def edit(self, vectors: Tensor, attribute: str, value: str) -> Tensor:
        """(N, D) -> (N, D), L2 norm 1.

        attribute, value  as in an attribute's name, `colour: red`
        Raises InputError for one that was not learnt, with those that were (LabelSpace.attribute_place).
        """


@runtime_checkable
class NamesWords(Protocol):
    """Has a vector per vocabulary word in the space of its photos.

    per_word  names of the tensors of its state dict with a row per word: what a fine-tuning with another vocabulary
              takes over row by row
    """

    per_word: ClassVar[frozenset[str]]

    def word_vectors(self) -> Tensor:
        """(V, D): photo and word belong together as far as their inner product is large."""


@runtime_checkable
class KnowsFrequencies(Protocol):
    """Wants to know how often each name stands, as for the weights of rare ones."""

    def count(self, photos: Mapping[str, Tensor], of: int) -> None:
        """How many photos have each word, category and attribute of those it reads, int64, `of` all learnt from.

        Called once, before the first batch.
        """
