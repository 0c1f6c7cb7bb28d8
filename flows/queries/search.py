"""Ask the index: with a photo or with words. Starts neither Prefect nor Ray.

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
from infra.lake import Lake
from infra.settings import load_settings
from infra.vectors import VectorStore
from schemas.errors import ImageError, InputError, UsageError, VectorStoreError
from schemas.manifest import Manifest

SAME_SCORE = 1e-4  # of the best and the last hit: nothing tells them apart
MOST_PHOTOS = 16_384  # that Milvus gives in one answer
_TRIED_PX = 16
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)


def search(parameters: SearchParameters) -> dict[str, Any]:
    """Find the `k` products nearest to a photo file or a few words; several photos of a product count once.

    Returns query, collection, hits (facts, score, `unlike` where a hit is no more like the query than by chance),
    chance (the score that this is judged by), alike (whether all hits score the same), unknown_words, read_as and
    near_words (of words in other forms).
    Raises InputError for a file that is no photo or words that were never learnt.
    """
    image, words = parameters.image, parameters.words
    if (image is None) == (words is None):
        raise UsageError("search", "needs a photo or --words, one of the two")
    place = Lake(parameters.lake)
    indexed = place.newest("index")
    trained = place.run(indexed.result["train"])
    forms: dict[str, Any] = {"unknown_words": []}
    if words is not None:
        vector, forms = _of_words(place, trained, words)
    else:
        vector = _of_photo(place, trained, str(image))
    collection = indexed.result["collection"]
    settings = load_settings(lake=parameters.lake, milvus_uri=parameters.milvus or None)
    with VectorStore(settings.milvus_uri, settings.milvus_token, create=False) as store:
        hits = _products(store, collection, vector, parameters)
    chance = indexed.result.get("chance", {}).get("photos" if words is None else "words")
    for hit in hits:
        hit["unlike"] = chance is not None and hit["score"] <= chance
    scores = [hit["score"] for hit in hits]
    return {
        "query": words if words is not None else str(image),
        "collection": collection,
        "chance": chance,
        "alike": len(scores) > 1 and max(scores) - min(scores) <= SAME_SCORE,
        **forms,
        "hits": hits,
    }


def _products(
    store: VectorStore, collection: str, vector: NDArray[np.float32], parameters: SearchParameters
) -> list[dict[str, Any]]:
    """Ask for more photos until there are k products, or no more photos: one product may have hundreds."""
    asked = 5 * parameters.k
    while True:
        asked = min(asked, MOST_PHOTOS)
        with _filter_is_an_option(parameters.where):
            photos = store.search(collection, vector[None], asked, parameters.where)[0]
        hits: dict[str, dict[str, Any]] = {}
        for photo in photos:
            score = round(float(photo.similarity), 4)
            hits.setdefault(photo.facts["product_id"], photo.facts | {"score": score})
        if len(hits) >= parameters.k or len(photos) < asked or asked == MOST_PHOTOS:
            return list(hits.values())[: parameters.k]
        asked *= 4


@contextmanager
def _filter_is_an_option(where: str) -> Iterator[None]:
    """Raise UsageError where Milvus refuses the filter."""
    try:
        yield
    except VectorStoreError as error:
        if where and error.what.endswith(f" where {where}"):
            raise UsageError(f"--where {where}", error.why) from error
        raise


def _of_words(lake: Lake, trained: Manifest, words: str) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Return the vector of the words, and what became of those that were not learnt as they stand."""
    from workers.retrieval.word_forms import near_words, other_forms
    from workers.retrieval.zero_shot import words_vector

    layer = word_layer(lake, trained)
    vector, unknown = words_vector(words, layer.ids, layer.vectors)
    read_as = {word: forms for word in unknown if (forms := other_forms(word, layer.ids))}
    if read_as:
        spelt = " ".join(form for forms in read_as.values() for form in forms)
        vector, _ = words_vector(f"{words} {spelt}", layer.ids, layer.vectors)
    unknown = [word for word in unknown if word not in read_as]
    near = {word: alike for word in unknown if (alike := near_words(word, layer.ids))}
    if vector is None:
        said = "; ".join(f"near {word} are {', '.join(alike)}" for word, alike in near.items())
        raise InputError(
            f"words {words!r}", "the model has learnt none of them" + (f"; {said}" if said else "")
        )
    return vector, {"unknown_words": unknown, "read_as": read_as, "near_words": near}


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


def _of_photo(lake: Lake, trained: Manifest, name: str) -> NDArray[np.float32]:
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
    from workers.retrieval.embed import Embed

    part = trained.files["checkpoints"][0]
    embed = Embed(lake.filesystem, f"{lake.folder(trained)}/{part.path}", trained.result["method"])
    vector: NDArray[np.float32] = embed.one(name, data)
    return vector
