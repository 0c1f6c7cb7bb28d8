"""A linear probe: how well a straight line through frozen vectors tells the values of a clean column.

It is no zero-shot reading: it learns from the clean column, and so has a name of its own in the scores
(both are reported and never mixed). The photos it learns from are those of the train
split, so it may be asked about the held-out ones.

Features: the stored vectors have L2 norm 1; each dimension is centred and divided by its standard
deviation over the photos learnt from, and all by sqrt(D), so that a penalty means the same at any D.
Classifier: multinomial logistic regression with an L2 penalty, fitted by L-BFGS (scikit-learn). Its
strength C is the best of a fixed grid on a fifth of the train groups, after which all of them are learnt.
Source: the linear evaluation of Radford et al., "Learning transferable visual models", 2021, A.3.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)  # scikit-learn's C: the inverse of the penalty
VALIDATION_SHARE = 0.2
STEPS = 300
TOLERANCE = 1e-3  # on the gradient; a tighter one costs seconds and moves no accuracy digit that is shown


@dataclass(frozen=True)
class Probe:
    """A fitted probe.

    weights     (D, L) and bias (L,) on standardised features
    mean, scale (D,) of the photos learnt from
    labels      (L,) the values told apart, sorted
    strength    C that was chosen
    tried       C -> accuracy on the validation groups
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    labels: tuple[str, ...]
    strength: float
    tried: dict[float, float]

    def scores(self, vectors: NDArray[np.float32], labels: Sequence[str]) -> NDArray[np.float32]:
        """(N, L) score of each asked label; -inf for one that no photo learnt from carried."""
        columns = {label: n for n, label in enumerate(self.labels)}
        own = _standard(vectors, self.mean, self.scale) @ self.weights + self.bias
        scores = np.full((len(vectors), len(labels)), -np.inf, np.float32)
        for n, label in enumerate(labels):
            if label in columns:
                scores[:, n] = own[:, columns[label]]
        return scores


def fit_probe(
    vectors: NDArray[np.float32], values: Sequence[str], groups: Sequence[int], seed: int = 0
) -> Probe:
    """Learn to tell `values` from `vectors`.

    vectors  (N, D) photos of the train split
    values   (N,) their clean values
    groups   (N,) near-duplicate groups: no look is on both sides of the validation
    Raises ValueError where there are fewer than two values or groups: nothing can be told apart.
    """
    right, owners = np.asarray(values, dtype=str), np.asarray(groups)
    if len(np.unique(right)) < 2 or len(np.unique(owners)) < 2:
        raise ValueError("a probe needs photos of two values and two groups")
    mean, deviation = vectors.mean(0), vectors.std(0)
    # A dimension that never varies says nothing; dividing by its rounding noise would make it shout.
    scale = np.where(deviation > 1e-6, deviation, np.inf).astype(np.float32)
    features = _standard(vectors, mean, scale)
    aside = _validation(owners, seed)
    tried: dict[float, float] = {}
    if len(np.unique(right[~aside])) > 1:
        for strength in STRENGTHS:
            model = _fit(features[~aside], right[~aside], strength)
            tried[strength] = float(model.score(features[aside], right[aside]))
    strength = max(tried, key=lambda c: (tried[c], -c)) if tried else 1.0
    model = _fit(features, right, strength)
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:  # two values: scikit-learn keeps one column, the log-odds of the second
        weights, bias = np.concatenate([-weights, weights], 1), np.concatenate([-bias, bias])
    return Probe(
        weights.astype(np.float32),
        bias.astype(np.float32),
        mean,
        scale,
        tuple(map(str, model.classes_)),
        strength,
        tried,
    )


def _standard(
    vectors: NDArray[np.float32], mean: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.float32]:
    standard: NDArray[np.float32] = (vectors - mean) / (scale * np.float32(np.sqrt(vectors.shape[1])))
    return standard


def _validation(groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Which photos are set aside: those of a fifth of the groups, at least one."""
    names = np.unique(groups)
    count = max(1, round(VALIDATION_SHARE * len(names)))
    return np.isin(groups, np.random.default_rng(seed).permutation(names)[:count])


def _fit(features: NDArray[np.float32], values: NDArray[np.str_], strength: float) -> Any:
    # Imported where a probe is asked for: three seconds, which an evaluation without clean columns need not pay.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=STEPS, tol=TOLERANCE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # weak penalties are cut at STEPS, by design
        model.fit(features, values)
    return model
