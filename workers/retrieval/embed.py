"""Give every photo its vector: a Ray Data actor that reads, decodes and embeds whole row groups.

A row that comes in is an address (a unit of the lake), not pixels: bytes are read where they are
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

from schemas.errors import ImageError
from workers.contract import Batch
from workers.data.decode import decode
from workers.data.shards import Unit, pixels_of
from workers.device import bfloat16_pays, sent
from workers.training.checkpoint import load, on_device, untrained

BATCH = 64
UNITS = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("row_group", pa.int32(), nullable=False),
        pa.field("rows", pa.list_(pa.int32()), nullable=False),
        pa.field("image_ids", pa.list_(pa.string()), nullable=False),
    ]
)


class Embed:
    """Photos of one unit -> one table (image_id, vector, error). One instance per device; weights load once.

    filesystem   where the units lie
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
        """A table of units (UNITS) -> a table of all their photos: image_id, vector, error (null if none)."""
        units = [Unit(**row) for row in batch.to_pylist()]
        tables = [
            self._table(*decoded) for decoded in pixels_of(self.filesystem, units, self.size, self.decoders)
        ]
        return pa.concat_tables(tables)

    def one(self, name: str, data: bytes) -> NDArray[np.float32]:
        """The vector (D,) of one photo; raises ImageError where `data` is none."""
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

    def _table(self, ids: list[str], pixels: NDArray[np.uint8], errors: list[ImageError]) -> pa.Table:
        vectors = self.vectors(pixels)
        flat = np.concatenate([vectors.ravel(), np.zeros(len(errors) * self.dim, np.float32)])
        return pa.table(
            {
                "image_id": pa.array(ids + [error.image for error in errors], pa.string()),
                "vector": pa.FixedSizeListArray.from_arrays(pa.array(flat), self.dim),
                "error": pa.array([None] * len(ids) + [error.detail for error in errors], pa.string()),
            }
        )
