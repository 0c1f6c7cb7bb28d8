"""The products nearest to a query, each with its best photo: always as many as wanted, or all that there are.

Photos are looked for by their ids alone, and what the index says of a product is asked for those that are shown: a hit
costs Milvus, and the client who reads it, by the columns that come with it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from infra.milvus.reader import MOST_HITS
from infra.milvus.rows import NAMES, Hit
from infra.milvus.store import VectorStore

PHOTOS_A_PRODUCT = 4  # asked for at first; shops show two to six
IDS = ("entity_id", "product_id")


def products_found(
    store: VectorStore,
    collection: str,
    vector: NDArray[np.float32],
    k: int,
    where: str = "",
    *,
    fingerprint: str,
) -> list[Hit]:
    """Find the `k` products nearest to one vector (D,), nearest first, with all that the index says of them."""
    [found] = nearest_products(store, collection, vector[None], k, where, IDS, fingerprint=fingerprint)
    return list(with_facts(store, collection, found).values())


def with_facts(store: VectorStore, collection: str, hits: Sequence[Hit]) -> dict[str, Hit]:
    """The same hits with every fact, by entity_id, in order; one that left the collection in between is left out."""
    facts = store.facts(collection, [hit.facts["entity_id"] for hit in hits], NAMES)
    own = ((hit.facts["entity_id"], hit) for hit in hits)
    return {name: Hit(facts[name], hit.similarity) for name, hit in own if name in facts}


def nearest_products(
    store: VectorStore,
    collection: str,
    vectors: NDArray[np.float32],
    k: int,
    where: str = "",
    fields: Sequence[str] = IDS,
    *,
    fingerprint: str,
    itself: Sequence[str] | None = None,
    pool: int = 0,
) -> list[list[Hit]]:
    """Find for each query the `k` nearest products, nearest first; `fields` must hold product_id.

    vectors      (N, D), made by `fingerprint`; another one's collection is refused
    pool         photos to look at in any case; all their products are returned then, where they are more than `k`
    itself       per query, the entity_id that is its own photo and is not to be found, "" for none;
                 then `fields` must hold entity_id
    Photos are grouped here and not by Milvus, which groups those that it has found: fewer than `k` products where
    one of them has hundreds of photos, and an old server (2.3) leaves some out. Queries that come short ask again
    for more.
    """
    own = itself or [""] * len(vectors)
    hits: list[list[Hit]] = [[] for _ in vectors]
    short = list(range(len(vectors)))
    asked, passing = min(max(PHOTOS_A_PRODUCT * k, pool), MOST_HITS), MOST_HITS
    while short:
        photos = store.search(collection, vectors[short], asked, where, fields, fingerprint=fingerprint)
        for n, found in zip(short, photos, strict=True):
            products = _best_of_each(found, own[n])
            hits[n] = products if pool else products[:k]
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
