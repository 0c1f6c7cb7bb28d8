"""A linear reading of many attributes at once from frozen vectors: ridge regression on 1 and 0, in closed form.

Source: Hoerl and Kennard 1970; one-against-rest least squares ranks as well as logistic regression where only the order
of scores counts (Rifkin and Klautau 2004), and a thousand attributes cost one solve.
"""

import numpy as np
from numpy.typing import NDArray

STRENGTH = 1e-3  # of the mean variance of the features


def fit_ridge(vectors: NDArray[np.float32], true: NDArray[np.bool_]) -> NDArray[np.float64]:
    """vectors (N, D), true (N, A) -> weights (D + 1, A), the last row the bias."""
    mean = vectors.mean(0, dtype=np.float64)
    centred = vectors - mean
    square = centred.T @ centred
    square[np.diag_indices_from(square)] += STRENGTH * np.trace(square) / len(square) + 1e-12
    share = true.mean(0)
    weights = np.linalg.solve(square, centred.T @ (true - share))
    return np.concatenate([weights, (share - mean @ weights)[None]])


def ridge_scores(weights: NDArray[np.float64], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, A)."""
    scores: NDArray[np.float32] = (vectors @ weights[:-1] + weights[-1]).astype(np.float32)
    return scores
