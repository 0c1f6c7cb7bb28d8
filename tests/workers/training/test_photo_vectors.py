"""workers/training/photo_vectors.py: photos in memory, embedded."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.workers.training.tiny_training import CPU, pixels, tiny
from workers.contract import Batch
from workers.training.photo_vectors import photo_vectors


def test_photos_that_are_kept_larger_are_seen_at_the_size_of_embedding() -> None:
    method, small = tiny(), pixels(70)
    large = small.repeat(2, 2).repeat(2, 3)  # every pixel four times

    vectors = photo_vectors(method, large, CPU, False)

    shrunk = F.interpolate(
        torch.from_numpy(large).float() / 255, size=(8, 8), mode="bilinear", antialias=True
    )
    np.testing.assert_allclose(vectors, method.embed(Batch(shrunk)).detach().numpy(), atol=1e-5)
    similar = (vectors * photo_vectors(method, small, CPU, False)).sum(1)
    assert similar.mean() > 0.95
