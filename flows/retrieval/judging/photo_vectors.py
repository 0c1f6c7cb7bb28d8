"""Vectors of chosen photos, read off the lake into one matrix: what is searched exactly."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.lake import Lake
from schemas.manifest import Manifest

Vectors = NDArray[np.float32]


class PhotoVectors:
    """The vectors that some embed runs hold of some photos: a matrix, and the row of each photo.

    Reads the runs once, streaming; memory is the matrix, 4 D bytes a photo, and about 200 bytes a photo beside it.
    """

    def __init__(self, lake: Lake, runs: Iterable[Manifest], photos: Iterable[str]) -> None:
        wanted = pa.array(sorted(set(photos)), pa.string())
        self._rows: dict[str, int] = {}
        self.matrix: Vectors = np.empty((0, 1), np.float32)
        for run in runs:
            for batch in lake.batches(run, "vectors", ["image_id", "vector"], rows=20_000):
                chosen = batch.filter(pc.is_in(batch["image_id"], wanted))
                if not len(chosen):
                    continue
                column = chosen["vector"]
                vectors = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, column.type.list_size)
                if not self._rows:
                    self.matrix = np.empty((len(wanted), vectors.shape[1]), np.float32)
                for name, vector in zip(chosen["image_id"].to_pylist(), vectors, strict=True):
                    self.matrix[self._rows.setdefault(name, len(self._rows))] = vector

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, image_id: str) -> bool:
        return image_id in self._rows

    def rows(self, image_ids: Iterable[str]) -> NDArray[np.int64]:
        """(N,) row of each photo in the matrix; -1 for one that has no vector."""
        return np.array([self._rows.get(image_id, -1) for image_id in image_ids], np.int64)

    def of(self, image_ids: Sequence[str]) -> Vectors:
        """(N, D); a photo without a vector, as one that no decoder reads, gets zeros: it finds nothing."""
        rows = self.rows(image_ids)
        vectors: Vectors = self.matrix[rows]
        vectors[rows < 0] = 0
        return vectors
