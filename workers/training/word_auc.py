"""What is measured of each word once it is learnt: how well photos tell it, and what it scores where it stands.

The first is the area under the ROC curve of its score; 0.5 is what chance gives: such a word has no visible
meaning, or too few photos to learn it from.

The second makes words comparable. A shop writes "sports" on every sports shoe and "casual" on few casual ones,
so no photo is scored highly for "casual", and shoes would always be named by the words that shops never forget.
A classifier that learns from written and unwritten words is off by one constant per word, which is its mean
score over the photos that have the word (Elkan and Noto, "Learning classifiers from only positive and
unlabeled data", KDD 2008, section 2).
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from workers.data.sampler import Bags
from workers.device import sent

FEWEST = 50  # photos to score words on; with fewer held out, photos that were learnt from are taken
MOST = 2_000
TYPICAL = 20_000  # photos that typical scores are measured on
BATCH, WORDS = 64, 256  # photos embedded, and words ranked, at a time


def word_aucs(scores: NDArray[np.float32], hot: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(V,) chance that a photo with the word scores above one without it, ties counting half.

    scores  (N, V), hot (N, V) true where the photo has the word
    NaN for a word that all photos have, or none.
    Source: the Mann-Whitney statistic, from mid-ranks; Hanley and McNeil, Radiology 1982.
    """
    n, positives = len(scores), hot.sum(0)
    found = np.full(scores.shape[1], np.nan)
    for word in np.flatnonzero((positives > 0) & (positives < n)):
        ordered, own = np.sort(scores[:, word]), scores[hot[:, word], word]
        below, upto = (np.searchsorted(ordered, own, side=side) for side in ("left", "right"))
        ranks = ((below + upto + 1) / 2).sum()
        with_it = positives[word]
        found[word] = (ranks - with_it * (with_it + 1) / 2) / (with_it * (n - with_it))
    return found


def word_scores(
    vectors: NDArray[np.float32], words: NDArray[np.float32], bags: Bags
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """positives (V,) and AUC (V,) of every word; vectors (N, D) of the photos of `bags`, words (V, D)."""
    photo, word = bags.of_photos(np.arange(len(bags)))
    positives, aucs = np.bincount(word, minlength=len(words)), np.full(len(words), np.nan)
    for first in range(0, len(words), WORDS):
        last = min(first + WORDS, len(words))
        here = (word >= first) & (word < last)
        hot = np.zeros((len(vectors), last - first), bool)
        hot[photo[here], word[here] - first] = True
        aucs[first:last] = word_aucs(vectors @ words[first:last].T, hot)
    return positives, aucs


@torch.inference_mode()
def typical_scores(
    module: nn.Module, pixels: NDArray[np.uint8], bags: Bags, size: int, device: torch.device, half: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sum (V,) of w_k . v over the photos that have word k, and how many (V,) those are.

    pixels  (N, 3, S, S) of the photos of `bags`, which were learnt from
    size    px, of embedding
    """
    words = module.word_vectors().float().cpu().numpy()  # type: ignore[operator]
    sums, counts = np.zeros(len(words)), np.zeros(len(words), np.int64)
    for first in range(0, len(bags), BATCH):
        photos = np.arange(first, min(first + BATCH, len(bags)))
        scores = embedded(module, pixels[photos], size, device, half) @ words.T
        rows, ids = bags.of_photos(photos)
        np.add.at(sums, ids, scores[rows, ids])
        np.add.at(counts, ids, 1)
    return sums, counts


@torch.inference_mode()
def embedded(
    module: nn.Module, pixels: NDArray[np.uint8], size: int, device: torch.device, half: bool
) -> NDArray[np.float32]:
    """Vectors (N, D) of photos (N, 3, S, S), seen at `size` px."""
    module.eval()
    found = np.empty((len(pixels), int(module.dim)), np.float32)  # type: ignore[arg-type]
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        for first in range(0, len(pixels), BATCH):
            images = sent(torch.from_numpy(np.ascontiguousarray(pixels[first : first + BATCH])), device)
            if images.shape[-1] != size:  # kept larger, for crops
                images = F.interpolate(images.float().div(255), size=size, mode="bilinear", antialias=True)
            found[first : first + BATCH] = module.embed(images).float().cpu().numpy()  # type: ignore[operator]
    return found


def of_all_workers(arrays: tuple[Any, ...], world: int) -> list[tuple[Any, ...]]:
    """What every worker has, on every worker, by rank."""
    if world == 1:
        return [arrays]
    gathered: list[Any] = [None] * world
    torch.distributed.all_gather_object(gathered, arrays)
    return gathered
