"""What is added to a word's score where words compete to name a photo, so that frequent words do not always win.

A shop writes "sports" on every sports shoe and "casual" on few casual ones, so no photo is scored highly for
"casual", and shoes would always be named by the words that shops never forget. A classifier that learns from
written and unwritten words is off by one constant per word, which is its mean score over the photos that have the
word (Elkan and Noto, "Learning classifiers from only positive and unlabeled data", KDD 2008, section 2).
"""

import numpy as np
import torch
from numpy.typing import NDArray

from workers.contract import Method, NamesWords
from workers.data.columns import Csr
from workers.training.photo_vectors import BATCH, photo_vectors

PHOTOS = 20_000  # that typical scores are measured on


def typical_scores(
    method: Method, pixels: NDArray[np.uint8], bags: Csr, device: torch.device, half: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sum (V,) of w_k . v over the photos that have word k, and how many (V,) those are.

    pixels  (N, 3, S, S) of the photos of `bags`, which were learnt from
    """
    assert isinstance(method, NamesWords)
    with torch.inference_mode():
        words = method.word_vectors().float().cpu().numpy()
    sums, counts = np.zeros(len(words)), np.zeros(len(words), np.int64)
    for first in range(0, len(bags), BATCH):
        photos = np.arange(first, min(first + BATCH, len(bags)))
        scores = photo_vectors(method, pixels[photos], device, half) @ words.T
        rows, ids = bags.of_photos(photos)
        np.add.at(sums, ids, scores[rows, ids])
        np.add.at(counts, ids, 1)
    return sums, counts


def offsets(sums: NDArray[np.float64], counts: NDArray[np.int64], share: float) -> NDArray[np.float32]:
    """(V,) what to add: this share of each word's typical score, taken off.

    A word that none of these photos has is taken for a middling one.
    """
    typical = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=typical, where=counts > 0)
    middle = np.nanmedian(typical) if counts.any() else 0.0
    return np.nan_to_num(-share * typical, nan=-share * middle).astype(np.float32)
