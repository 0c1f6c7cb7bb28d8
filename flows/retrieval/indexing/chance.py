"""How alike a query and a photo are by chance: what a hit must be above to mean anything."""

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PAIRS = 20_000
SAMPLED = 4_096  # photos that pairs are drawn from
PHOTOS_ABOVE = 0.95  # share of pairs of photos that are less alike; same kinds of garment are the rest
WORDS_ABOVE = 0.5  # a frequent word is true of many photos, so only the lower half is chance


class Sample:
    """The SAMPLED photos of the smallest ids, hashes that know nothing of the photo, out of a stream."""

    def __init__(self) -> None:
        self._photos: dict[str, tuple[str, NDArray[np.float32]]] = {}

    def add(self, image_ids: Sequence[str], products: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep those of (N, D) vectors that belong to the sample."""
        for image_id, product, vector in zip(image_ids, products, vectors, strict=True):
            self._photos.setdefault(image_id, (product, vector))
        kept = heapq.nsmallest(SAMPLED, self._photos)
        self._photos = {image_id: self._photos[image_id] for image_id in kept}

    def vectors(self) -> dict[str, NDArray[np.float32]]:
        """The vector (D,) of each photo of the sample, by image_id."""
        return {image_id: vector for image_id, (_, vector) in self._photos.items()}

    def chance(self, words: NDArray[np.float32] | None) -> dict[str, float]:
        """What `chance` says of the sample and the words that were learnt."""
        numbers: dict[str, int] = {}
        owners = [numbers.setdefault(product, len(numbers)) for product, _ in self._photos.values()]
        vectors = [vector for _, vector in self._photos.values()]
        matrix = np.stack(vectors) if vectors else np.empty((0, 1), np.float32)
        return chance(matrix, np.array(owners, np.int64), words)


def chance(
    vectors: NDArray[np.float32], owners: NDArray[np.int64], words: NDArray[np.float32] | None, seed: int = 0
) -> dict[str, float]:
    """Draw random pairs; return the cosine below which a photo, and words, are no more like a photo than by chance.

    vectors  (N, D) photos, L2 norm 1
    owners   (N,) the product of each: two photos of one are no chance
    words    (V, D) the words that were learnt; None for none
    Returns  "photos" and "words", each where there is something to draw from.
    """
    random = np.random.default_rng(seed)
    cosines: dict[str, float] = {}
    if not len(vectors):
        return cosines
    first, second = random.integers(0, len(vectors), (2, PAIRS))
    products = owners
    apart = products[first] != products[second]
    if apart.any():
        alike = np.einsum("nd,nd->n", vectors[first[apart]], vectors[second[apart]])
        cosines["photos"] = round(float(np.quantile(alike, PHOTOS_ABOVE)), 4)
    if words is not None and len(words):
        asked = words[random.integers(0, len(words), PAIRS)]
        norms = np.maximum(np.linalg.norm(asked, axis=1), 1e-12)
        alike = np.einsum("nd,nd->n", asked, vectors[first]) / norms
        cosines["words"] = round(float(np.quantile(alike, WORDS_ABOVE)), 4)
    return cosines
