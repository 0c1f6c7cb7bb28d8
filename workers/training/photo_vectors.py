"""Vectors of photos that lie decoded in memory, as `workers.retrieval.encoder` would make them."""

import numpy as np
import torch
from numpy.typing import NDArray

from workers.contract import Batch, Method
from workers.data.augment import as_embedded
from workers.device import sent

BATCH = 64  # photos embedded at a time


@torch.inference_mode()
def photo_vectors(
    method: Method, pixels: NDArray[np.uint8], device: torch.device, half: bool
) -> NDArray[np.float32]:
    """Vectors (N, D) of photos (N, 3, S, S) uint8, seen at the method's own size."""
    method.eval()
    size, vectors = method.image_size, np.empty((len(pixels), method.dim), np.float32)
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        for first in range(0, len(pixels), BATCH):
            images = sent(torch.from_numpy(np.array(pixels[first : first + BATCH])), device)
            batch = as_embedded(Batch(images), size)
            vectors[first : first + BATCH] = method.embed(batch).float().cpu().numpy()
    return vectors
