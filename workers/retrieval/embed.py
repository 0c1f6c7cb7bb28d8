"""Give every photo its vector: a Ray Data actor that reads, decodes and embeds.

A row that comes in says where photos lie (schemas/row_slice.py) and holds no pixels: bytes are read where they are
embedded, and only vectors travel. Photos that do not decode come back as rejects, never dropped.
"""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import torch
from numpy.typing import NDArray

from schemas.image_ids import column_of_ids, joined
from schemas.row_slice import slices_of_table
from workers.contract import Batch
from workers.data.decode import decode
from workers.data.shards import Decoded, decoded
from workers.device import bfloat16_pays, sent
from workers.training.checkpoint import load, on_device, untrained

BATCH = 64


class Embed:
    """Row slices -> one table (id, vector, error) of their photos. One instance per device; weights load once.

    filesystem   where the slices lie
    checkpoint   path of a checkpoint there, empty for a method without weights
    method       name, used when there is no checkpoint
    threads      torch threads of this instance; decoding uses as many threads beside them
    device       "cpu" or "cuda"
    """

    def __init__(
        self,
        filesystem: pafs.FileSystem,
        checkpoint: str,
        method: str,
        config: Mapping[str, Any] | None = None,
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        torch.set_num_threads(threads)
        loaded = load(filesystem, checkpoint) if checkpoint else untrained(method, dict(config or {}))
        self.filesystem = filesystem
        self.module = on_device(loaded.module, device)
        self.size, self.dim = loaded.module.image_size, loaded.module.dim
        self.device = torch.device(device)
        self.half = bfloat16_pays(self.device)
        self.decoders = max(threads, os.cpu_count() or 1) if self.device.type == "cuda" else max(1, threads)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Embed the photos of a table of ROW_SLICES; returns a table of id, vector and error (null if none).

        Of each slice, the photos that decode come first.
        """
        slices = slices_of_table(batch)
        tables = map(self._table, decoded(self.filesystem, slices, self.size, self.decoders))
        return pa.concat_tables(tables)

    def one(self, name: str, data: bytes) -> NDArray[np.float32]:
        """Embed one photo: its vector (D,). Raises ImageError, naming `name`, where `data` is none."""
        vector: NDArray[np.float32] = self.vectors(decode(name, data, self.size)[None])[0]
        return vector

    def vectors(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """pixels (N, 3, S, S) -> vectors (N, D), L2 norm 1."""
        found = np.empty((len(pixels), self.dim), np.float32)
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            for first in range(0, len(pixels), BATCH):
                images = sent(torch.from_numpy(pixels[first : first + BATCH]), self.device)
                found[first : first + BATCH] = self.module.embed(Batch(images)).float().cpu().numpy()
        return found

    def _table(self, photos: Decoded) -> pa.Table:
        vectors = self.vectors(photos.pixels)
        flat = np.concatenate([vectors.ravel(), np.zeros(len(photos.errors) * self.dim, np.float32)])
        details = [None] * len(vectors) + [error.detail for error in photos.errors]
        ids = joined([photos.ids[photos.decodes], photos.ids[~photos.decodes]])
        return pa.table(
            {
                "id": column_of_ids(ids),
                "vector": pa.FixedSizeListArray.from_arrays(pa.array(flat), self.dim),
                "error": pa.array(details, pa.string()),
            }
        )
