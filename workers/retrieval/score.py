"""Scores as pure functions of what was found: recall, precision, accuracy, and how sure they are.

Every number has one definition here and one name in the scores table. Two rules hold for all of them:
ties of a rank count against us (a model that gives everything one vector must not score 100 %), and
a query without a right answer is a miss, not skipped: the gallery is part of what is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workers.retrieval.bootstrap import Values, cluster_numbers, mean_draws

Ranks = NDArray[np.int64]
Average = Literal["micro", "image", "macro", "mmfashion"]
DRAWS = 1000
MMFASHION_CLASSES = 50


@dataclass(frozen=True)
class Measure:
    """One score before it is averaged: a value per query, and what the queries belong to.

    benchmark  item-retrieval | reranked | zero-shot:<column> | probe:<column> | neighbours:<column>
    slice      all, or the value of the sliced column
    metric     name of the definition in this file
    k          how many hits or labels may be looked at; 0 where the whole ranking counts
    values     (Q,) one score per query
    clusters   (Q,) what each query belongs to; two photos of one product are no two witnesses
    """

    benchmark: str
    slice: str
    metric: str
    k: int
    values: Values
    clusters: Sequence[object]

    def row(self, fingerprint: str, method: str) -> dict[str, object]:
        """One row of schemas.score.SCORES: the mean and its interval."""
        low, high = interval(self.values, self.clusters)
        return {
            "benchmark": self.benchmark,
            "slice": self.slice,
            "metric": self.metric,
            "k": self.k,
            "value": float(self.values.mean()) if len(self.values) else float("nan"),
            "ci_low": low,
            "ci_high": high,
            "n": len(self.values),
            "fingerprint": fingerprint,
            "method": method,
        }


def found_at(k: int, ranks: Ranks) -> Values:
    """Whether each query finds its product among its first `k` hits; the mean is Recall@k.

    ranks    (Q,) pessimistic rank of the first right photo, from 1; 0 where there is none
    Returns  (Q,) of 0.0 or 1.0.
    Source: top-k retrieval accuracy, Liu et al., DeepFashion, CVPR 2016.
    """
    return ((ranks > 0) & (ranks <= k)).astype(np.float64)


def reciprocal_rank(ranks: Sequence[Ranks]) -> Values:
    """1 / rank of the first right photo; the mean is MRR. Source: Voorhees, TREC-8 question answering, 1999."""
    return np.array([1.0 / own[0] if len(own) else 0.0 for own in ranks])


def gain(ranks: Sequence[Ranks]) -> Values:
    """nDCG of the whole ranking, a right photo being worth 1: sum of 1 / log2(1 + rank), of 1 for the best order.

    Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    return np.array(
        [_discounted(own) / _discounted(np.arange(1, len(own) + 1)) if len(own) else 0.0 for own in ranks]
    )


def _discounted(ranks: Ranks) -> float:
    return float((1 / np.log2(1 + ranks)).sum())


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


def relevant_ranks(row_block: NDArray[np.float32], relevant: Sequence[NDArray[np.int64]]) -> list[Ranks]:
    """Rank of every right photo of each query in the whole gallery, ascending from 1.

    row_block  (Q, G) similarities
    relevant   per query, indices of its R right photos, each once
    Returns    per query (R,). A wrong photo that scores the same stands before the right one, so the
               first of these is the rank of workers.retrieval.nearest.pessimistic_ranks. Whole galleries are
               ranked by workers.retrieval.ranking, which gives the same without sorting.
    """
    ranks = []
    for row, right in zip(row_block, relevant, strict=True):
        own, everything = np.sort(row[right]), np.sort(row)
        as_good = len(row) - np.searchsorted(everything, own)  # right and wrong ones
        right_as_good = len(own) - np.searchsorted(own, own)
        place = len(own) - np.arange(len(own))  # among the right ones, best first
        ranks.append((as_good - right_as_good + place)[::-1].astype(np.int64))
    return ranks


def r_precision(ranks: Sequence[Ranks]) -> Values:
    """Share of right photos among the first R hits, R being how many there are.

    ranks    per query, as from `relevant_ranks`
    Returns  (Q,); 0 for a query without a right photo, as in the two below. Source: Musgrave et al. 2020.
    """
    return np.array([float((own <= len(own)).mean()) if len(own) else 0.0 for own in ranks])


