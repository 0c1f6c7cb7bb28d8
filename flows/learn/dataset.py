"""What a method learns from: the photos of a label run, what it reads of each, and where they lie."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from infra.lake import Lake
from schemas.errors import InputError
from schemas.image_ids import ids_of_hex
from schemas.manifest import Manifest
from workers.contract import LabelSpace, registry
from workers.data.annotations import ANNOTATED, PHOTO_SIZE, PLACED, annotated, annotation_names
from workers.data.columns import Csr
from workers.data.dataset import Dataset
from workers.data.split import share_of

VALIDATION_SHARE = 0.05
FEWEST = 2  # photos: one alone tells nothing from nothing
MOST_VALIDATION = 2_000  # photos: enough to see a trend, cheap beside an epoch
SAYING = (
    "words",
    "category",
    "attributes",
    "landmarks",
)  # columns of which a photo must say one to be learnt from


@dataclass(frozen=True)
class Supervision:
    """What one method learns from.

    dataset   the photos, with the columns that the method reads, and `product` for the split
    labels    the names that stand there
    reads     columns that the method reads
    refused   photos of which nothing that it reads is known, by reason
    """

    dataset: Dataset
    labels: LabelSpace
    reads: tuple[str, ...]
    refused: dict[str, int]

    def read(self) -> Dataset:
        """The dataset as the method's workers need it."""
        return self.dataset.select([*self.reads, PHOTO_SIZE])


def supervision(lake: Lake, labels: Manifest, method: str) -> Supervision:
    """The photos to learn from; a photo of two products has the words of both.

    Raises InputError where no two photos are left.
    """
    reads = registry.method_class(method).reads
    names = LabelSpace(kept_words(lake, labels))
    columns = ["image_id", "words", "split", "group"]
    every = Dataset.gather(lake.batches(labels, "labels", columns, rows=10_000), len(names.words))
    if set(reads) & set(ANNOTATED):
        names = annotation_names(_annotations(lake, labels, reads), every, names.words, reads)
        every = annotated(every, _annotations(lake, labels, reads), names, reads)
    if set(reads) & set(PLACED):
        every = every.with_columns({PHOTO_SIZE: photo_sizes(lake, every)})
    saying = [column for column in SAYING if column in reads]
    said = [_said(every, name) for name in saying] or [np.ones(len(every), bool)]
    if "domain" in reads:  # such a photo is half of a pair, whatever else is known of it
        said.append(every.dense("domain") >= 0)
    dataset = every.select([*reads, "product", PHOTO_SIZE]).take(np.flatnonzero(np.any(said, 0)))
    reason, what = ("no_words", "word") if saying == ["words"] else ("no_annotation", " or ".join(saying))
    if not len(dataset):
        raise InputError(labels.run_id, f"has no photo with a known {what} to learn from")
    if (learnt := len(parts(dataset)[0])) < FEWEST:
        raise InputError(labels.run_id, _too_few(lake, labels, f"known {what}", len(dataset), learnt))
    return Supervision(dataset, names, reads, {reason: len(every) - len(dataset)})


def label_space(lake: Lake, labels: Manifest, method: str) -> LabelSpace:
    """The names that a method learns from a label run; raises InputError as `supervision` does."""
    if set(registry.method_class(method).reads) & set(ANNOTATED):
        return supervision(lake, labels, method).labels
    return LabelSpace(kept_words(lake, labels))


def kept_words(lake: Lake, labels: Manifest) -> tuple[str, ...]:
    """The vocabulary of a label run, index = word_id."""
    table = lake.table(labels, "vocabulary", ["word_id", "word", "kept"])
    kept = sorted((row["word_id"], row["word"]) for row in table.to_pylist() if row["kept"])
    return tuple(word for _, word in kept)


def parts(dataset: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to learn from and rows to judge on; a near-duplicate group is on one side, whatever else is there.

    Judged on are up to MOST_VALIDATION photos of whole groups: those whose hash is smallest, as far as they fit.
    """
    groups, number, sizes = np.unique(dataset.dense("product"), return_inverse=True, return_counts=True)
    shares = np.fromiter((share_of(f"validation {group}") for group in groups.tolist()), float, len(groups))
    chosen, room = np.zeros(len(groups), bool), MOST_VALIDATION
    for group in np.argsort(shares)[: int((shares < VALIDATION_SHARE).sum())]:
        if sizes[group] <= room:
            chosen[group] = True
            room -= sizes[group]
    validation = chosen[number]
    return np.flatnonzero(~validation), np.flatnonzero(validation)


def _too_few(lake: Lake, labels: Manifest, what: str, photos: int, learnt: int) -> str:
    """Word why a label run whose products share a photo or two teaches nothing."""
    batches = lake.batches(labels, "labels", ["product_id"], rows=10_000)
    products = len({name for batch in batches for name in batch["product_id"].to_pylist()})
    kept = f", {photos - learnt} of them to judge by" if learnt < photos else ""
    distinct = f"{photos} distinct photo{'s' if photos > 1 else ''}"
    return f"{products:,} products show {distinct} with a {what}{kept}: nothing to learn from"


def _annotations(lake: Lake, labels: Manifest, reads: Collection[str]) -> Iterator[pa.RecordBatch]:
    if not labels.rows("annotations"):
        if (
            not set(reads) & set(ANNOTATED) & set(SAYING)
        ):  # who took a photo, or where the garment is: not known then
            return iter(())
        raise InputError(labels.run_id, "has no annotations, and the method learns from them")
    return lake.batches(labels, "annotations", ["image_id", *ANNOTATED], rows=10_000)


def _said(dataset: Dataset, name: str) -> NDArray[np.bool_]:
    """(N,) whether the column says something of a photo."""
    column = dataset.columns[name]
    if isinstance(column, Csr):
        return column.counts > 0
    values = dataset.dense(name)
    known: NDArray[np.bool_] = values[:, :, 2].max(1, initial=-1) >= 0 if values.ndim == 3 else values >= 0
    return known


def photo_sizes(lake: Lake, dataset: Dataset) -> NDArray[np.int32]:
    """(N, 2) width and height of each photo as it is seen, upright."""
    sizes = np.ones((len(dataset), 2), np.int32)
    for crawl in lake.runs("crawl"):
        if not crawl.rows("images"):
            continue
        there = set(lake.dataset(crawl, "images").schema.names)  # a crawl of version 1 lacks the orientation
        columns = [name for name in ("image_id", "width", "height", "orientation") if name in there]
        for batch in lake.batches(crawl, "images", columns, rows=10_000):
            ids = ids_of_hex(batch["image_id"].to_pylist())
            rows = np.minimum(dataset.find(ids), len(dataset) - 1)
            here = np.flatnonzero(dataset.ids[rows] == ids)
            size = np.stack([batch["width"].to_numpy(), batch["height"].to_numpy()], 1)
            if "orientation" in columns:
                lying = batch["orientation"].to_numpy() >= 5  # EXIF: shown turned by a quarter
                size[lying] = size[lying, ::-1]
            sizes[rows[here]] = size[here]
    return sizes
