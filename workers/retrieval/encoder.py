"""A trained method as a function of pixels: loaded once, folded, in the precision that its device is fast with."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow.fs as pafs
import torch
from numpy.typing import NDArray

from schemas.annotation import DOMAINS
from workers.contract import Batch
from workers.data.decode import decode
from workers.device import compute_type, sent
from workers.layers.networks.folding import UNDISTURBED, fold
from workers.training.weights.checkpoint import load, on_device, untrained

BATCH = 64  # photos of a step; on a CPU more are no faster, and a photo's vector is the same in any batch
SHOP, STREET = DOMAINS.index("shop"), DOMAINS.index("street")


class Encoder:
    """A method that only embeds. One instance per device.

    filesystem  where the checkpoint lies
    checkpoint  its path there, empty for a method without weights
    method      name, used when there is no checkpoint
    threads     torch threads
    device      "cpu" or "cuda"
    compute     "bfloat16" or "float32"; by default what the device is fast with (workers/device.py)
    """

    def __init__(
        self,
        filesystem: pafs.FileSystem,
        checkpoint: str,
        method: str,
        config: Mapping[str, Any] | None = None,
        threads: int = 1,
        device: str = "cpu",
        compute: str = "",
    ) -> None:
        torch.set_num_threads(threads)
        loaded = load(filesystem, checkpoint) if checkpoint else untrained(method, dict(config or {}))
        self.module = on_device(loaded.module, device)
        self.size, self.dim = loaded.module.image_size, loaded.module.dim
        self.reads_domain = "domain" in loaded.module.reads
        self.device = torch.device(device)
        self.compute = compute or compute_type(device)
        fold(self.module, half=self.compute == "bfloat16")

    def one(self, name: str, data: bytes) -> NDArray[np.float32]:
        """Embed one photo that somebody asks with: its vector (D,). Raises ImageError where `data` is none."""
        asked = np.full(1, STREET)
        vector: NDArray[np.float32] = self.vectors(decode(name, data, self.size)[None], asked)[0]
        return vector

    def vectors(
        self, pixels: NDArray[np.uint8], domains: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """pixels (N, 3, S, S) -> vectors (N, D), L2 norm 1.

        domains  (N,) who took each photo; for a method that reads it
        """
        found = np.empty((len(pixels), self.dim), np.float32)
        half = self.compute == "bfloat16"
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            for first in range(0, len(pixels), BATCH):
                some = slice(first, first + BATCH)
                batch = Batch(sent(torch.from_numpy(pixels[some]), self.device))
                if self.reads_domain and domains is not None:
                    batch = batch.with_columns(domain=sent(torch.from_numpy(domains[some]), self.device))
                with UNDISTURBED:
                    found[some] = self.module.embed(batch).float().cpu().numpy()
        return found
