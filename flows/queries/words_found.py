"""Products that look like words say: each word is to be seen, and what a hit is worth is a chance that people can read.

The index orders photos by the sum of the words' log-odds, which is one vector for each language that the words are
said in; the best of these are then ordered by the chance that the shop's words would say all of the words, each in any
way. A very red shirt is no good answer to "red dress". Of those only the vectors are asked for, and what the index says
of a product is asked for the few that are shown: that is what an answer's time went into (docs/MEASURED.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.queries.products_found import IDS, nearest_products, with_facts
from infra.lake import Lake
from infra.milvus.rows import Hit
from infra.milvus.store import VectorStore
from schemas.manifest import Manifest
from workers.retrieval.query_words import Way
from workers.retrieval.word_likelihoods import WordLikelihoods

# Photos that the index gives, of whose products the best are taken: four for each product of the longest page, so that
# more results never change those above them.
LOOKED_AT = 384
VECTOR = "vector"


@dataclass(frozen=True)
class WordsAsked:
    """Words and what they mean on one index.

    words        (V, D) the word layer
    said         per word that was asked, the ways to say it (workers/retrieval/query_words.py)
    likelihoods  of the index
    """

    words: NDArray[np.float32]
    said: Sequence[Sequence[Way]]
    likelihoods: WordLikelihoods

    @property
    def rows(self) -> list[list[tuple[int, ...]]]:
        """The rows of each way of each word."""
        return [[way.rows for way in ways] for ways in self.said]

    @property
    def by_chance(self) -> float:
        """How likely a photo is of which nothing is known."""
        return float(self.likelihoods.by_chance(self.rows).prod())

    def directions(self) -> NDArray[np.float32]:
        """The vectors (L, D) that order photos: the words as asked, and as each language says them most."""
        languages = dict.fromkeys(["", *(way.language for ways in self.said for way in ways)])
        spoken = dict.fromkeys(
            tuple(row for ways in self.said for row in self._most_said(ways, language))
            for language in languages
        )
        return np.stack([self.likelihoods.direction(self.words, rows) for rows in spoken])

    def _most_said(self, ways: Sequence[Way], language: str) -> tuple[int, ...]:
        own = [way for way in ways if way.language == language]
        return max(own or ways[:1], key=lambda way: min(self.likelihoods.shares[[*way.rows]])).rows


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

    match   0..1, the chance that the shop's words say all that are asked, were these independent of each other
    unlike  whether there is a word that the photo does not show: it is no likelier than of any photo
    """
    best: dict[str, tuple[Hit, float, bool]] = {}
    by_chance = asked.likelihoods.by_chance(asked.rows)
    for found in nearest_products(
        store,
        collection,
        asked.directions(),
        k,
        where,
        [*IDS, VECTOR],
        fingerprint=fingerprint,
        pool=LOOKED_AT,
    ):
        if not found:
            continue
        vectors = np.array([hit.facts.pop(VECTOR) for hit in found], np.float32)
        each = asked.likelihoods.of_each(vectors, asked.words, asked.rows)
        match, unlike = each.prod(axis=1).tolist(), np.any(each <= by_chance, axis=1).tolist()
        for hit, worth, lacks in zip(found, match, unlike, strict=True):
            before = best.get(hit.facts["product_id"])
            if before is None or (lacks, -worth) < (before[2], -before[1]):
                best[hit.facts["product_id"]] = (hit, worth, lacks)
    ordered = sorted(best.values(), key=lambda hit: (hit[2], -hit[1]))[:k]
    told = with_facts(store, collection, [hit for hit, _, _ in ordered])
    return [
        (told[own], worth, lacks) for hit, worth, lacks in ordered if (own := hit.facts["entity_id"]) in told
    ]