def average_precision_at_r(ranks: Sequence[Ranks]) -> Values:
    """(1/R) sum over i <= R of P@i where hit i is right; its mean is mAP@R. A right photo beyond R adds 0.

    Source: Musgrave, Belongie, Lim, "A metric learning reality check", ECCV 2020.
    """
    return np.array([float((_precisions(own) * (own <= len(own))).sum() / max(1, len(own))) for own in ranks])


def average_precision(ranks: Sequence[Ranks]) -> Values:
    """Classic AP: the precision at every right photo of the whole ranking, averaged over all R of them."""
    return np.array([float(_precisions(own).sum() / max(1, len(own))) for own in ranks])


def _precisions(own: Ranks) -> Values:
    """P@rank at each of the ascending ranks of right photos."""
    precisions: Values = np.arange(1, len(own) + 1) / own
    return precisions


def label_found_at(k: int, scores: NDArray[np.float32], labels: NDArray[np.int64]) -> Values:
    """Whether the right label is among the `k` best of each photo; ties count against us.

    scores  (N, L) score of each label; -inf for a label without a known word
    labels  (N,) index of the right label
    A photo whose label has no known word is a miss.
    """
    own = scores[np.arange(len(labels)), labels][:, None]
    better = (scores >= own).sum(1) - 1  # the label itself is among them
    hits: Values = ((better < k) & np.isfinite(own[:, 0])).astype(np.float64)
    return hits


def attribute_recall(
    k: int, scores: NDArray[np.float32], truth: NDArray[np.bool_], *, average: Average
) -> float:
    """Top-k recall of attributes, of which a photo may have several, in the four ways that papers average it.

    scores   (N, A) score of each attribute; -inf is never found
    truth    (N, A) whether the photo has it; unknown counts as not, as in all published code
    average  micro      A: found attributes of all photos / attributes of all photos (the default of papers)
             image      B: mean over photos with an attribute of the share found
             macro      C: mean over attributes that occur of the share of their photos found
             mmfashion  D: as macro, over the 50 attributes with the highest recall only
    Returns  share 0..1, NaN where no photo has an attribute. The four are different numbers: name the
             one you print. A group of attributes is ranked alone by passing its columns only. With one
             label per photo, micro is top-k accuracy and macro the class-balanced one.
    Raises ValueError for another average or shapes that differ.
    """
    if scores.shape != truth.shape:
        raise ValueError(f"scores {scores.shape} and truth {truth.shape} differ in shape")
    relevant = [np.flatnonzero(row) for row in truth]
    recalled = np.zeros(truth.shape, bool)
    for n, (own, row) in enumerate(zip(relevant, scores, strict=True)):
        order = own[np.argsort(-row[own], kind="stable")]
        [ranks] = relevant_ranks(row[None], [own])
        recalled[n, order[(ranks <= k) & np.isfinite(row[order])]] = True
    if not truth.any():
        return float("nan")
    if average == "micro":
        return float(recalled.sum() / truth.sum())
    if average not in ("image", "macro", "mmfashion"):
        raise ValueError(f"average {average!r}; there are micro, image, macro, mmfashion")
    axis = 1 if average == "image" else 0
    positives = truth.sum(axis)
    shares = np.sort(recalled.sum(axis)[positives > 0] / positives[positives > 0])[::-1]
    return float(shares[: MMFASHION_CLASSES if average == "mmfashion" else None].mean())


def interval(
    values: Values, clusters: Sequence[object], seed: int = 0, draws: int = DRAWS
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean, drawn by cluster.

    values    (Q,) one score per query
    clusters  (Q,) what the query belongs to
    Returns   (low, high); (nan, nan) without values.
    """
    if not len(values):
        return float("nan"), float("nan")
    means = mean_draws(values, cluster_numbers(clusters), draws, seed)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def difference(
    first: Values, second: Values, clusters: Sequence[object], seed: int = 0, draws: int = DRAWS
) -> tuple[float, float, float]:
    """How much better the first of two methods is on the same queries, with its 95 % interval.

    first, second  (Q,) scores of the same queries in the same order
    Returns        (mean difference, low, high). Paired: a query that is hard for both adds nothing, so
                   this settles what two overlapping intervals leave open.
    Raises ValueError where the two were asked different numbers of queries.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} queries cannot be paired")
    gain = first - second
    return (float(gain.mean()) if len(gain) else float("nan"), *interval(gain, clusters, seed, draws))
