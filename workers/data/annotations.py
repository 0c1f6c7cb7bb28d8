"""A label run's table `annotations` as columns of a dataset: what is known of photos beyond their words.

Of a photo in several rows, because several products show it, the first row that says something counts; attributes are
those of all rows.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.image_ids import ids_of_hex
from workers.contract import LabelSpace
from workers.data.columns import Column, Csr
from workers.data.dataset import Dataset
from workers.data.geometry import HIDDEN, UNKNOWN, in_square

ANNOTATED = ("category", "attributes", "landmarks", "box", "domain")  # columns of the table, and of batches
PLACED = ("landmarks", "box")  # those with places in the photo, which need its size
PHOTO_SIZE = (
    "photo_size"  # (N, 2) int32 width and height of the upright photo, until places are in the square
)


def annotation_names(
    batches: Iterable[pa.RecordBatch], dataset: Dataset, words: tuple[str, ...], reads: Collection[str]
) -> LabelSpace:
    """The names that stand with the photos of the dataset, sorted; none of the columns that are not read."""
    categories, attributes, landmarks = set[str](), set[str](), set[str]()
    for batch, _ in _of_dataset(batches, dataset):
        categories.update(batch["category"].to_pylist() if "category" in reads else [])
        attributes.update(batch["attributes"].flatten().to_pylist() if "attributes" in reads else [])
        landmarks.update(_field(batch["landmarks"], "name") if "landmarks" in reads else [])
    return LabelSpace(words, *(tuple(sorted(names - {""})) for names in (categories, attributes, landmarks)))


def annotated(
    dataset: Dataset,
    batches: Iterable[pa.RecordBatch],
    labels: LabelSpace,
    reads: Collection[str],
) -> Dataset:
    """The dataset with the columns of ANNOTATED that are read; places are in shares of the photo's sides.

    labels  `annotation_names` of the same dataset
    """
    columns = _Columns(len(dataset), labels)
    for batch, rows in _of_dataset(batches, dataset):
        columns.add(batch, rows)
    return dataset.with_columns(columns.named(reads))


def placed_in_square(dataset: Dataset, side: int) -> Dataset:
    """The dataset with its places in the square of `side` px that the photos are decoded to, without their sizes."""
    columns: dict[str, Column] = dict(dataset.columns)
    if PHOTO_SIZE not in columns:
        return dataset
    sizes = dataset.dense(PHOTO_SIZE)
    del columns[PHOTO_SIZE]
    if "landmarks" in columns:
        landmarks = dataset.dense("landmarks")
        places = in_square(landmarks[:, :, :2], sizes, side)
        columns["landmarks"] = np.concatenate([places, landmarks[:, :, 2:]], 2)
    if "box" in columns:
        columns["box"] = in_square(dataset.dense("box").reshape(-1, 2, 2), sizes, side).reshape(-1, 4)
    return Dataset(dataset.ids, columns)


@dataclass
class _Columns:
    """Columns of `photos` photos, nothing known at first."""

    photos: int
    labels: LabelSpace
    pairs: list[tuple[NDArray[np.int64], NDArray[np.int32]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.category, self.domain = (np.full(self.photos, -1, np.int64) for _ in range(2))
        self.box = np.full((self.photos, 4), np.nan, np.float32)
        self.landmarks = np.zeros((self.photos, len(self.labels.landmarks), 3), np.float32)
        self.landmarks[:, :, 2] = UNKNOWN

    def add(self, batch: pa.RecordBatch, rows: NDArray[np.int64]) -> None:
        """Take in some rows of the table; rows (R,) is the photo of each."""
        for column, name, names in (
            (self.category, "category", self.labels.categories),
            (self.domain, "domain", self.labels.domains),
        ):
            _first(column, rows, _places(batch[name], names))
        of, ids = _flat(batch["attributes"], rows, self.labels.attributes)
        self.pairs.append((of[ids >= 0], ids[ids >= 0]))
        self._add_landmarks(batch["landmarks"], rows)
        there = np.flatnonzero(~np.asarray(batch["box"].is_null()))
        sides = ("left", "top", "right", "bottom")
        boxes = np.stack([np.array(_field(batch["box"], side), np.float32) for side in sides], 1)
        there = there[np.isnan(self.box[rows[there], 0])][::-1]  # backwards, so that the first stays
        self.box[rows[there]] = boxes[there]

    def _add_landmarks(self, lists: pa.ListArray, rows: NDArray[np.int64]) -> None:
        silent = (self.landmarks[rows, :, 2] == UNKNOWN).all(1)
        spoken, first = np.unique(rows[silent & (np.diff(lists.offsets) > 0)], return_index=True)
        chosen = np.flatnonzero(silent & (np.diff(lists.offsets) > 0))[first]
        lists, rows = lists.take(pa.array(chosen)), spoken
        names = pa.array(_field(lists, "name"), pa.string())
        of, ids = np.repeat(rows, np.diff(lists.offsets)), _places(names, self.labels.landmarks)
        values = np.stack([np.array(_field(lists, name), np.float32) for name in ("x", "y", "visible")], 1)
        self.landmarks[of[ids >= 0], ids[ids >= 0]] = np.where(
            [True, True, False], values, np.where(values > 0, 1.0, HIDDEN)
        )[ids >= 0]

    def named(self, reads: Collection[str]) -> dict[str, Column]:
        """Those that are read."""
        rows, ids = (
            (np.concatenate(parts) for parts in zip(*self.pairs, strict=True)) if self.pairs else ([], [])
        )
        width = len(self.labels.attributes)
        attributes = Csr.of_pairs(np.array(rows, np.int64), np.array(ids, np.int32), self.photos, width)
        every: dict[str, Column] = {
            "category": self.category,
            "attributes": attributes,
            "landmarks": self.landmarks,
            "box": self.box,
            "domain": self.domain,
        }
        return {name: column for name, column in every.items() if name in reads}


def _of_dataset(
    batches: Iterable[pa.RecordBatch], dataset: Dataset
) -> Iterator[tuple[pa.RecordBatch, NDArray[np.int64]]]:
    """The rows of photos that are in the dataset, and which photo (R,) each is of."""
    if not len(dataset):
        return
    for batch in batches:
        ids = ids_of_hex(batch["image_id"].to_pylist())
        rows = np.minimum(dataset.find(ids), len(dataset) - 1)
        there = np.flatnonzero(dataset.ids[rows] == ids)
        if len(there):
            yield batch.take(pa.array(there)), rows[there]


def _first(column: NDArray[np.int64], rows: NDArray[np.int64], places: NDArray[np.int32]) -> None:
    """Set what is still -1 to the first place that is said."""
    there = np.flatnonzero((places >= 0) & (column[rows] < 0))[::-1]
    column[rows[there]] = places[there]


def _places(names: pa.Array, known: tuple[str, ...]) -> NDArray[np.int32]:
    """Place of each name among those known; -1 for others."""
    places = pc.index_in(names, value_set=pa.array(known, pa.string()))
    return np.asarray(places.fill_null(-1)).astype(np.int32)


def _flat(
    lists: pa.ListArray, rows: NDArray[np.int64], known: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Pairs (photo, place of a name) of lists of names."""
    return np.repeat(rows, np.diff(lists.offsets)), _places(lists.flatten(), known)


def _field(column: Any, name: str) -> list[Any]:
    """A field of structs, or of all structs in lists one after the other; 0 where there is none."""
    structs = column.flatten() if isinstance(column, pa.ListArray) else column
    values: list[Any] = pc.struct_field(structs, name).to_pylist()
    return [0 if value is None else value for value in values]
