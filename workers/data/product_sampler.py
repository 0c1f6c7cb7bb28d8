"""Batches by product, for losses between photos of one product and of others.

pk     P products, K photos of each: Hermans et al., "In defense of the triplet loss", 2017. Photo n of the batch shows
       product n // K of the batch.
pairs  two photos of each product, one of each domain, such as a shop's and a customer's: photos 2 n and 2 n + 1 of the
       batch, the shop's first.

Products come in a new order every epoch, each once before any comes again. Products that cannot make their K photos or
their pair are not drawn.
"""

import numpy as np
from numpy.typing import NDArray

from schemas.errors import InputError
from workers.contract import Stage
from workers.data.dataset import Dataset
from workers.data.sampler import Draw, PhotoSampler, Sampler, WordSampler

FEWEST = 2  # photos of a product that pk can use; where there are fewer than K, some come twice


class ProductSampler:
    """Some photos of one product side by side, product after product.

    slots  per place beside each other, photos by product: (products + 1,) starts and (N,) photos. One slot of K
           photos for pk, two slots of one photo for pairs.
    """

    def __init__(
        self, slots: list[tuple[NDArray[np.int64], NDArray[np.int64]]], each: int, *, seed: int, rank: int
    ) -> None:
        self._slots, self._each, self._seed, self._rank = slots, each, seed, rank
        self._epoch, self._order = -1, np.empty(0, np.int64)
        self.together = each * len(slots)

    def __len__(self) -> int:
        return len(self._slots[0][0]) - 1

    def draw(self, epoch: int, step: int, first: int, size: int) -> Draw:
        """The photos at places first..first + size of the epoch, `together` of them to a product."""
        if epoch != self._epoch:
            shuffled = np.random.default_rng([self._seed, epoch, self._rank]).permutation(len(self))
            self._epoch, self._order = epoch, shuffled
        random = np.random.default_rng([self._seed, epoch, step, self._rank])
        places = np.arange(first // self.together, (first + size) // self.together) % len(self)
        return Draw(
            np.concatenate([self._photos_of(product, random) for product in self._order[places]]), None
        )

    def _photos_of(self, product: int, random: np.random.Generator) -> NDArray[np.int64]:
        chosen = []
        for starts, photos in self._slots:
            own = photos[starts[product] : starts[product + 1]]
            chosen.append(np.resize(random.permutation(own), self._each))
        return np.concatenate(chosen)


def pk_sampler(products: NDArray[np.int64], each: int, *, seed: int, rank: int) -> ProductSampler:
    """`each` photos of every product; products (N,) is the one that each photo shows."""
    _, number, counts = np.unique(products, return_inverse=True, return_counts=True)
    usable = np.flatnonzero(counts[number] >= FEWEST)
    return ProductSampler([_by_product(products, usable)], each, seed=seed, rank=rank)


def pair_sampler(
    products: NDArray[np.int64], domains: NDArray[np.int64], *, seed: int, rank: int
) -> ProductSampler:
    """Two photos of every product that has some of both domains (N,), 0 and 1; others are of none."""
    of_each = [np.flatnonzero(domains == domain) for domain in (0, 1)]
    both = np.intersect1d(products[of_each[0]], products[of_each[1]])
    slots = [_by_product(products, photos[np.isin(products[photos], both)]) for photos in of_each]
    return ProductSampler(slots, 1, seed=seed, rank=rank)


def sampler_of(
    stage: Stage, dataset: Dataset, *, seed: int, rank: int, spread: NDArray[np.int64] | None = None
) -> Sampler:
    """What a stage's `sampler` names. Raises InputError for another name, or for columns that it lacks."""
    needed = {"words": ["words"], "photos": [], "pk": ["product"], "pairs": ["product", "domain"]}
    if stage.sampler not in needed:
        raise InputError(f"sampling {stage.sampler}", f"there are {', '.join(needed)}")
    if missing := [name for name in needed[stage.sampler] if name not in dataset.columns]:
        raise InputError(f"sampling {stage.sampler}", f"needs a method that reads {' and '.join(missing)}")
    if stage.sampler == "words":
        return WordSampler(dataset.sparse("words"), seed=seed, rank=rank, spread=spread)
    if stage.sampler == "photos":
        bags = dataset.sparse("words") if "words" in dataset.columns else None
        return PhotoSampler(len(dataset), bags, seed=seed, rank=rank)
    if stage.sampler == "pk":
        return pk_sampler(dataset.dense("product"), stage.photos_per_product, seed=seed, rank=rank)
    return pair_sampler(dataset.dense("product"), dataset.dense("domain"), seed=seed, rank=rank)


def _by_product(
    products: NDArray[np.int64], photos: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """starts (P + 1,) and photos (M,): the given photos product by product, products and photos ascending."""
    order = photos[np.argsort(products[photos], kind="stable")]
    _, counts = np.unique(products[photos], return_counts=True)
    return np.r_[0, np.cumsum(counts)].astype(np.int64), order
