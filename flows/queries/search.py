"""Ask the live index, or another one: with a photo or with words. Starts neither Prefect nor Ray.

A search by words needs no torch either: the word layer of a checkpoint is a table of its train run.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.parameters.retrieval import SearchParameters
from flows.queries.closer_look import looked_at, wanted
from flows.queries.live import searched
from flows.queries.photo_encoder import photo_encoder
from flows.queries.products_found import products_found
from flows.queries.words_found import WordsAsked, likelihoods_of, words_found
from infra.lake import Lake
from infra.milvus.rows import Hit
from infra.milvus.store import VectorStore
from infra.settings import load_settings
from schemas.errors import ImageError, InputError, UsageError, VectorStoreError
from schemas.manifest import Manifest
from workers.retrieval.query_words import QueryReader, QueryWords

SAME_SCORE = 1e-4  # of the best and the last hit: nothing tells them apart
_TRIED_PX = 16
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)


def search(parameters: SearchParameters) -> dict[str, Any]:
    """Find the `k` products nearest to a photo file or a few words; several photos of a product count once.

    Returns query, change, collection, index (its run), hits (facts, score: the cosine, match: 0..1, see below, `unlike`
    where a hit is no more like the query than by chance, and `closer` where photos were compared with each other and
    hits stand in that order: flows/queries/closer_look.py), chance (the score, or of words the match, that this is
    judged by), alike (whether all hits score the same),
    unknown_words, read_as and near_words (of words in other forms), also (other ways in which a word was looked for).
    The match of words is the chance that the shop's own words would hold all of them, as far as the photo tells; of a
    photo it is 0 where the cosine is what chance gives and 1 for the same photo. None where the index does not say.
    Hits of a photo with a change are those of its vector alone: a closer look would find the photo as it is.
    Raises InputError for a file that is no photo, words that were never learnt, or a change that the index's method
    cannot make.
    """
    image, words = parameters.image, parameters.words
    if (image is None) == (words is None):
        raise UsageError("search", "needs a photo or --words, one of the two")
    change = parameters.change or {}
    if change and image is None:
        raise UsageError("--change", "changes what a photo shows; give a photo")
    place = Lake(parameters.lake)
    indexed = searched(place, parameters.index)
    trained = place.run(indexed.result["train"]) if indexed.result["train"] else None  # histogram needs none
    closer = trained if words is None and not change else None
    forms = told(QueryWords())
    likely: WordsAsked | None = None
    if words is not None:
        if trained is None or not trained.rows("word_vectors"):
            raise InputError("--words", f"cannot be asked with: {indexed.result['method']} learns none")
        layer = word_layer(place, trained)
        asked_words = words_asked(QueryReader(layer.ids), words)
        vector, forms = asked_words.vector(layer.vectors), told(asked_words)
        if likelihoods := likelihoods_of(place, indexed):
            likely = WordsAsked(layer.vectors, asked_words.ways, likelihoods)
    else:
        data = _photo_file(str(image))
        vector = _of_photo(place, indexed, str(image), data, change)
    collection, fingerprint = indexed.result["collection"], indexed.result["fingerprint"]
    settings = load_settings(lake=parameters.lake, milvus_uri=parameters.milvus or None)
    asked = wanted(closer, parameters.k) if closer else parameters.k
    store = VectorStore(settings.milvus_uri, settings.milvus_token, create=False)
    with store, _filter_is_an_option(parameters.where):
        if likely:
            matched = words_found(store, collection, likely, asked, parameters.where, fingerprint=fingerprint)
        else:
            found = products_found(
                store, collection, vector, asked, parameters.where, fingerprint=fingerprint
            )
    if likely:
        chance = likely.by_chance
        hits = [_hit(*each) for each in matched]
    else:
        chance = indexed.result.get("chance", {}).get("photos" if words is None else "words")
        hits = [_judged(hit, chance, of_photo=words is None) for hit in found]
    if closer:
        hits = looked_at(place, closer, str(image), data, hits)[: parameters.k]
    scores = [hit["score"] for hit in hits]
    return {
        "query": words if words is not None else str(image),
        "change": change,
        "collection": collection,
        "index": indexed.run_id,
        "chance": chance,
        "alike": len(scores) > 1 and max(scores) - min(scores) <= SAME_SCORE,
        **forms,
        "hits": hits,
    }


def _judged(hit: Hit, chance: float | None, *, of_photo: bool) -> dict[str, Any]:
    """A hit beside the cosine that chance gives, None where the index does not say."""
    cosine = float(hit.similarity)
    match = (
        max(0.0, (cosine - chance) / (1 - chance)) if of_photo and chance is not None and chance < 1 else None
    )
    return _hit(hit, match, chance is not None and round(cosine, 4) <= chance)


def _hit(hit: Hit, match: float | None, unlike: bool) -> dict[str, Any]:
    rounded = None if match is None else round(match, 4)
    return hit.facts | {"score": round(float(hit.similarity), 4), "match": rounded, "unlike": unlike}


@contextmanager
def _filter_is_an_option(where: str) -> Iterator[None]:
    """Raise UsageError where Milvus refuses the filter."""
    try:
        yield
    except VectorStoreError as error:
        if where and error.what.endswith(f" where {where}"):
            raise UsageError(f"--where {where}", error.why) from error
        raise


def words_asked(reader: QueryReader, words: str) -> QueryWords:
    """Read the words of a query. Raises InputError where none of them was learnt in any form or language."""
    asked = reader.read(words)
    if not asked.ways:
        said = "; ".join(f"near {word} are {', '.join(alike)}" for word, alike in asked.near.items())
        raise InputError(
            f"words {words!r}", "the model has learnt none of them" + (f"; {said}" if said else "")
        )
    return asked


def told(asked: QueryWords) -> dict[str, Any]:
    """What became of the words of a query that were not learnt as they stand, or are said in other ways, too."""
    return {
        "unknown_words": asked.unknown,
        "read_as": asked.read_as,
        "near_words": asked.near,
        "also": asked.also,
    }


class WordLayer(NamedTuple):
    """What a train run learnt of words.

    ids      word -> row
    vectors  (V, D)
    offsets  (V,) added to a word's score where words compete to name a photo; 0 where the method adds nothing
    """

    ids: dict[str, int]
    vectors: NDArray[np.float32]
    offsets: NDArray[np.float32]


def word_layer(lake: Lake, trained: Manifest) -> WordLayer:
    """The words of a train run, from its tables."""
    table = lake.table(trained, "word_vectors", ["word", "vector"])
    column = table["vector"].combine_chunks()
    vectors: NDArray[np.float32] = column.flatten().to_numpy().reshape(-1, column.type.list_size)
    offsets = np.zeros(len(vectors), np.float32)
    if trained.files.get("word_scores"):
        scores = lake.table(trained, "word_scores")
        if "offset" in scores.column_names:  # a run of an earlier version has none
            offsets = np.nan_to_num(scores["offset"].to_numpy())
    return WordLayer({word: row for row, word in enumerate(table["word"].to_pylist())}, vectors, offsets)


def _photo_file(name: str) -> bytes:
    """Read a photo. Raises InputError where there is none."""
    if _ADDRESS.match(name):
        raise InputError(name, "is an address; save the photo and give the file")
    try:
        data = Path(name).expanduser().read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(name, f"cannot be read ({why})") from error
    from workers.data.decode import decode

    try:
        decode(name, data, _TRIED_PX)  # before torch and the checkpoint, which take seconds
    except ImageError as error:
        raise InputError(name, f"is no photo ({error.detail})") from error
    return data


def _of_photo(
    lake: Lake, indexed: Manifest, name: str, data: bytes, change: dict[str, str]
) -> NDArray[np.float32]:
    """The photo's vector, or where it would lie with the change."""
    from workers.retrieval.edit import edited

    encoder = photo_encoder(lake, indexed)
    vector: NDArray[np.float32] = encoder.one(name, data)
    method = str(indexed.result["method"])
    return edited(method, encoder.module, vector[None], change)[0] if change else vector
