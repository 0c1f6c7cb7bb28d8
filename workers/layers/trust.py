"""How far photos tell each word: shops write words that nobody can see.

Measured before a step learns from its batch: for every word that stands, the gain log p(k | photo) -
log p(k) in nats, p(k) being the word's share of all words. A word that is told no better than by chance
gains 0. The weight of a word is its mean gain, kept within bounds: an unseen word keeps a little weight, for it
may yet be learnt, and a rare one, of which a few photos can be learnt by heart, gets no more than a clear one.
"""

import torch
from torch import Tensor, nn

FORGETTING = 0.005  # share of the mean that each batch renews
PRIOR_GAIN, PRIOR_WEIGHT = 0.3, 0.02  # nats, and how much evidence they count for
LEAST, MOST = 0.15, 3.0  # nats


class Trust(nn.Module):
    """Running mean of the gain of each of V words; part of the checkpoint, not learnt by gradient."""

    shares: Tensor
    gains: Tensor
    seen: Tensor

    def __init__(self, words: int) -> None:
        super().__init__()
        self.register_buffer("shares", torch.full((words,), 1.0 / max(words, 1)))
        self.register_buffer("gains", torch.zeros(words))
        self.register_buffer("seen", torch.zeros(words))

    def count(self, photos: Tensor) -> None:
        """photos (V,): in how many photos' texts each word stands."""
        self.shares.copy_((photos.double() / photos.sum().clamp_min(1)).clamp_min(1e-9))

    @torch.no_grad()
    def observe(self, log_p: Tensor, hot: Tensor) -> None:
        """Take in one batch: log p (N, V) before learning from it, and which words truly stand (N, V) bool."""
        true = hot.float()
        self.gains.lerp_((true * (log_p - self.shares.log())).sum(0), FORGETTING)
        self.seen.lerp_(true.sum(0), FORGETTING)

    def weights(self) -> Tensor:
        """(V,) in LEAST / MOST .. 1."""
        mean = (self.gains + PRIOR_GAIN * PRIOR_WEIGHT) / (self.seen + PRIOR_WEIGHT)
        return mean.clamp(LEAST, MOST) / MOST
