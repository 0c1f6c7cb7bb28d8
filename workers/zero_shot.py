"""Naming a photo without having seen a label: label names are looked up among the learnt words.

Source: METHODS.md 1.4, the zero-shot reading of Corbière et al. 2017: the score of a label is the
mean of w . z over the label's known words; a label without a known word is never predicted, and the
photos that carry it are misses.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.words import tokens


def label_vectors(
    labels: Sequence[str], ids: Mapping[str, int], vectors: NDArray[np.float32]
) -> tuple[NDArray[np.float32], list[str]]:
    """One vector per label, and the labels that no learnt word names.

    labels   (L,) names as people write them: "Casual Shoes"
    ids      word -> row of `vectors`
    vectors  (V, D) word vectors
    Returns  (L, D), NaN rows for unknown labels.
    """
    rows = np.full((len(labels), vectors.shape[1]), np.nan, np.float32)
    unknown = []
    for row, label in enumerate(labels):
        known = [ids[form] for word in tokens(label) if (form := _known_form(word, ids))]
        if known:
            rows[row] = vectors[known].mean(0)
        else:
            unknown.append(label)
    return rows, unknown


def label_scores(photos: NDArray[np.float32], labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, L) scores; -inf for labels without a vector. Photos (N, D) may be normalised: ranks do not change."""
    known = np.isfinite(labels).all(1)
    scores = np.full((len(photos), len(labels)), -np.inf, np.float32)
    scores[:, known] = photos @ labels[known].T
    return scores


def words_vector(
    query: str, ids: Mapping[str, int], vectors: NDArray[np.float32]
) -> tuple[NDArray[np.float32] | None, list[str]]:
    """A query in words as one vector in the photos' space, L2 norm 1, and the words it does not know.

    The vector is the sum of the words' unit vectors, so that no single frequent word drowns the rest;
    None where no word is known.
    """
    known = [ids[form] for word in tokens(query) if (form := _known_form(word, ids))]
    unknown = [word for word in tokens(query) if not _known_form(word, ids)]
    if not known:
        return None, unknown
    rows = vectors[known] / np.linalg.norm(vectors[known], axis=1, keepdims=True)
    total = rows.sum(0)
    return (total / np.linalg.norm(total)).astype(np.float32), unknown


def _known_form(word: str, ids: Mapping[str, int]) -> str:
    """The word itself, its singular or its plural, whichever was learnt; empty for none."""
    forms = [word, word + "s", word + "es", word.removesuffix("s"), word.removesuffix("es")]
    return next((form for form in forms if form in ids), "")
