"""How far photos tell each word: shops write words that nobody can see.

Measured before a step learns from its batch: over the texts in which a word stands, the mean gain
log p(k | photo) - log p(k) in nats, p(k) being what the word gets of late from any photo, as a share of the
gain of a network that knows the text: log t - log p(k), t being the word's share of its text. A word that is told
no better than by chance has 0, one that is told as well as can be 1, whether it stands in a thousand texts or in
ten. A gain alone would not do: of a frequent word nobody can gain much, and a word of little weight, which the
network is taught to give little, would seem untold for that.
"""

import torch
from torch import Tensor, nn

from workers.layers.joined_batch import summed, workers

VERSION = 1  # of what this file computes; see workers/contract/recipe.py
FORGETTING = 0.005  # share of the means that each batch renews
PRIOR, EVIDENCE = 0.5, 0.02  # trust in a word not seen yet, and for how many nats of possible gain it stands
LEAST = 0.1  # a word that no photo tells keeps a little weight, for it may yet be learnt


class Trust(nn.Module):
    """Running means over the texts of V words; part of the checkpoint, not learnt by gradient."""

    expected: Tensor
    gains: Tensor
    possible: Tensor

    def __init__(self, words: int) -> None:
        super().__init__()
        self.register_buffer("expected", torch.full((words,), 1.0 / max(words, 1)))  # p(k)
        self.register_buffer("gains", torch.zeros(words))  # nats a photo
        self.register_buffer("possible", torch.zeros(words))  # nats a photo

    def count(self, photos: Tensor) -> None:
        """photos (V,): in how many photos' texts each word stands; where p(k) begins."""
        self.expected.copy_((photos.double() / photos.sum().clamp_min(1)).clamp_min(1e-9))

    @torch.no_grad()
    def observe(self, log_p: Tensor, hot: Tensor) -> None:
        """Take in one batch: log p (N, V) before learning from it, and which words truly stand (N, V) bool.

        N photos are this worker's share of the batch, as many on each.
        """
        self.expected.lerp_(summed(log_p.exp().mean(0)) / workers(), FORGETTING)
        by_chance = self.expected.clamp_min(1e-9).log()
        known = self.shares(hot).clamp_min(1e-9).log()
        told = torch.stack([((each - by_chance) * hot).sum(0) for each in (log_p, known)])
        gains, possible = summed(told)
        self.gains.lerp_(gains, FORGETTING)
        self.possible.lerp_(possible, FORGETTING)

    def weights(self) -> Tensor:
        """(V,) in LEAST .. 1."""
        gains, possible = self.gains.clamp_min(0), self.possible.clamp_min(0)
        return ((gains + PRIOR * EVIDENCE) / (possible + EVIDENCE)).clamp(LEAST, 1)

    def shares(self, hot: Tensor) -> Tensor:
        """Which words stand (N, V) -> what each is of its text (N, V), 1 in all; 0 where a text has no word."""
        weights = hot * self.weights()
        return weights / weights.sum(1, keepdim=True).clamp_min(1e-9)
