"""What is done to vectors of length 1 before layers see them."""

import torch
import torch.nn.functional as F
from torch import Tensor

VERSION = 1  # of what this file computes; see workers/contract/recipe.py


def spread(vectors: Tensor) -> Tensor:
    """Vectors (..., D) of length 1 with numbers of about 1, as layers are initialised for."""
    longer: Tensor = vectors * vectors.shape[-1] ** 0.5
    return longer


def blurred(vectors: Tensor, noise: float) -> Tensor:
    """Vectors (N, D) of length 1, moved by a random vector about as long as `noise`, and of length 1 again.

    Who judges blurred vectors cannot be satisfied by directions that are small and that no photo has.
    """
    drawn = torch.randn_like(vectors) * (noise / vectors.shape[1] ** 0.5)
    return F.normalize(vectors + drawn, dim=1)
