"""Products that look like words say: each word is to be seen, and what a hit is worth is a chance that people can read.

The index orders photos by the sum of the words' log-odds, which is one vector; the best of these are then ordered by
the chance that the shop's words would hold all of the words. A very red shirt is a good answer to neither half of
"red dress" that it lacks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.queries.products_found import products_found
from infra.lake import Lake
from infra.milvus.rows import NAMES, Hit
from infra.milvus.store import VectorStore
from schemas.manifest import Manifest
from workers.retrieval.word_likelihoods import WordLikelihoods

LOOKED_AT = 200  # products that the index gives, of which the best are taken
VECTOR = "vector"


@dataclass(frozen=True)
class WordsAsked:
    """Words and what they mean on one index.

    words        (V, D) the word layer
    rows         of the words that were asked
    likelihoods  of the index
    """

    words: NDArray[np.float32]
    rows: Sequence[int]
    likelihoods: WordLikelihoods

    @property
    def by_chance(self) -> float:
        """How likely a photo is of which nothing is known."""
        return self.likelihoods.by_chance(self.rows)


def likelihoods_of(lake: Lake, indexed: Manifest) -> WordLikelihoods | None:
    """What an index run fitted; None for a run of an earlier version, and of a method without words."""
    if not indexed.rows("word_likelihoods"):
        return None
    table = lake.table(indexed, "word_likelihoods")
    return WordLikelihoods(*(table[name].to_numpy() for name in ("slope", "intercept", "share")))


def words_found(
    store: VectorStore, collection: str, asked: WordsAsked, k: int, where: str = "", *, fingerprint: str
) -> list[tuple[Hit, float, bool]]:
    """Find the `k` likeliest products, each with its best photo, as (hit, match, unlike).

    match   0..1, the chance that the shop's words hold all that are asked, were these independent of each other
    unlike  whether there is a word that the photo does not show: it is no likelier than of any photo
    """
    direction = asked.likelihoods.direction(asked.words, asked.rows)
    [found] = products_found(
        store,
        collection,
        direction[None],
        max(k, LOOKED_AT),
        where,
        [*NAMES, VECTOR],
        fingerprint=fingerprint,
    )
    if not found:
        return []
    vectors = np.array([hit.facts.pop(VECTOR) for hit in found], np.float32)
    each = asked.likelihoods.of_each(vectors, asked.words, asked.rows)
    match: list[float] = each.prod(axis=1).tolist()
    unlike: list[bool] = np.any(each <= asked.likelihoods.shares[asked.rows], axis=1).tolist()
    order = sorted(range(len(found)), key=lambda n: (unlike[n], -match[n]))[:k]
    return [(found[n], match[n], unlike[n]) for n in order]
