"""Scores as pure functions of what was found: recall, precision, accuracy, and how sure they are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
DRAWS = 1000


def found_at(k: int, ranks: NDArray[np.int64]) -> Values:
    """Whether each query finds its product among its first `k` hits; the mean is Recall@k.

    ranks    (Q,) pessimistic rank of the first right photo, from 1; 0 where there is none
    Returns  (Q,) of 0.0 or 1.0.
    A query whose product is not in the gallery counts as a miss, not as skipped: the gallery is part
    of what is measured. Source: top-k retrieval accuracy, Liu et al., DeepFashion, CVPR 2016.
    """
    return ((ranks > 0) & (ranks <= k)).astype(np.float64)


def precision_at(k: int, hits: Sequence[Sequence[str]], truth: Sequence[str]) -> Values:
    """Share of each query's first `k` hits that carry the query's own value.

    hits     per query, the value of each hit, best first (at least k)
    truth    (Q,) value of each query
    Raises ValueError where a list is shorter than k: it would only look like a bad method.
    """
    if any(len(row) < k for row in hits):
        raise ValueError(f"a list of hits is shorter than k = {k}")
    return np.array(
        [sum(value == right for value in row[:k]) / k for row, right in zip(hits, truth, strict=True)]
    )


def label_found_at(k: int, scores: NDArray[np.float32], labels: NDArray[np.int64]) -> Values:
    """Whether the right label is among the `k` best of each photo; ties count against us.

    scores  (N, L) score of each label; -inf for a label without a known word
    labels  (N,) index of the right label
    A photo whose label has no known word is a miss.
    """
    own = scores[np.arange(len(labels)), labels][:, None]
    better = (scores >= own).sum(1) - 1  # the label itself is among them
    found: Values = ((better < k) & np.isfinite(own[:, 0])).astype(np.float64)
    return found


def interval(
    values: Values, clusters: Sequence[object], seed: int = 0, draws: int = DRAWS
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean, drawn by cluster.

    values    (Q,) one score per query
    clusters  (Q,) what the query belongs to; two photos of one product are no two witnesses
    Returns   (low, high); (nan, nan) without values.
    """
    if not len(values):
        return float("nan"), float("nan")
    _, cluster = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)
    sums = np.bincount(cluster, weights=values)
    sizes = np.bincount(cluster).astype(np.float64)
    random = np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):
        chosen = random.integers(len(sums), size=len(sums))
        means[draw] = sums[chosen].sum() / sizes[chosen].sum()
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def score_row(
    benchmark: str,
    slice_name: str,
    metric: str,
    k: int,
    values: Values,
    clusters: Sequence[object],
    fingerprint: str,
    method: str,
) -> dict[str, object]:
    """One row of schemas.score.SCORES."""
    low, high = interval(values, clusters)
    return {
        "benchmark": benchmark,
        "slice": slice_name,
        "metric": metric,
        "k": k,
        "value": float(values.mean()) if len(values) else float("nan"),
        "ci_low": low,
        "ci_high": high,
        "n": len(values),
        "fingerprint": fingerprint,
        "method": method,
    }
