"""Categories and attributes of methods that only embed: named by learnt words, or read off frozen vectors."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from flows.queries.search import WordLayer
from flows.retrieval.protocols.asked_methods import AskedMethod, vectors_of
from flows.retrieval.protocols.benchmark_photos import BenchmarkRun, Truth
from flows.retrieval.protocols.recognition_scores import Scored, attribute_scores, category_scores
from workers.retrieval.probe import fit_probe
from workers.retrieval.protocols.ridge import fit_ridge, ridge_scores
from workers.retrieval.zero_shot import Synonyms, label_scores, read_labels

PROBE_PHOTOS = 50_000  # of the train split


def zero_shot_scores(
    words: WordLayer, synonyms: Synonyms, vectors: NDArray[np.float32], truth: Truth
) -> Iterator[Scored]:
    """Look the names of categories and attributes up among the learnt words; one without a known word is a miss."""
    categories, attributes = (
        read_labels(
            [name.rpartition(": ")[2].replace("_", " ") for name in names],
            words.ids,
            words.vectors,
            synonyms,
            words.offsets,
        )
        for names in (truth.categories, truth.names)
    )
    yield from category_scores(label_scores(vectors, categories), truth)
    yield from attribute_scores(label_scores(vectors, attributes), truth)


def probe_scores(benchmark: BenchmarkRun, method: AskedMethod, truth: Truth) -> Iterator[Scored]:
    """Learn categories by logistic regression and attributes by ridge from the train split's vectors.

    Nothing where the train split has no two categories.
    """
    learnt = Truth.of(benchmark, ["train"], PROBE_PHOTOS)
    known = learnt.category >= 0
    if len(np.unique(learnt.category[known])) < 2:
        return
    vectors = vectors_of(benchmark.lake, method, learnt.images)
    asked = vectors_of(benchmark.lake, method, truth.images)
    products = np.unique(learnt.groups, return_inverse=True)[1]
    names = [learnt.categories[place] for place in learnt.category[known]]
    probe = fit_probe(vectors[known], names, products[known].tolist())
    yield from category_scores(probe.scores(asked, truth.categories), truth)
    scores = ridge_scores(fit_ridge(vectors, learnt.attributes), asked)
    scores[:, ~learnt.attributes.any(0)] = -np.inf  # nothing was learnt of those
    yield from attribute_scores(scores, truth)
