"""A linear SVM that says how likely it is right.

Sources: Fan et al., "LIBLINEAR", JMLR 2008; Platt, "Probabilistic outputs for support vector machines", 1999.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
FOLDS = 3  # of the photos, for scores of photos that the SVM has not learnt from
ITERATIONS = 5_000


class Calibrated(NamedTuple):
    """Log odds of a photo x are weights . x + bias; `loss` is what they cost, nats, on photos not learnt from."""

    weights: NDArray[np.float64]
    bias: float
    loss: float


def calibrated_svm(
    vectors: NDArray[np.float32], true: NDArray[np.bool_], regularisation: float
) -> Calibrated:
    """vectors (N, D), true (N,) -> the SVM's log odds, Platt's line on its scores included.

    regularisation  C: the smaller, the smoother
    With fewer than FOLDS photos of either side there is nothing to learn but how many there are: weights of 0.
    """
    count, positive = len(true), int(true.sum())
    share = (positive + 1) / (count + 2)
    if min(positive, count - positive) < FOLDS:
        prior = float(np.log(share / (1 - share)))
        return Calibrated(np.zeros(vectors.shape[1]), prior, _nats(np.full(count, prior), true))
    svm = LinearSVC(C=regularisation, dual="auto", max_iter=ITERATIONS, random_state=0)
    folds = StratifiedKFold(FOLDS)
    scores = cross_val_predict(svm, vectors, true, cv=folds, method="decision_function")
    platt = LogisticRegression(C=1e6).fit(scores[:, None], true)
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    svm.fit(vectors, true)
    loss = _nats(slope * scores + offset, true)
    return Calibrated(slope * svm.coef_[0], slope * float(svm.intercept_[0]) + offset, loss)


def _nats(odds: NDArray[np.float64], true: NDArray[np.bool_]) -> float:
    return float(np.logaddexp(0, np.where(true, -odds, odds)).mean()) if len(true) else 0.0
