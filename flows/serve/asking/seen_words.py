"""The words that a model sees in a vector of a photo."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from flows.serve.indexes.served_index import ServedIndex

WORDS = 12


class SeenWord(BaseModel):
    """A learnt word, and how well it fits."""

    word: str
    score: float = Field(description="How much more it fits than to the average photo of the index.")


def seen_words(served: ServedIndex, vector: NDArray[np.float32], most: int = WORDS) -> list[SeenWord]:
    """Find the words that fit a vector (D,) better than the index's average photo, the best first.

    Without the average, words that stand at nearly every product would be seen in every photo. None where the method
    learnt no words.
    """
    if served.layer is None:
        return []
    words = list(served.layer.ids)
    scores = served.layer.vectors @ (vector - served.mean)
    order = np.argsort(-scores, kind="stable")[:most]
    return [SeenWord(word=words[row], score=round(float(scores[row]), 3)) for row in order.tolist()]
