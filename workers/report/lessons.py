"""What was learnt: the vocabulary, the split, the training, and the photos nearest to a word."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.manifest import Manifest
from workers.report.crawled import count_of
from workers.report.data import Dropped, Epoch, Histogram, NearWord, Split, Training, Vocabulary, Word

TOP_WORDS = 20
NEAR_WORDS, NEAR_PHOTOS = 6, 6
_NEAR_FROM = 48  # near words are spread over this many of the most frequent ones
_CURVE_POINTS = 260
_EXAMPLES = 10


def vocabulary(table: pa.Table) -> Vocabulary:
    """The vocabulary table in order of document frequency."""
    ordered = table.sort_by([("document_frequency", "descending"), ("word", "ascending")])
    rows = zip(
        *(ordered[name].to_pylist() for name in ("word", "document_frequency", "kept", "why")), strict=True
    )
    words: list[Word] = []
    dropped: dict[str, list[tuple[str, int]]] = {}
    for rank, (word, frequency, kept, why) in enumerate(rows, 1):
        words.append(Word(rank, word, frequency, kept))
        if not kept:
            dropped.setdefault(why, []).append((word, frequency))
    reasons = sorted(dropped.items(), key=lambda item: -len(item[1]))
    kept_words = [word for word in words if word.kept]
    return Vocabulary(
        kept=len(kept_words),
        dropped=[Dropped(why, len(found), found[:_EXAMPLES]) for why, found in reasons],
        curve=[words[place] for place in _log_spaced(len(words))],
        top=kept_words[:TOP_WORDS],
    )


def read_labels(batches: Iterable[pa.RecordBatch]) -> tuple[list[Split], Histogram | None]:
    """Products and photos per split, and how many learnt words the products have."""
    photos: Counter[str] = Counter()
    products: dict[str, set[str]] = {}
    words: dict[str, int] = {}
    for batch in batches:
        sides = batch["split"].to_pylist()
        ids = batch["product_id"].to_pylist()
        lengths = pc.list_value_length(batch["words"]).to_pylist()
        for product, side, length in zip(ids, sides, lengths, strict=True):
            photos[side] += 1
            products.setdefault(side, set()).add(product)
            words[product] = length or 0
    splits = [
        Split(side, len(products[side]), photos[side])
        for side in ("train", "query", "gallery")
        if photos[side]
    ]
    if not words:
        return splits, None
    most = max(words.values())
    step = max(1, math.ceil((most + 1) / 30))
    edges = [float(low) for low in range(0, most + step + 1, step)]
    counts = np.histogram(list(words.values()), bins=edges)[0]
    return splits, Histogram(edges, [int(n) for n in counts], "words")


def training(run: Manifest, history: pa.Table | None) -> Training:
    """How a train run went; without a history it has no curve."""
    config = run.parameters.get("config")
    metrics = run.result.get("metrics")
    return Training(
        run_id=run.run_id,
        method=str(run.result.get("method") or run.parameters.get("method") or ""),
        origin=str(run.result.get("origin") or ""),
        checkpoint=str(run.result.get("checkpoint") or ""),
        seconds=count_of(run.result, "seconds") or sum(run.seconds.values()),
        images_per_second=count_of(run.result, "images_per_second"),
        metrics=dict(metrics) if isinstance(metrics, dict) else {},
        config=dict(config) if isinstance(config, dict) else {},
        epochs=[] if history is None else epochs(history),
    )


def epochs(history: pa.Table) -> list[Epoch]:
    """The rows of a training history in order; a loss that is no number leaves its row out."""
    rows: list[dict[str, Any]] = history.sort_by("epoch").to_pylist()
    return [
        Epoch(
            row["phase"], row["epoch"], row["loss"], _finite(row["validation_loss"]), row["images_per_second"]
        )
        for row in rows
        if math.isfinite(row["loss"])
    ]


def near_words(
    word_vectors: pa.Table, frequencies: dict[str, int], vectors: Iterable[pa.RecordBatch], allowed: pa.Array
) -> tuple[list[NearWord], int]:
    """For every n-th of the most frequent words, the photos with the highest inner product with its vector.

    frequencies  document frequency of each kept word
    vectors      batches of image_id and vector, in the word vectors' space
    allowed      image ids to choose from
    Returns the words, and how many photos were compared.
    """
    most = sorted(
        (w for w in word_vectors["word"].to_pylist() if w in frequencies), key=lambda w: (-frequencies[w], w)
    )
    chosen = spread(most[:_NEAR_FROM], NEAR_WORDS)
    if not chosen:
        return [], 0
    index = [word_vectors["word"].index(word).as_py() for word in chosen]
    queries = _matrix(word_vectors["vector"].take(pa.array(index)).combine_chunks())  # (W, D)
    best_ids: list[list[str]] = [[] for _ in chosen]
    best_values: list[list[float]] = [[] for _ in chosen]
    compared = 0
    for batch in vectors:
        ours = batch.filter(pc.is_in(batch["image_id"], allowed))
        if not ours.num_rows:
            continue
        matrix = _matrix(ours["vector"])
        if matrix.shape[1] != queries.shape[1]:
            return [], 0
        compared += len(matrix)
        values = queries @ matrix.T  # (W, N)
        for place, row in enumerate(values):
            for at in np.argsort(-row, kind="stable")[:NEAR_PHOTOS]:
                best_ids[place].append(ours["image_id"][int(at)].as_py())
                best_values[place].append(float(row[at]))
            order = np.argsort(-np.array(best_values[place]), kind="stable")[:NEAR_PHOTOS]
            best_ids[place] = [best_ids[place][n] for n in order]
            best_values[place] = [best_values[place][n] for n in order]
    if not compared:
        return [], 0
    return [NearWord(w, frequencies[w], ids) for w, ids in zip(chosen, best_ids, strict=True)], compared


def check_words(near: Sequence[NearWord], numbers: dict[str, int], gallery: pa.Table) -> list[NearWord]:
    """The near words with what the shops say of their photos.

    numbers  word -> its id
    gallery  image_id and words (ids) of the photos compared
    """
    shown = pa.array([image_id for entry in near for image_id in entry.image_ids], pa.string())
    rows = gallery.filter(pc.is_in(gallery["image_id"], shown))
    texts: dict[str, set[int]] = {}
    for image_id, ids in zip(rows["image_id"].to_pylist(), rows["words"].to_pylist(), strict=True):
        texts.setdefault(image_id, set()).update(ids)
    counted = pc.value_counts(pc.list_flatten(gallery["words"])).to_pylist()
    usual = {row["values"]: row["counts"] / gallery.num_rows for row in counted}
    return [
        replace(
            entry,
            said=[numbers[entry.word] in texts.get(image_id, set()) for image_id in entry.image_ids],
            usual=usual.get(numbers[entry.word], 0.0),
        )
        for entry in near
    ]


def spread(values: Sequence[str], count: int) -> list[str]:
    """Every n-th value, `count` of them where there are so many."""
    every = max(1, len(values) // count) if count else 1
    return list(values[::every][:count])


def _matrix(column: pa.Array) -> np.ndarray[Any, np.dtype[np.float32]]:
    width = column.type.list_size
    matrix: np.ndarray[Any, np.dtype[np.float32]] = column.flatten().to_numpy(zero_copy_only=False)
    return matrix.reshape(-1, width)


def _log_spaced(count: int) -> list[int]:
    """Positions 0..count-1, all of them up to the limit, then thinned evenly over their logarithm."""
    if count <= _CURVE_POINTS:
        return list(range(count))
    return sorted({int(place) - 1 for place in np.geomspace(1, count, _CURVE_POINTS).round()})


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
