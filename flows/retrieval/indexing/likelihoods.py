"""What a cosine with a word means on this index: fitted on a sample of its photos, by the words of their products."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.manifest import Manifest
from schemas.vector import WORD_LIKELIHOODS
from workers.data.columns import Csr
from workers.retrieval.word_likelihoods import fit_likelihoods

FEWEST = 200  # photos to fit on that were not learnt from; with fewer, those that were are taken, too


def write_likelihoods(
    run: OpenRun,
    lake: Lake,
    labels: Manifest,
    words: NDArray[np.float32],
    photos: Mapping[str, NDArray[np.float32]],
) -> None:
    """Fit the likelihoods of all words and write them as a table of the run.

    words   (V, D) the model's word layer, row by word id
    photos  vector (D,) by image_id
    """
    names, bags, held_out = _bags(lake, labels, pa.array(photos, pa.string()))
    if len(np.flatnonzero(held_out)) >= FEWEST:
        names, bags = names[held_out], bags.take(np.flatnonzero(held_out))
    if not len(names):
        return
    vectors = np.stack([photos[name] for name in names.tolist()])
    fitted = fit_likelihoods(vectors, words, bags)
    columns = [np.arange(len(words), dtype=np.int32), fitted.slopes, fitted.intercepts, fitted.shares]
    run.drop(WORD_LIKELIHOODS)
    writer = run.writer(WORD_LIKELIHOODS)
    writer.write_table(pa.table([pa.array(column) for column in columns], schema=WORD_LIKELIHOODS))
    run.add(WORD_LIKELIHOODS, writer.close())


def _bags(
    lake: Lake, labels: Manifest, wanted: pa.Array
) -> tuple[NDArray[np.object_], Csr, NDArray[np.bool_]]:
    """Of those photos that have labels: image_id, the words of its product, and whether it was not learnt from."""
    names: dict[str, tuple[list[int], bool]] = {}
    columns = ["image_id", "words", "split"]
    for batch in lake.batches(labels, "labels", columns, rows=20_000):
        few = batch.filter(pc.is_in(batch["image_id"], wanted))
        for row in few.to_pylist():
            names.setdefault(row["image_id"], (row["words"], row["split"] != "train"))
    bags = Csr.of([words for words, _ in names.values()])
    return np.array(list(names), object), bags, np.array([out for _, out in names.values()], bool)
