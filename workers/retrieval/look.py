"""What a trained method makes of a few photos, for people to look at: what it says, where it looks, what decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from workers.contract import Accounts, Attends, Batch, Method, Predicts, Reranks

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Looked:
    """What is made of one photo.

    said  of `Predicts` (category (C,), attributes (A,) scores, landmarks (L, 3)), as far as the method says it
    maps  of `Attends`: name -> (H, W) in 0..1
    """

    said: Mapping[str, Floats] = field(default_factory=dict)
    maps: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Vote:
    """A pair of places of two photos: boxes in shares of the square, and what it adds to the score."""

    query: tuple[float, float, float, float]
    gallery: tuple[float, float, float, float]
    adds: float


def look(method: Method, pixels: NDArray[np.uint8]) -> list[Looked]:
    """pixels (N, 3, S, S), of the method's size -> what it makes of each photo."""
    batch = Batch(torch.from_numpy(pixels))
    with torch.inference_mode():
        said = method.predict(batch) if isinstance(method, Predicts) else {}
        maps = method.attention_maps(batch) if isinstance(method, Attends) else {}
    told, shown = ({name: each.float().numpy() for name, each in every.items()} for every in (said, maps))
    return [
        Looked(
            {name: each[n] for name, each in told.items()}, {name: each[n] for name, each in shown.items()}
        )
        for n in range(len(pixels))
    ]


def decisive(method: Method, query: NDArray[np.uint8], gallery: NDArray[np.uint8], most: int) -> list[Vote]:
    """The pairs of places that moved the score of two photos (3, S, S) most, for or against, largest first.

    Nothing where the method does not account for its comparisons.
    """
    if not (isinstance(method, Accounts) and isinstance(method, Reranks)):
        return []
    with torch.no_grad():
        one, other = method.local(Batch(torch.from_numpy(np.stack([query, gallery])))).float()
        votes = method.votes(one, other).numpy()
    boxes = (method.places().numpy() + 1) / 2
    order = np.argsort(-np.abs(votes), axis=None)[:most]
    pairs = [np.unravel_index(place, votes.shape) for place in order]
    return [
        Vote(tuple(map(float, boxes[i])), tuple(map(float, boxes[j])), float(votes[i, j]))  # type: ignore[arg-type]
        for i, j in pairs
        if votes[i, j]
    ]
