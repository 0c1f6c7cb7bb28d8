"""How alike a query and a photo are by chance: what a hit must be above to mean anything."""

import numpy as np
from numpy.typing import NDArray

PAIRS = 20_000
PHOTOS_ABOVE = 0.95  # share of pairs of photos that are less alike; same kinds of garment are the rest
WORDS_ABOVE = 0.5  # a frequent word is true of many photos, so only the lower half is chance


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
