"""Ask the index: with a photo or with words. Starts neither Prefect nor Ray.

A search by words needs no torch either: the word layer of a checkpoint is a table of its train run.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flows.parameters.retrieval import SearchParameters
from infra.lake import Lake
from infra.settings import load_settings
from infra.vectors import VectorStore
from schemas.errors import InputError
from schemas.manifest import Manifest


def search(parameters: SearchParameters) -> dict[str, Any]:
    """Find the `k` products nearest to a photo file or a few words; several photos of a product count once.

    Raises InputError for a file that is no photo or words that were never learnt.
    """
    image, words = parameters.image, parameters.words
    if (image is None) == (words is None):
        raise InputError("search", "needs a photo or --words, one of the two")
    place = Lake(parameters.lake)
    indexed = place.newest("index")
    trained = place.run(indexed.result["train"])
    unknown: list[str] = []
    if words is not None:
        vector, unknown = _of_words(place, trained, words)
    else:
        vector = _of_photo(place, trained, Path(str(image)))
    collection = indexed.result["collection"]
    settings = load_settings(lake=parameters.lake, milvus_uri=parameters.milvus or None)
    with VectorStore(settings.milvus_uri, settings.milvus_token) as store:
        # A product has a handful of photos: ask for more photos than products wanted.
        photos = store.search(collection, vector[None], min(5 * parameters.k, 16_000), parameters.where)[0]
    hits: dict[str, dict[str, Any]] = {}
    for photo in photos:
        facts = photo.facts
        if facts["product_id"] not in hits and len(hits) < parameters.k:
            hits[facts["product_id"]] = facts | {"score": round(float(photo.similarity), 4)}
    return {
        "query": words if words is not None else str(image),
        "collection": collection,
        "unknown_words": unknown,
        "hits": list(hits.values()),
    }


def _of_words(lake: Lake, trained: Manifest, words: str) -> tuple[NDArray[np.float32], list[str]]:
    from workers.retrieval.zero_shot import words_vector

    layer = word_layer(lake, trained)
    vector, unknown = words_vector(words, layer.ids, layer.vectors)
    if vector is None:
        raise InputError(f"words {words!r}", "the model has learnt none of them")
    return vector, unknown


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


def _of_photo(lake: Lake, trained: Manifest, path: Path) -> NDArray[np.float32]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})") from error
    from workers.retrieval.embed import Embed

    part = trained.files["checkpoints"][0]
    embed = Embed(lake.filesystem, f"{lake.folder(trained)}/{part.path}", trained.result["method"])
    vector: NDArray[np.float32] = embed.one(str(path), data)
    return vector
