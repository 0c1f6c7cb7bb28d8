"""Ask a method what is in photos: a Ray Data actor beside workers/retrieval/embed.py, which gives vectors."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import torch
from numpy.typing import NDArray

from schemas.errors import InputError
from schemas.image_ids import column_of_ids, joined
from schemas.row_slice import slices_of_table
from workers.contract import Batch, Predicts
from workers.data.shards import Decoded, decoded
from workers.device import sent
from workers.training.weights.checkpoint import load, on_device

BATCH = 64
SAID = ("category", "attributes", "landmarks")


class Predict:
    """Row slices -> one table: id, error (null if none), and of SAID what the method says, flat float32 a photo.

    filesystem, checkpoint, threads, device  as of workers.retrieval.encoder.Encoder
    Raises InputError where the method says nothing of a photo.
    """

    def __init__(
        self, filesystem: pafs.FileSystem, checkpoint: str, threads: int = 1, device: str = "cpu"
    ) -> None:
        torch.set_num_threads(threads)
        loaded = load(filesystem, checkpoint)
        if not isinstance(loaded.module, Predicts):
            raise InputError(loaded.name, "says nothing of categories, attributes or landmarks; see Predicts")
        self.filesystem, self.device = filesystem, torch.device(device)
        self.size, self.threads = loaded.module.image_size, max(1, threads)
        self.module: Any = on_device(loaded.module, device)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Ask about the photos of a table of ROW_SLICES; of each slice, those that decode come first."""
        slices = slices_of_table(batch)
        return pa.concat_tables(map(self._table, decoded(self.filesystem, slices, self.size, self.threads)))

    def told(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """pixels (N, 3, S, S) -> what is said of each photo, (N, ...)."""
        parts: dict[str, list[NDArray[np.float32]]] = {}
        with torch.inference_mode():
            for first in range(0, len(pixels), BATCH):
                images = sent(torch.from_numpy(pixels[first : first + BATCH]), self.device)
                for name, said in self.module.predict(Batch(images)).items():
                    parts.setdefault(name, []).append(said.float().cpu().numpy())
        return {name: np.concatenate(several) for name, several in parts.items()}

    def _table(self, photos: Decoded) -> pa.Table:
        told = self.told(photos.pixels) if len(photos.pixels) else {}
        refused = len(photos.errors)
        ids = joined([photos.ids[photos.decodes], photos.ids[~photos.decodes]])
        columns = {"id": column_of_ids(ids)}
        errors = [None] * len(photos.pixels) + [error.detail for error in photos.errors]
        for name in SAID:
            rows = (
                told[name].reshape(len(told[name]), -1) if name in told else np.empty((len(photos.pixels), 0))
            )
            said = [*rows.astype(np.float32), *([None] * refused)]
            columns[name] = pa.array(said, pa.list_(pa.float32()))
        return pa.table(columns | {"error": pa.array(errors, pa.string())})
