"""Category accuracy and attribute recall at k, as DeepFashion's table has them and as others averaged them.

The paper says "top-k recall" of attributes and cites Gong et al., who define it per class and overall, so the average
is ambiguous; published code settled on `micro`. The name of the average belongs beside every number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from workers.retrieval.protocols.ratios import Ratios, best, mean, only
from workers.retrieval.score import MMFASHION_CLASSES, Average, label_found_at

CATEGORY_AT = (1, 3, 5)
ATTRIBUTES_AT = (3, 5)
AVERAGES: tuple[Average, ...] = ("micro", "image", "macro", "mmfashion")
_PHOTOS_AT_ONCE = 256


def category_ratios(k: int, scores: NDArray[np.float32], true: NDArray[np.int64]) -> Ratios:
    """Share of photos whose category is among the k best, ties against us; photos without one (-1) do not count.

    scores  (N, C), -inf for a category that the method cannot say
    """
    known = np.flatnonzero(true >= 0)
    found = np.zeros(len(true))
    found[known] = label_found_at(k, scores[known], true[known])
    return Ratios(_column(found), _column((true >= 0).astype(np.float64)), only)


@dataclass(frozen=True)
class AttributeRanks:
    """The rank of every attribute that a photo has, among the scores of its group.

    shape   photos, attributes of the group
    rows, columns, ranks  (M,) photo, attribute and rank from 1; 0: never found
    """

    shape: tuple[int, int]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    ranks: NDArray[np.int64]

    @classmethod
    def of(cls, scores: NDArray[np.float32], true: NDArray[np.bool_]) -> Self:
        """Rank the attributes of N photos.

        scores  (N, A) of one group, or of all attributes; -inf is never found
        true    (N, A) whether the photo has it; unknown counts as not, as in all published code
        An attribute that the photo lacks and that scores the same stands before one that it has.
        """
        parts = [np.empty((3, 0), np.int64)]
        for first in range(0, len(scores), _PHOTOS_AT_ONCE):
            said, has = scores[first : first + _PHOTOS_AT_ONCE], true[first : first + _PHOTOS_AT_ONCE]
            rows, columns = np.nonzero(has)
            own = said[rows, columns]
            as_good = said[rows] >= own[:, None]
            wrong = (as_good & ~has[rows]).sum(1)
            order = np.lexsort((columns, -own, rows))  # among those that the photo has, best first
            starts = np.r_[0, np.cumsum(has.sum(1))][:-1]
            place = np.empty(len(rows), np.int64)
            place[order] = np.arange(len(rows)) - starts[rows[order]]
            ranks = np.where(np.isneginf(own), 0, wrong + place + 1)
            parts.append(np.stack([rows + first, columns, ranks]))
        rows, columns, ranks = np.concatenate(parts, 1)
        return cls((len(scores), scores.shape[1]), rows, columns, ranks)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Those of photos that were ranked in several pieces, one after the other."""
        firsts = np.cumsum([0, *(part.shape[0] for part in parts)])
        rows = np.concatenate([part.rows + first for part, first in zip(parts, firsts, strict=False)])
        columns, ranks = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("columns", "ranks")
        )
        return cls((int(firsts[-1]), parts[0].shape[1]), rows, columns, ranks)

    def recall(self, k: int, average: Average) -> Ratios:
        """Recall at k, averaged in one of four ways.

        micro      A: attributes found of all photos / attributes of all photos
        image      B: mean over photos with an attribute of the share found
        macro      C: mean over attributes that occur of the share of their photos found
        mmfashion  D: as macro, over the 50 attributes with the highest recall only
        Raises ValueError for another name.
        """
        found = ((self.ranks > 0) & (self.ranks <= k)).astype(np.float64)
        if average in ("macro", "mmfashion"):
            above, below = (self._matrix(values) for values in (found, np.ones(len(found))))
            return Ratios(above, below, mean if average == "macro" else best(MMFASHION_CLASSES))
        hits, has = (np.bincount(self.rows, values, self.shape[0]) for values in (found, np.ones(len(found))))
        if average == "micro":
            return Ratios(_column(hits.astype(np.float64)), _column(has.astype(np.float64)), only)
        if average != "image":
            raise ValueError(f"average {average!r}; there are {', '.join(AVERAGES)}")
        share = np.divide(hits, has, out=np.zeros(len(has)), where=has > 0)
        return Ratios(_column(share), _column((has > 0).astype(np.float64)), only)

    def _matrix(self, values: NDArray[np.float64]) -> csr_array:
        return csr_array((values, (self.rows, self.columns)), self.shape)


def group_of(attribute: str) -> str:
    """The group in an attribute's name: `texture` of `texture: floral`; empty where it has none."""
    group, mark, _ = attribute.partition(": ")
    return group if mark else ""


def _column(values: NDArray[np.float64]) -> csr_array:
    return csr_array(values[:, None])
