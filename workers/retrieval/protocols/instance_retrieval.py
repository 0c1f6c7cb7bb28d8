"""Who asks and who answers in In-Shop and Consumer-to-Shop, and what counts as found.

Vectors have length 1 and are compared by cosine with the whole gallery. Recall@k is the share of queries with a photo
of the same item among the first k (hit rate, the papers' "top-k retrieval accuracy"); wrong photos of the same score
stand before right ones, so that one vector for all photos finds nothing. Photos of equal bytes are one photo, on either
side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workers.retrieval.nearest import similarities
from workers.retrieval.score import Ranks, average_precision_at_r, found_at, r_precision, relevant_ranks

IN_SHOP_AT = (1, 10, 20, 30, 40, 50)
CONSUMER_TO_SHOP_AT = (1, 10, 20, 50)
Gallery = Literal["test", "val+test"]


@dataclass(frozen=True)
class Shown:
    """One photo of one item.

    split   train, val, test, query or gallery, as published
    domain  shop or street: who took it
    kind    the slice that its queries are told in, too; empty for none
    """

    image: str
    item: str
    split: str
    domain: str
    kind: str = ""


@dataclass(frozen=True)
class Question:
    """Queries and what they are looked for in.

    queries  (Q) photo and item, each pair once;  gallery  (G) photos, each once
    rule     what the gallery is, in words
    kinds    (Q) slice of each query
    """

    queries: list[tuple[str, str]]
    gallery: list[str]
    rule: str
    kinds: list[str]
    _places: dict[str, list[int]] = field(default_factory=dict, repr=False)

    @property
    def unanswered(self) -> int:
        """Queries without a photo of their item in the gallery: misses, and told."""
        return sum(item not in self._places for _, item in self.queries)

    def relevant(self) -> list[NDArray[np.int64]]:
        """(Q) places in the gallery of the photos of each query's item."""
        return [np.array(self._places.get(item, []), np.int64) for _, item in self.queries]


def in_shop(photos: Iterable[Shown]) -> Question:
    """Query photos are looked for in gallery photos, as the split says of each."""
    photos = list(photos)
    asks = (photo for photo in photos if photo.split == "query")
    answers = (photo for photo in photos if photo.split == "gallery")
    return _question(asks, answers, "the split's gallery photos")


def consumer_to_shop(photos: Iterable[Shown], gallery: Gallery = "test") -> Question:
    """Consumers' photos of the test items are looked for in distinct photos of shops, whatever their category.

    gallery  test: shops' photos of the test items, as the README of version 1.1 says; val+test: of both, as a later one
    """
    photos = list(photos)
    searched = ("test",) if gallery == "test" else ("val", "test")
    asks = (photo for photo in photos if photo.split == "test" and photo.domain == "street")
    answers = (photo for photo in photos if photo.split in searched and photo.domain == "shop")
    return _question(asks, answers, f"distinct shop photos of {gallery} items, all categories")


def scores(
    question: Question, queries: NDArray[np.float32], gallery: NDArray[np.float32], ks: Sequence[int]
) -> dict[tuple[str, int], NDArray[np.float64]]:
    """What each query scores, (Q,), by metric and k (0: the whole ranking).

    queries (Q, D), gallery (G, D): L2 norm 1; a zero vector finds nothing
    """
    relevant, ranks = question.relevant(), []
    for piece, block in similarities(queries, gallery):
        ranks += relevant_ranks(block, relevant[piece])
    return scores_of(ranks, ks)


def scores_of(ranks: Sequence[Ranks], ks: Sequence[int]) -> dict[tuple[str, int], NDArray[np.float64]]:
    """The same of the ranks of each query's right photos, ascending from 1."""
    first = np.array([own[0] if len(own) else 0 for own in ranks], np.int64)
    found: dict[tuple[str, int], NDArray[np.float64]] = {("recall", k): found_at(k, first) for k in ks}
    return found | {("map-at-r", 0): average_precision_at_r(ranks), ("r-precision", 0): r_precision(ranks)}


def _question(asks: Iterable[Shown], answers: Iterable[Shown], rule: str) -> Question:
    queries = {(photo.image, photo.item): photo.kind for photo in asks}
    gallery: dict[str, int] = {}
    places: dict[str, dict[int, None]] = {}
    for photo in answers:
        place = gallery.setdefault(photo.image, len(gallery))
        places.setdefault(photo.item, {})[place] = None
    return Question(
        list(queries),
        list(gallery),
        rule,
        list(queries.values()),
        {item: list(own) for item, own in places.items()},
    )
