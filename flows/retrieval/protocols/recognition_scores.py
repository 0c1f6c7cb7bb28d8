"""Category, attributes and landmarks, scored: DeepFashion's Category and Attribute Prediction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.retrieval.protocols.benchmark_photos import Truth
from flows.retrieval.protocols.predictions import Said
from schemas.annotation import LANDMARKS
from workers.retrieval.protocols.categories_and_attributes import (
    ATTRIBUTES_AT,
    AVERAGES,
    CATEGORY_AT,
    AttributeRanks,
    category_ratios,
    group_of,
)
from workers.retrieval.protocols.landmark_error import (
    distances,
    normalised_error,
    one_error,
    shares_of_square,
)
from workers.retrieval.protocols.ratios import Ratios

ALL = "all"
AVERAGE = "average"  # of the eight landmarks' errors


@dataclass(frozen=True)
class Scored:
    """One score: its slice, metric and k, and what it is the ratio of."""

    slice: str
    metric: str
    k: int
    ratios: Ratios

    def row(
        self, benchmark: str, method: str, fingerprint: str, clusters: Sequence[object]
    ) -> dict[str, Any]:
        """A row of schemas.score.SCORES."""
        low, high = self.ratios.interval(clusters)
        return {
            "benchmark": benchmark,
            "slice": self.slice,
            "metric": self.metric,
            "k": self.k,
            "value": self.ratios.value,
            "ci_low": low,
            "ci_high": high,
            "n": self.ratios.photos,
            "fingerprint": fingerprint,
            "method": method,
        }


def category_scores(scores: NDArray[np.float32], truth: Truth) -> Iterator[Scored]:
    """Top-k accuracy; scores (N, C) of `truth.categories`."""
    for k in CATEGORY_AT:
        yield Scored(ALL, "accuracy", k, category_ratios(k, scores, truth.category))


def attribute_scores(scores: NDArray[np.float32], truth: Truth) -> Iterator[Scored]:
    """Recall at k of each group, ranked by itself, and of all attributes, in every average; scores (N, A)."""
    groups = list(dict.fromkeys(filter(None, map(group_of, truth.names))))
    for group in [*groups, ALL]:
        chosen = [n for n, name in enumerate(truth.names) if group in (ALL, group_of(name))]
        ranks = AttributeRanks.of(scores[:, chosen], truth.attributes[:, chosen])
        for k in ATTRIBUTES_AT:
            for average in AVERAGES:
                if (recall := ranks.recall(k, average)).photos:
                    yield Scored(group, f"attribute-recall-{average}", k, recall)


def landmark_scores(said: Said, side: int, truth: Truth) -> Iterator[Scored]:
    """Normalised error of each landmark and their average, over photos that show it; side: px of the method's square.

    A photo that the method did not see is told as if every landmark lay in the middle of the picture.
    """
    own = {name: n for n, name in enumerate(said.labels.landmarks)}
    known = [n for n, name in enumerate(LANDMARKS) if name in own]
    if not known or not said.landmarks:
        return
    columns = [own[LANDMARKS[n]] for n in known]
    places = np.zeros((len(truth), len(known), 2))
    for row, image in enumerate(truth.images):
        if image in said.landmarks:
            places[row] = said.landmarks[image][columns, :2]
    told = shares_of_square(places, [(int(width), int(height)) for width, height in truth.sizes], side)
    apart = distances(told, truth.landmarks[:, known, :2], truth.boxes)
    visible = truth.landmarks[:, known, 2] == 1
    for place, landmark in enumerate(known):
        if visible[:, place].any():
            yield Scored(LANDMARKS[landmark], "normalised-error", 0, one_error(apart, visible, place))
    if visible.any():
        yield Scored(AVERAGE, "normalised-error", 0, normalised_error(apart, visible))
