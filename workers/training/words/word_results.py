"""What is measured of each word once it is learnt, by all workers together."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from workers.contract import Method, NamesWords
from workers.data.columns import concatenated
from workers.data.dataloader import BatchLoader
from workers.data.streamed_loader import Loader
from workers.training.collectives import all_gathered, all_reduced
from workers.training.photo_vectors import photo_vectors
from workers.training.words import logit_adjustment, word_auc


@dataclass(frozen=True)
class WordResults:
    """Per word of V: in how many scored photos it stands, its AUC there, and its offset; NaN where there is none."""

    positives: NDArray[np.int64]
    aucs: NDArray[np.float64]
    offsets: NDArray[np.float32]


@dataclass(frozen=True)
class WordMeasure:
    """Measures the words of a trained method; equal results on every worker."""

    method: Method
    device: torch.device
    half: bool
    world: int

    def results(self, train: Loader, held_out: BatchLoader, typical: float | None) -> WordResults:
        """AUCs on the held-out photos, or where those are few on some that were learnt from; offsets on the latter.

        typical  share of a word's typical score that is taken off; None or 0: no offsets
        """
        positives, aucs = self._scores(train, held_out)
        if typical:
            return WordResults(positives, aucs, self._offsets(train, typical))
        return WordResults(positives, aucs, np.full(len(aucs), np.nan, np.float32))

    def _scores(self, train: Loader, held_out: BatchLoader) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        enough = all_reduced(len(held_out), self.world, self.device) >= word_auc.FEWEST
        scored = held_out if enough else train.shortened(word_auc.MOST // self.world)
        vectors = photo_vectors(self.method, scored.pixels, self.device, self.half)
        parts = all_gathered((vectors, scored.dataset.sparse("words")), self.world)
        assert isinstance(self.method, NamesWords)
        words = self.method.word_vectors().float().cpu().numpy()
        return word_auc.word_scores(
            np.concatenate([part[0] for part in parts]), words, concatenated([part[1] for part in parts])
        )

    def _offsets(self, train: Loader, typical: float) -> NDArray[np.float32]:
        few = train.shortened(logit_adjustment.PHOTOS // self.world)
        bags = few.dataset.sparse("words")
        mine = logit_adjustment.typical_scores(self.method, few.pixels, bags, self.device, self.half)
        parts = all_gathered(mine, self.world)
        sums, counts = (np.sum(arrays, axis=0) for arrays in zip(*parts, strict=True))
        return logit_adjustment.offsets(sums, counts, typical)
