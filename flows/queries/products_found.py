"""The products nearest to a query, each with its best photo: always as many as wanted, or all that there are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from infra.milvus.reader import MOST_HITS
from infra.milvus.rows import NAMES, Hit
from infra.milvus.store import VectorStore

PHOTOS_A_PRODUCT = 3  # asked for at first; shops show two to four


def products_found(
    store: VectorStore,
    collection: str,
    vectors: NDArray[np.float32],
    k: int,
    where: str = "",
    fields: Sequence[str] = NAMES,
    *,
    fingerprint: str,
    itself: Sequence[str] | None = None,
) -> list[list[Hit]]:
    """Find for each query the `k` nearest products, nearest first; `fields` must hold product_id.

    vectors      (N, D), made by `fingerprint`; another one's collection is refused
    itself       per query, the entity_id that is its own photo and is not to be found, "" for none;
                 then `fields` must hold entity_id
    Photos are grouped here and not by Milvus, which groups those that it has found: fewer than `k` products where
    one of them has hundreds of photos, and an old server (2.3) leaves some out. Queries that come short ask again
    for more.
    """
    own = itself or [""] * len(vectors)
    hits: list[list[Hit]] = [[] for _ in vectors]
    short = list(range(len(vectors)))
    asked, passing = min(PHOTOS_A_PRODUCT * k, MOST_HITS), MOST_HITS
    while short:
        photos = store.search(collection, vectors[short], asked, where, fields, fingerprint=fingerprint)
        for n, found in zip(short, photos, strict=True):
            hits[n] = _best_of_each(found, own[n])[:k]
        short = [n for n in short if len(hits[n]) < k]
        if short and passing == MOST_HITS:
            passing = min(store.count(collection, where), MOST_HITS)
        if asked >= passing:
            break
        asked = min(4 * asked, passing)
    return hits


def _best_of_each(photos: Sequence[Hit], itself: str) -> list[Hit]:
    """The first photo of every product, but for the query's own."""
    products: dict[str, Hit] = {}
    for photo in photos:
        if not itself or photo.facts["entity_id"] != itself:
            products.setdefault(photo.facts["product_id"], photo)
    return list(products.values())
