"""How large a step is, and when to stop.

plateau  the rate falls to a tenth after 10 epochs without improvement; 20 of them end the training
         (Corbière et al. 2017)
cosine   a linear rise over the first twentieth of a phase, then half a cosine to 0 at its end
"""

import math
from typing import Any

from schemas.errors import InputError

PATIENCE, GIVE_UP = 10, 20  # epochs without improvement
LEAST = 1e-4  # nats: what counts as an improvement


class Schedule:
    """Rate and judgement of one training, phase after phase; the best is the best of all phases."""

    def __init__(self, kind: str, learning_rate: float) -> None:
        if kind not in ("plateau", "cosine"):
            raise InputError(f"schedule {kind}", "there are plateau and cosine")
        self.kind, self.first = kind, learning_rate
        self.best, self.since, self.learning_rate = math.inf, 0, learning_rate

    def begin(self) -> None:
        """A phase starts at the full rate, with all patience."""
        self.since, self.learning_rate = 0, self.first

    def rate(self, taken: int, steps: int) -> float:
        """Step size after `taken` of a phase's `steps` steps."""
        if self.kind == "cosine":
            warm = min(1.0, (taken + 1) / max(1, steps // 20))
            self.learning_rate = self.first * warm * 0.5 * (1 + math.cos(math.pi * taken / steps))
        return self.learning_rate

    def judge(self, loss: float) -> bool:
        """Take note of an epoch's loss; whether it is the best so far. Cools on a plateau."""
        improved = loss < self.best - LEAST
        self.best, self.since = (loss, 0) if improved else (self.best, self.since + 1)
        if self.kind == "plateau" and self.since and self.since % PATIENCE == 0:
            self.learning_rate *= 0.1
        return improved

    @property
    def given_up(self) -> bool:
        """Whether going on is without hope."""
        return self.kind == "plateau" and self.since >= GIVE_UP

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training must know."""
        return {"best": self.best, "since": self.since, "learning_rate": self.learning_rate}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.best, self.since, self.learning_rate = state["best"], state["since"], state["learning_rate"]
